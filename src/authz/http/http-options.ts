import type { HttpServerOptions } from '../../base/http/http-options.ts'
import type { PluginReply } from '../../base/http/plugin-contract.ts'

/** How a web service is asked what clients may do: the section `http` of a source of rules. */
export interface HttpAccessOptions extends HttpServerOptions {
  readonly contract: 'decision' | 'form'
  /** Of `form` only. */
  readonly body: 'form' | 'json'
  /** Of `form` only. */
  readonly reply: PluginReply
  readonly actions: readonly ('connect' | 'publish' | 'subscribe' | 'will')[]
  readonly allowHttp: boolean
  readonly cache: AnswerOptions
}

/** How long answers are used again, where they do not say so themselves. */
export interface AnswerOptions {
  /** Seconds, 0 for not at all. */
  readonly allowed: number
  readonly denied: number
  readonly entries: number
}

import type { HttpServerOptions } from '../../base/http/http-options.ts'
import type { PluginReply } from '../../base/http/plugin-contract.ts'

/** How a web server is asked about clients: the section `http` of an authenticator. */
export interface HttpOptions extends HttpServerOptions {
  readonly contract: 'webhook' | 'form'
  /** Of `form` only. */
  readonly body: 'form' | 'json'
  /** Of `form` only. */
  readonly reply: PluginReply
  /** Authentication methods whose data is passed on; of `webhook` only. */
  readonly methods: readonly string[]
  /** Clients without password and certificate are asked about, too. */
  readonly withoutProof: boolean
  readonly allowHttp: boolean
  readonly cache: CacheOptions
}

export interface CacheOptions {
  /** Seconds, 0 for not at all. */
  readonly allowed: number
  readonly denied: number
  readonly entries: number
}

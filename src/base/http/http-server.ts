import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { WatchedFiles } from '../watched-files.ts'
import { Wheel } from '../wheel.ts'
import { Breaker, type Passage } from './breaker.ts'
import { HttpClient, type HttpQuestion } from './http-client.ts'
import { HttpLine } from './http-line.ts'
import type { HttpPurpose, HttpServerOptions } from './http-options.ts'
import type { HttpReply } from './http-posting.ts'
import { HttpSecrets } from './http-secrets.ts'

export interface HttpContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/** What became of a question: `read` what the server said, `busy` when it was not asked for want of room. */
type Asked<Result> =
  | { readonly kind: 'read'; readonly result: Result }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'busy'; readonly detail: string }

/** A reply that was understood, or `down`: one that says no more than that the server cannot answer. */
interface Reading<Result> {
  readonly result: Result
  readonly down: boolean
}

/** A web server that is asked: so many questions at a time, so long, and none for a while when it does not answer. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #purpose: HttpPurpose
  readonly #clock: Clock
  readonly #log: Log
  readonly #wheel: Wheel
  readonly #line: HttpLine
  readonly #breaker: Breaker
  readonly #secrets: HttpSecrets
  readonly #client: HttpClient
  /** Without what stands behind `?`: keys are often there. */
  readonly #name: string

  /** @throws BrokerError when a file cannot be read or used. */
  constructor(options: HttpServerOptions, purpose: HttpPurpose, context: HttpContext, random: () => number) {
    const { log, clock } = context
    const url = new URL(options.url)
    this.#options = options
    this.#purpose = purpose
    this.#clock = clock
    this.#log = log
    this.#name = `${url.origin}${url.pathname}`
    this.#secrets = new HttpSecrets(options, purpose, context, (secure) => this.#client.secureWith(secure))
    this.#wheel = new Wheel(clock)
    this.#line = new HttpLine(options.connections, options.waiting, this.#wheel)
    this.#breaker = new Breaker(options.breaker, clock, random)
    this.#client = new HttpClient(url, options.connections, options.replyBytes, this.#secrets.secure, this.#wheel)
  }

  /** Never rejects, unless `read` throws. */
  async ask<Result>(
    question: HttpQuestion,
    read: (status: number, body: Buffer) => Reading<Result>,
  ): Promise<Asked<Result>> {
    if (this.#breaker.barred) return this.#barred()
    this.#clock.refresh()
    const since = this.#clock.now()
    const turn = await this.#line.enter(this.#options.timeout)
    if (turn !== 'come') return { kind: 'busy', detail: this.#tooBusy(turn) }
    try {
      const passage = this.#breaker.admit()
      if (passage === null) return this.#barred()
      const patience = Math.max(1, this.#options.timeout - (this.#clock.now() - since))
      return this.#settle(passage, await this.#client.post(question, this.#secrets.headers, patience), read)
    } finally {
      this.#line.leave()
    }
  }

  close(): void {
    this.#secrets.close()
    this.#line.close()
    this.#client.close()
    this.#wheel.close()
  }

  #settle<Result>(
    passage: Passage,
    reply: HttpReply,
    read: (status: number, body: Buffer) => Reading<Result>,
  ): Asked<Result> {
    if ('failure' in reply) {
      this.#note(passage, reply.down ? reply.failure : null)
      return { kind: 'failed', detail: `${this.#name} ${reply.failure}` }
    }
    const { result, down } = read(reply.status, reply.body)
    this.#note(passage, down ? `answered with status ${reply.status}` : null)
    return { kind: 'read', result }
  }

  /** Only that nobody is there counts as failure: else a client whose name the server chokes on would shut out others. */
  #note(passage: Passage, failure: string | null): void {
    const before = this.#breaker.open
    if (failure === null) this.#breaker.answered()
    else this.#breaker.failed(passage)
    if (before === this.#breaker.open) return
    const { name, meanwhile } = this.#purpose
    const fields = { url: this.#name }
    if (before) this.#log.info(`${name} works again`, fields)
    else this.#log.error(`${name} does not work, ${meanwhile}`, { ...fields, cause: failure })
  }

  #barred(): { readonly kind: 'failed'; readonly detail: string } {
    return { kind: 'failed', detail: `${this.#name} does not answer, and is not asked for a while` }
  }

  #tooBusy(turn: 'full' | 'late'): string {
    const { connections, waiting, timeout } = this.#options
    if (turn === 'late') return `${this.#name} is slow: no turn to ask it came within ${timeout} ms`
    return `${this.#name} is slow: ${connections} questions are underway and ${waiting} wait`
  }
}

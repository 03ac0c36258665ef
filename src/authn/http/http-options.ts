/** How a web server is asked about clients: the section `http` of an authenticator. */
export interface HttpOptions {
  readonly url: string
  readonly contract: 'webhook' | 'form'
  /** Of `form` only. */
  readonly body: 'form' | 'json'
  /** Of `form` only. */
  readonly reply: 'status' | 'json' | 'text'
  /** Authentication methods whose data is passed on; of `webhook` only. */
  readonly methods: readonly string[]
  /** Clients without password and certificate are asked about, too. */
  readonly withoutProof: boolean
  readonly headers: readonly { readonly name: string; readonly file: string }[]
  /** PEM files. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  readonly allowHttp: boolean
  /** Milliseconds from question to answer. */
  readonly timeout: number
  /** Questions at a time, and questions that wait for their turn. */
  readonly connections: number
  readonly waiting: number
  readonly replyBytes: number
  readonly cache: CacheOptions
  readonly breaker: BreakerOptions
}

export interface CacheOptions {
  /** Seconds, 0 for not at all. */
  readonly allowed: number
  readonly denied: number
  readonly entries: number
}

export interface BreakerOptions {
  /** Failures in a row. */
  readonly failures: number
  /** Milliseconds. */
  readonly pause: number
  readonly maximumPause: number
}

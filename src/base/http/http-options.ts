import type { ErrorCode } from '../errors.ts'

/** How a web server is asked. */
export interface HttpServerOptions {
  readonly url: string
  readonly headers: readonly HeaderFile[]
  /** PEM files. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  /** Milliseconds from question to answer. */
  readonly timeout: number
  /** Questions at a time, and questions that wait for their turn. */
  readonly connections: number
  readonly waiting: number
  readonly replyBytes: number
  readonly breaker: BreakerOptions
}

/** A header whose value is in a file. */
export interface HeaderFile {
  readonly name: string
  readonly file: string
}

export interface BreakerOptions {
  /** Failures in a row. */
  readonly failures: number
  /** Milliseconds. */
  readonly pause: number
  readonly maximumPause: number
}

/** What a web server is asked for, in the words of the log and of errors. */
export interface HttpPurpose {
  /** `HTTP authentication` */
  readonly name: string
  /** What happens while the server does not answer. */
  readonly meanwhile: string
  /** Codes of the errors about the files of headers. */
  readonly unreadable: ErrorCode
  readonly unusable: ErrorCode
}

import type { HttpQuestion } from '../../base/http/http-client.ts'
import type { Credentials, Denial, Identity } from '../../engine/ports.ts'

/** What a client said, and the enhanced authentication it wants, if any. */
export interface Claim {
  readonly who: Credentials
  readonly method: string | null
  readonly data: Buffer | null
}

/** What a web server said of a client. */
export type Decision =
  | { readonly kind: 'allowed'; readonly identity: Identity }
  | { readonly kind: 'denied'; readonly detail: string }
  /** No decision at all; `down` says that this may be so for everybody who asks. */
  | { readonly kind: 'none'; readonly detail: string; readonly down: boolean }

/** A way to ask a web server about a client. */
export interface HttpContract {
  /** A denial for what cannot be asked without changing it. */
  question(claim: Claim): HttpQuestion | Denial
  /** `now` is in wall-clock milliseconds. */
  decision(claim: Claim, status: number, body: Buffer, now: number): Decision
}

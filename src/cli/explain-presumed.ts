import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { WatchedFiles } from '../base/watched-files.ts'
import type { Credentials, Identity } from '../engine/ports.ts'

/** Who a client would be, if what it has to show were good. */
export interface Presumed {
  readonly identity: Identity
  /** Where what is known of it comes from, in words. */
  readonly from: string
  /** Why it would not be let in, or null. */
  readonly refused: string | null
}

/** What is needed to find out who a client would be. */
export interface PresumeContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
  /** What the client would say of itself. */
  readonly credentials: Credentials
  /** What cannot be known, and else is worth saying. */
  readonly notes: string[]
}

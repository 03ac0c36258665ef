/** How clients that fail to prove who they are get slowed down. Times are in milliseconds. */
export interface FailureOptions {
  /** Failures under one name, or names that failed, before an address has to wait. */
  readonly free: number
  /** The first wait; each further failure doubles it. */
  readonly delay: number
  /** 0 for no waits at all. */
  readonly maximumDelay: number
  /** Names, and addresses, that are remembered. */
  readonly entries: number
  /** Clients on the same machine have to wait, too. */
  readonly loopback: boolean
}

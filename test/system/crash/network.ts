/** What clients know of the broker. */
export interface Network {
  /** It is there, and must not close a connection by itself. */
  up: boolean
  port: number
}

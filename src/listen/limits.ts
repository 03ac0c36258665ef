import type { Clock } from '../base/clock.ts'

/** How many connections a listener lets in: at a time, from one address at a time, and per second. */
export interface ConnectionLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly connectionRate: number
  readonly connectionBurst: number
}

/** Counts the connections of one listener. Nothing is kept of a connection that was not let in. */
export class Limits {
  readonly #limits: ConnectionLimits
  readonly #clock: Clock
  readonly #burst: number
  readonly #addresses = new Map<string, number>()
  #connections = 0
  #tokens: number
  #refilled: number

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#burst = Math.max(1, limits.connectionBurst > 0 ? limits.connectionBurst : limits.connectionRate)
    this.#tokens = this.#burst
    this.#refilled = clock.now()
  }

  get connections(): number {
    return this.#connections
  }

  /** Addresses with at least one connection. */
  get addresses(): number {
    return this.#addresses.size
  }

  /** Lets one connection in and answers null, or says why not. */
  enter(): string | null {
    const { maxConnections } = this.#limits
    if (maxConnections > 0 && this.#connections >= maxConnections) return 'connection limit of the listener'
    if (!this.#takeToken()) return 'connection rate of the listener'
    this.#connections++
    return null
  }

  leave(): void {
    this.#connections--
  }

  /** Counts a connection for its address and answers null, or says why not. */
  enterAddress(address: string): string | null {
    const { maxConnectionsPerAddress } = this.#limits
    if (maxConnectionsPerAddress === 0) return null
    const count = this.#addresses.get(address) ?? 0
    if (count >= maxConnectionsPerAddress) return 'connection limit of the address'
    this.#addresses.set(address, count + 1)
    return null
  }

  leaveAddress(address: string): void {
    const count = this.#addresses.get(address)
    if (count === undefined) return
    if (count > 1) this.#addresses.set(address, count - 1)
    else this.#addresses.delete(address)
  }

  #takeToken(): boolean {
    const { connectionRate } = this.#limits
    if (connectionRate === 0) return true
    this.#clock.refresh()
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#refilled) / 1000) * connectionRate)
    this.#refilled = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

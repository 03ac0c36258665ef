import type { Load } from './load.ts'

/** One scenario of the bench: what it does, how small it may be in a smoke run, and what this broker must reach. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly load: Load
  /** Replaces parts of `load` in a smoke run. */
  readonly small: Partial<Load>
  readonly bars: readonly Bar[]
  /** Only run when asked for by name or with `--long`. */
  readonly long: boolean
  /** Peers are left out: they would need many minutes. */
  readonly alone: boolean
  /** Every broker keeps what it acknowledges as well as it can; else none keeps anything beyond its own end. */
  readonly durable: boolean
}

/**
 * A limit of a figure, from the definition of done: a multiple of the peer's (`peer`), of this broker's with clean sessions
 * (`clean`) or in another scenario (its name), or a number of its own (`itself`). The most it may be, or the least if a
 * larger value is the better one.
 */
export interface Bar {
  readonly figure: string
  readonly of: string
  readonly limit: number
}

/** What a load has that uses nothing. */
export const idle: Load = {
  kind: 'conn',
  qos: 0,
  clients: 0,
  window: 1_000,
  rate: 0,
  amount: 0,
  messages: 0,
  payloadBytes: 64,
  persistent: false,
  named: false,
}

/** Run with the others, beside peers, without a disk. */
export const usual = { long: false, alone: false, durable: false }

/** A limit of what a figure is beside the peer's. */
export const against = (figure: string, limit: number): Bar => ({ figure, of: 'peer', limit })

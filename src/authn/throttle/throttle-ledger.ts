import type { FailureOptions } from './throttle-options.ts'

/** Milliseconds of quiet after which one failure is forgotten, so that a wait halves. */
export const quiet = 30_000

/** Failures that count beyond those of the longest wait: how much longer it takes to forget those who go on. */
const surplus = 10

interface Failing {
  failures: number
  /** When `failures` was true; quiet time since then takes off from it. */
  since: number
  /** When the last of those who wait may be looked at. */
  releasedAt: number
}

/**
 * Failures by key, of a limited number of keys: the one that has failed least lately is forgotten for a new one. What is
 * kept of a key is three numbers, and time takes effect when they are looked at.
 */
export class FailureLedger {
  readonly #options: FailureOptions
  readonly #keys = new Map<string, Failing>()
  readonly #maximum: number

  constructor(options: FailureOptions) {
    this.#options = options
    const doublings = Math.ceil(Math.log2(Math.max(1, options.maximumDelay / options.delay)))
    this.#maximum = options.free + doublings + surplus
  }

  get size(): number {
    return this.#keys.size
  }

  /** Failures that are not forgotten yet. */
  failures(key: string, now: number): number {
    const failing = this.#keys.get(key)
    return failing === undefined ? 0 : remaining(failing, now)
  }

  add(key: string, now: number): void {
    const known = this.#keys.get(key)
    const failing = known ?? { failures: 0, since: now, releasedAt: 0 }
    failing.failures = Math.min(this.#maximum, remaining(failing, now) + 1)
    failing.since = now
    this.#keys.delete(key)
    this.#keys.set(key, failing)
    if (this.#keys.size > this.#options.entries) this.#forgetOldest()
  }

  forget(key: string): void {
    this.#keys.delete(key)
  }

  /**
   * Milliseconds the next attempt has to wait, or null when too many wait already. So many as `abreast` may wait side by
   * side: they are looked at one after the other, spaced so that parallel attempts are no faster.
   */
  wait(key: string, underway: number, abreast: number, now: number): number | null {
    const failing = this.#keys.get(key)
    const failures = failing === undefined ? 0 : remaining(failing, now)
    if (failing === undefined || failures === 0) return 0
    const delay = this.#delay(failures + underway)
    if (delay === 0) return 0
    const at = Math.max(now + delay, failing.releasedAt + delay / abreast)
    return at - now > this.#options.maximumDelay ? null : at - now
  }

  /** Somebody waits until then. */
  reserve(key: string, until: number): void {
    const failing = this.#keys.get(key)
    if (failing !== undefined) failing.releasedAt = Math.max(failing.releasedAt, until)
  }

  #delay(failures: number): number {
    const { free, delay, maximumDelay } = this.#options
    if (failures < free || failures === 0) return 0
    return Math.min(maximumDelay, delay * 2 ** Math.min(60, failures - free))
  }

  #forgetOldest(): void {
    for (const key of this.#keys.keys()) {
      this.#keys.delete(key)
      return
    }
  }
}

function remaining({ failures, since }: Failing, now: number): number {
  return Math.max(0, failures - Math.floor((now - since) / quiet))
}

import type { Clock } from './clock.ts'

/**
 * Lets so many through in a second and counts the rest, so that a flood of refusals does not become a flood of log
 * lines.
 */
export class Damper {
  readonly #clock: Clock
  readonly #perSecond: number
  #since = 0
  #passed = 0
  #held = 0

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  /** How many were held back since the last one that was let through; null when this one is held back too. */
  admit(): number | null {
    const now = this.#clock.now()
    if (now - this.#since >= 1_000) {
      this.#since = now
      this.#passed = 0
    }
    if (this.#passed >= this.#perSecond) {
      this.#held++
      return null
    }
    this.#passed++
    const held = this.#held
    this.#held = 0
    return held
  }
}

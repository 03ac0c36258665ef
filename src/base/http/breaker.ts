import type { Clock } from '../clock.ts'
import type { BreakerOptions } from './http-options.ts'

/** How somebody was let through: as everybody is, or to try whether there is an answer again. */
export type Passage = 'usual' | 'trial'

/**
 * Keeps us from asking somebody who does not answer. After some failures in a row it opens: nobody is let through for a
 * pause; then one is, to try. An answer closes it, none makes the next pause twice as long.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #clock: Clock
  readonly #random: () => number
  #failures = 0
  #pause: number
  /** When somebody may try, or null while it is closed. */
  #openUntil: number | null = null
  #trying = false

  /** `random` gives numbers from 0 to below 1: many brokers that lost a server together are not to come back together. */
  constructor(options: BreakerOptions, clock: Clock, random: () => number) {
    this.#options = options
    this.#clock = clock
    this.#random = random
    this.#pause = this.#first
  }

  get open(): boolean {
    return this.#openUntil !== null
  }

  /** Nobody would be let through now. */
  get barred(): boolean {
    if (this.#openUntil === null) return false
    this.#clock.refresh()
    return this.#trying || this.#clock.now() < this.#openUntil
  }

  /** Lets one through, of whom `answered` or `failed` must be told then; null when not. */
  admit(): Passage | null {
    if (this.barred) return null
    this.#trying = this.open
    return this.#trying ? 'trial' : 'usual'
  }

  answered(): void {
    this.#failures = 0
    this.#openUntil = null
    this.#trying = false
    this.#pause = this.#first
  }

  failed(passage: Passage): void {
    if (passage === 'trial' && this.#trying) {
      this.#trying = false
      this.#pause = Math.min(this.#options.maximumPause, this.#pause * 2)
      this.#bar()
    } else if (this.#openUntil === null) {
      this.#failures++
      if (this.#failures >= this.#options.failures) this.#bar()
    }
  }

  get #first(): number {
    return Math.min(this.#options.pause, this.#options.maximumPause)
  }

  #bar(): void {
    this.#clock.refresh()
    this.#openUntil = this.#clock.now() + this.#pause / 2 + (this.#random() * this.#pause) / 2
  }
}

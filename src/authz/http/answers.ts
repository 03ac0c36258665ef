import type { Clock } from '../../base/clock.ts'
import type { AskedAnswer } from '../policy/rule.ts'

interface Entry {
  readonly answer: AskedAnswer
  /** By the clock that never goes back. */
  readonly until: number
}

/** Answers that are used again until their time is over, so many of them: a new one takes the place of the oldest. */
export class Answers {
  readonly #maximum: number
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()

  constructor(maximum: number, clock: Clock) {
    this.#maximum = maximum
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  find(question: string): AskedAnswer | null {
    const entry = this.#entries.get(question)
    if (entry === undefined) return null
    this.#clock.refresh()
    if (this.#clock.now() < entry.until) return entry.answer
    this.#entries.delete(question)
    return null
  }

  keep(question: string, answer: AskedAnswer, seconds: number): void {
    this.#entries.delete(question)
    if (seconds === 0) return
    this.#clock.refresh()
    this.#entries.set(question, { answer, until: this.#clock.now() + seconds * 1_000 })
    if (this.#entries.size > this.#maximum) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const question of this.#entries.keys()) {
      this.#entries.delete(question)
      return
    }
  }
}

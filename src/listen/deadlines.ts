import type { Clock } from '../base/clock.ts'

/** What is cut off when its time is over. */
export interface Deadline {
  expire(): void
}

/**
 * One time limit for many connections. All have the same length, so the oldest entry is the first to expire and a sweep
 * looks at no other: no timer per connection, and none at all while nothing waits.
 */
export class Deadlines<Entry extends Deadline = Deadline> {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #due = new Map<Entry, number>()
  #stop: (() => void) | null = null

  /** `timeout` in milliseconds; an entry expires at most a quarter of a second later. */
  constructor(timeout: number, clock: Clock) {
    this.#timeout = timeout
    this.#clock = clock
  }

  get size(): number {
    return this.#due.size
  }

  add(deadline: Entry): void {
    this.#clock.refresh()
    this.#due.set(deadline, this.#clock.now() + this.#timeout)
    this.#stop ??= this.#clock.every(Math.min(250, Math.max(10, this.#timeout / 4)), () => this.#sweep())
  }

  remove(deadline: Entry): void {
    if (this.#due.delete(deadline)) this.#rest()
  }

  /** Removes and answers all entries. */
  drain(): readonly Entry[] {
    const entries = [...this.#due.keys()]
    this.#due.clear()
    this.#rest()
    return entries
  }

  #sweep(): void {
    const now = this.#clock.now()
    for (const [deadline, due] of this.#due) {
      if (due > now) break
      this.#due.delete(deadline)
      deadline.expire()
    }
    this.#rest()
  }

  #rest(): void {
    if (this.#due.size > 0 || this.#stop === null) return
    this.#stop()
    this.#stop = null
  }
}

import type { Clock } from '../../src/base/clock.ts'

interface Timer {
  readonly period: number
  readonly tick: () => void
  due: number
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #epoch: number
  #now = 1_000

  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#epoch + this.#now
  }

  refresh(): void {}

  every(ms: number, tick: () => void): () => void {
    const timer = { period: ms, tick, due: this.#now + ms }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves time forward and runs, in order, every tick that falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== null; next = this.#next(end)) {
      this.#now = next.due
      next.due += next.period
      next.tick()
    }
    this.#now = end
  }

  #next(end: number): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers) {
      if (timer.due <= end && (first === null || timer.due < first.due)) first = timer
    }
    return first
  }
}

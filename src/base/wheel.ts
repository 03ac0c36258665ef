import type { Clock } from './clock.ts'

/** Calls `fire` once, when its time has come; set and cancelled through a wheel. */
export class Timer {
  readonly fire: () => void
  deadline = 0
  /** The slot of the wheel it is in, -1 for none. */
  slot = -1

  constructor(fire: () => void) {
    this.fire = fire
  }
}

const slots = 512
const granularity = 200

/**
 * A hashed timer wheel: setting, moving and cancelling a timer costs the same however many there are, and a tick looks
 * at one slot. Timers fire at their deadline or up to 200 ms after it, never before.
 */
export class Wheel {
  readonly #slots: (Set<Timer> | null)[] = new Array<Set<Timer> | null>(slots).fill(null)
  readonly #clock: Clock
  readonly #stop: () => void
  #ticked: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#ticked = Math.floor(clock.now() / granularity)
    this.#stop = clock.every(granularity, () => this.#tick())
  }

  /** Sets or moves a timer to fire `ms` milliseconds from now. */
  set(timer: Timer, ms: number): void {
    this.cancel(timer)
    this.#clock.refresh()
    timer.deadline = this.#clock.now() + ms
    timer.slot = (Math.max(this.#ticked, Math.floor(timer.deadline / granularity)) + 1) % slots
    ;(this.#slots[timer.slot] ??= new Set()).add(timer)
  }

  cancel(timer: Timer): void {
    if (timer.slot < 0) return
    this.#slots[timer.slot]?.delete(timer)
    timer.slot = -1
  }

  close(): void {
    this.#stop()
    this.#slots.fill(null)
  }

  #tick(): void {
    const now = this.#clock.now()
    const until = Math.floor(now / granularity)
    const from = Math.max(this.#ticked, until - slots)
    for (let granule = from + 1; granule <= until; granule++) {
      this.#ticked = granule
      this.#turn(granule % slots, now)
    }
  }

  #turn(slot: number, now: number): void {
    const timers = this.#slots[slot]
    if (timers === null) return
    for (const timer of timers) {
      if (timer.deadline > now) continue
      timers.delete(timer)
      timer.slot = -1
      timer.fire()
    }
    if (timers.size === 0) this.#slots[slot] = null
  }
}

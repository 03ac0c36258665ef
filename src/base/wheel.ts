import type { Clock } from './clock.ts'

/** Calls `fire` once, when its time has come; set and cancelled through a wheel. */
export class Timer {
  readonly fire: () => void
  deadline = 0
  /** Its neighbours in the ring of its slot; it is its own while it is not set. */
  next: Timer = this
  previous: Timer = this

  constructor(fire: () => void) {
    this.fire = fire
  }

  /** Puts it at the end of the ring that begins with `head`. */
  enter(head: Timer): void {
    this.next = head
    this.previous = head.previous
    head.previous.next = this
    head.previous = this
  }

  leave(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.next = this
    this.previous = this
  }
}

const slots = 512
const granularity = 200

/**
 * A hashed timer wheel: setting, moving and cancelling a timer costs the same however many there are, and a tick looks
 * at one slot. Timers fire at their deadline or up to 200 ms after it, never before.
 */
export class Wheel {
  /** The head of each slot's ring. */
  readonly #slots: readonly Timer[] = Array.from({ length: slots }, () => new Timer(nothing))
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
    timer.leave()
    this.#clock.refresh()
    timer.deadline = this.#clock.now() + ms
    const granule = Math.max(this.#ticked, Math.floor(timer.deadline / granularity)) + 1
    timer.enter(this.#slots[granule % slots])
  }

  cancel(timer: Timer): void {
    timer.leave()
  }

  /** No timer fires any more. */
  close(): void {
    this.#stop()
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
    const head = this.#slots[slot]
    const due = new Timer(nothing)
    for (let timer = head.next; timer !== head; ) {
      const { next } = timer
      if (timer.deadline <= now) {
        timer.leave()
        timer.enter(due)
      }
      timer = next
    }
    // One that fires may cancel others that are due.
    while (due.next !== due) {
      const timer = due.next
      timer.leave()
      timer.fire()
    }
  }
}

function nothing(): void {}

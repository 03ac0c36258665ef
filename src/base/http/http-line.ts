import { Timer, type Wheel } from '../wheel.ts'

/** How waiting for a turn ended: it came; there was no room to wait; or it did not come in time. */
export type Turn = 'come' | 'full' | 'late'

interface Waiting {
  readonly timer: Timer
  readonly called: (turn: Turn) => void
}

/** So many at a time; others wait for their turn, so many of them and so long. */
export class HttpLine {
  readonly #atOnce: number
  readonly #room: number
  readonly #wheel: Wheel
  readonly #waiting = new Set<Waiting>()
  #busy = 0

  constructor(atOnce: number, room: number, wheel: Wheel) {
    this.#atOnce = atOnce
    this.#room = room
    this.#wheel = wheel
  }

  /** After `come`, `leave` must be called. */
  enter(patience: number): Turn | Promise<Turn> {
    if (this.#busy < this.#atOnce) {
      this.#busy++
      return 'come'
    }
    if (this.#waiting.size >= this.#room) return 'full'
    return new Promise((called) => {
      const waiting: Waiting = { called, timer: new Timer(() => this.#call(waiting, 'late')) }
      this.#waiting.add(waiting)
      this.#wheel.set(waiting.timer, patience)
    })
  }

  /** The turn goes to whoever waits longest. */
  leave(): void {
    for (const first of this.#waiting) {
      this.#call(first, 'come')
      return
    }
    this.#busy--
  }

  close(): void {
    for (const waiting of [...this.#waiting]) this.#call(waiting, 'late')
  }

  #call(waiting: Waiting, turn: Turn): void {
    this.#waiting.delete(waiting)
    this.#wheel.cancel(waiting.timer)
    waiting.called(turn)
  }
}

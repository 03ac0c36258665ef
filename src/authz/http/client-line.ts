/** Questions about one client that are asked at a time: a client that asks for much makes nobody wait but itself. */
const atOnce = 8

/** Questions about one client that wait for their turn. */
const room = 1_000

/** The line of one client for its turn to be asked about. */
export class ClientLine {
  readonly #waiting = new Set<() => void>()
  #busy = 0

  /** After `true`, `leave` must be called; `false` when too many wait. */
  enter(): boolean | Promise<boolean> {
    if (this.#busy < atOnce) {
      this.#busy++
      return true
    }
    if (this.#waiting.size >= room) return false
    return new Promise((called) => this.#waiting.add(() => called(true)))
  }

  /** The turn goes to whoever waits longest. */
  leave(): void {
    for (const first of this.#waiting) {
      this.#waiting.delete(first)
      first()
      return
    }
    this.#busy--
  }
}

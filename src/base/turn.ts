/** Something with output that waits for the end of the turn. */
export interface Flushable {
  flush(): void
}

/**
 * Work that is done once at the end of an event-loop turn: after every socket that was ready has been read, everything
 * written in their name leaves together.
 */
export class Turn {
  #waiting: Flushable[] = []
  #spare: Flushable[] = []
  #scheduled = false
  readonly #run = () => this.#flush()
  readonly #failed: (error: unknown) => void

  /** `failed` is told of an exception in an item; the others are flushed all the same. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Calls `item.flush()` at the end of this turn. The caller sees to it that an item is enlisted once. */
  enlist(item: Flushable): void {
    this.#waiting.push(item)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  #flush(): void {
    this.#scheduled = false
    const items = this.#waiting
    this.#waiting = this.#spare
    for (let index = 0; index < items.length; index++) {
      try {
        items[index].flush()
      } catch (error) {
        this.#failed(error)
      }
    }
    items.length = 0
    this.#spare = items
  }
}

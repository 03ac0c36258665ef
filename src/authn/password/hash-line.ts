import { availableParallelism } from 'node:os'
import { Ring } from '../../base/ring.ts'

/** Threads that hash at a time. The pool has four by default, and the store needs one for its commits. */
const threads = Math.min(3, Math.max(1, availableParallelism() - 1))
/** Comparisons that may wait. */
const longest = 2_000

interface Waiting {
  readonly wanted: () => boolean
  readonly begin: () => void
  readonly leave: () => void
}

/** Lets a few comparisons of passwords be at work at a time; the others wait for their turn, as long as it makes sense. */
export class HashLine {
  readonly #threads: number
  readonly #longest: number
  readonly #waiting = new Ring<Waiting>()
  #busy = 0

  constructor(threads: number, longest: number) {
    this.#threads = threads
    this.#longest = longest
  }

  /** Does the work when its turn comes; null when the line is too long, or it is not `wanted` any more by then. */
  run<T>(work: () => Promise<T>, wanted: () => boolean): Promise<T | null> {
    if (this.#busy < this.#threads) return this.#work(work)
    if (this.#waiting.length >= this.#longest) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.#waiting.push({ wanted, begin: () => resolve(this.#work(work)), leave: () => resolve(null) })
    })
  }

  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work()
    } finally {
      this.#busy--
      this.#next()
    }
  }

  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.wanted()) return next.begin()
      next.leave()
    }
  }
}

/** The one line of this process: the threads of the pool are shared by everything in it. */
export const processLine = new HashLine(threads, longest)

const words = 3

/** What the sending and the receiving thread of an open loop tell each other, in shared memory. Each field has one writer. */
export class Board {
  readonly #cells: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT)) {
    this.#cells = new Int32Array(memory)
  }

  get memory(): SharedArrayBuffer {
    const { buffer } = this.#cells
    if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError('a board needs shared memory')
    return buffer
  }

  get measuring(): boolean {
    return Atomics.load(this.#cells, 0) === 1
  }

  set measuring(value: boolean) {
    Atomics.store(this.#cells, 0, value ? 1 : 0)
  }

  get delivered(): number {
    return Atomics.load(this.#cells, 1)
  }

  set delivered(value: number) {
    Atomics.store(this.#cells, 1, value)
  }

  /** Messages that arrived at least once. */
  get distinct(): number {
    return Atomics.load(this.#cells, 2)
  }

  set distinct(value: number) {
    Atomics.store(this.#cells, 2, value)
  }
}

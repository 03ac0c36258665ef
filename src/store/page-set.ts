/** Numbers of pages, a bit for each that there can be. */
export class PageSet {
  readonly size: number
  count = 0
  readonly #bits: Uint8Array

  /** For numbers below `size`. */
  constructor(size: number) {
    this.size = size
    this.#bits = new Uint8Array(Math.ceil(size / 8))
  }

  has(page: number): boolean {
    return (this.#bits[page >>> 3] & (1 << (page & 7))) !== 0
  }

  /** False when it was there already. */
  add(page: number): boolean {
    if (this.has(page)) return false
    this.#bits[page >>> 3] |= 1 << (page & 7)
    this.count++
    return true
  }
}

/** Memory that is filled one piece behind the other, and used again and again. */
export class GrowingBytes {
  readonly #ordinary: number
  readonly #most: number
  bytes: Buffer
  /** Bytes in use. */
  length = 0

  /** `ordinary`: bytes at first. Of more than `most` nothing is kept to be used again. */
  constructor(ordinary: number, most: number) {
    this.#ordinary = ordinary
    this.#most = most
    this.bytes = Buffer.allocUnsafeSlow(ordinary)
  }

  /** Takes so many bytes; returns where they begin. `bytes` may be another buffer afterwards. */
  take(length: number): number {
    const at = this.length
    this.length = at + length
    if (this.length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.length, this.bytes.length * 2))
      this.bytes.copy(grown, 0, 0, at)
      this.bytes = grown
    }
    return at
  }

  /** What is in use. */
  get used(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
    if (this.bytes.length > this.#most) this.bytes = Buffer.allocUnsafeSlow(this.#ordinary)
  }
}

/**
 * Memory for what is about to be sent: packets are encoded one behind the other into `bytes`, so that what one client
 * gets in a turn mostly lies in one piece and is written without being copied again. Never written twice.
 */
export class Slab {
  readonly #ordinary: number
  bytes: Buffer
  at = 0

  /** `ordinary`: bytes taken at a time. */
  constructor(ordinary: number) {
    this.#ordinary = ordinary
    this.bytes = Buffer.allocUnsafeSlow(ordinary)
  }

  /** Makes room for `length` bytes at `at`. */
  reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return
    this.bytes = Buffer.allocUnsafeSlow(Math.max(this.#ordinary, length))
    this.at = 0
  }
}

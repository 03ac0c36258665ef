import { setImmediate } from 'node:timers/promises'

/** Serial numbers handled between two chances for others. */
const slice = 8_192

/**
 * A set of serial numbers that is written once, in slices, and read often: about 30 bytes each.
 *
 *     bytes  │ 2 │ 0x1a │ 0x2b │ 1 │ 0x07 │ …    length and bytes, one after the other
 *     places │ 0 │ 4 │ 0 │ 1 │ …                 where one begins, plus 1; by hash, the next free place
 */
export class SerialSet {
  #bytes: Buffer
  #places = new Uint32Array(2)
  #end = 0
  #size = 0

  /** @param room the bytes of all serial numbers and one more for each, or more than that */
  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafeSlow(room)
  }

  get size(): number {
    return this.#size
  }

  /** Before `seal`. A serial number has at most 255 bytes. */
  add(serial: Buffer): void {
    this.#bytes[this.#end] = serial.length
    serial.copy(this.#bytes, this.#end + 1)
    this.#end += 1 + serial.length
    this.#size++
  }

  /** Makes what was added findable. */
  async seal(): Promise<void> {
    this.#bytes = Buffer.from(this.#bytes.subarray(0, this.#end))
    let capacity = 2
    while (capacity < this.#size * 2) capacity *= 2
    this.#places = new Uint32Array(capacity)
    let count = 0
    for (let at = 0; at < this.#end; at += 1 + (this.#bytes[at] ?? 0)) {
      this.#place(at)
      if (++count % slice === 0) await setImmediate()
    }
  }

  has(serial: Buffer): boolean {
    const mask = this.#places.length - 1
    let place = hashOf(serial, 0, serial.length) & mask
    for (; ; place = (place + 1) & mask) {
      const at = (this.#places[place] ?? 0) - 1
      if (at < 0) return false
      const length = this.#bytes[at] ?? 0
      if (length === serial.length && serial.compare(this.#bytes, at + 1, at + 1 + length) === 0) return true
    }
  }

  #place(at: number): void {
    const mask = this.#places.length - 1
    let place = hashOf(this.#bytes, at + 1, at + 1 + (this.#bytes[at] ?? 0)) & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = at + 1
  }
}

/** FNV-1a. */
function hashOf(bytes: Buffer, from: number, to: number): number {
  let hash = 0x811c_9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193)
  return hash ^ (hash >>> 15)
}

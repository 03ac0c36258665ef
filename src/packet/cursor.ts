import { readText } from './text.ts'

const nothing = Buffer.alloc(0)

/**
 * Reads the fields of one packet in order. A read past the end, or of an ill-formed field, sets `failed` and answers
 * zero or empty from then on, so a decoder checks once at its end. Every such failure is a Malformed Packet.
 */
export class Cursor {
  bytes: Buffer = nothing
  at = 0
  end = 0
  failed = false

  reset(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.failed = false
    return this
  }

  get done(): boolean {
    return this.failed || this.at >= this.end
  }

  byte(): number {
    return this.#take(1) ? this.bytes[this.at - 1] : 0
  }

  uint16(): number {
    return this.#take(2) ? this.bytes.readUInt16BE(this.at - 2) : 0
  }

  uint32(): number {
    return this.#take(4) ? this.bytes.readUInt32BE(this.at - 4) : 0
  }

  /** A Variable Byte Integer [MQTT 1.5.5]: at most four bytes, and no more of them than its value needs. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) this.failed = true
        return this.failed ? 0 : value
      }
    }
    this.failed = true
    return 0
  }

  text(): string {
    const length = this.uint16()
    if (!this.#take(length)) return ''
    const text = readText(this.bytes, this.at - length, this.at)
    if (text === null) this.failed = true
    return text ?? ''
  }

  /** Binary data [MQTT 1.5.6], copied: the read buffer it stands in will be used again. */
  binary(): Buffer {
    const length = this.uint16()
    return this.#take(length) ? Buffer.from(this.bytes.subarray(this.at - length, this.at)) : nothing
  }

  #take(length: number): boolean {
    if (this.failed || this.at + length > this.end) {
      this.failed = true
      return false
    }
    this.at += length
    return true
  }
}

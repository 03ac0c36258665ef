/** Takes one packet: its first byte, and the bounds of what follows the fixed header. Answers false to stop for now. */
export interface PacketSink {
  packet(first: number, bytes: Buffer, start: number, end: number): boolean
  /** The stream cannot be cut into packets any more: a length of five bytes, or a packet over the maximum. */
  unframed(cause: 'length' | 'size'): void
}

const incomplete = 0
const broken = -1
const smallest = 64

/**
 * Cuts a stream of bytes into control packets [MQTT 2.1.4]. Whole packets are handed on where they lie; only the packet
 * that a read ends in is copied, into memory that grows with what has arrived and not with what was announced.
 */
export class Framer {
  /** The bytes [0, #length) of #rest wait: the beginning of a packet, or anything at all after the sink said stop. */
  #rest: Buffer | null = null
  #length = 0
  #stopped = false
  readonly #sink: PacketSink
  /** Bytes of the largest packet taken, fixed header included. */
  maximum: number

  constructor(sink: PacketSink, maximum: number) {
    this.#sink = sink
    this.maximum = maximum
  }

  feed(bytes: Buffer, length: number): void {
    let at = 0
    while (this.#length > 0 && at < length && !this.#stopped) {
      const known = this.#size(this.#rest!, 0, this.#length)
      const wanted = known === incomplete ? this.#length + 1 : known
      const next = Math.min(length, at + wanted - this.#length)
      this.#keep(bytes, at, next)
      at = next
      const size = known === incomplete ? this.#size(this.#rest!, 0, this.#length) : known
      if (size === broken) return this.#drop()
      if (this.#length === size) this.resume()
    }
    if (!this.#stopped) at = this.#cut(bytes, at, length)
    if (at < length) this.#keep(bytes, at, length)
  }

  /** Hands on what is complete of the waiting bytes; also called to go on after the sink said stop. */
  resume(): void {
    this.#stopped = false
    const rest = this.#rest
    const length = this.#length
    this.#drop()
    if (rest === null) return
    const at = this.#cut(rest, 0, length)
    if (at < length) this.#keep(rest, at, length)
  }

  /** Returns where the first packet begins that is not complete, or was not reached. */
  #cut(bytes: Buffer, start: number, length: number): number {
    let at = start
    while (at < length) {
      const size = this.#size(bytes, at, length)
      if (size === broken) return length
      if (size === incomplete || at + size > length) return at
      const next = at + size
      let body = at + 2
      while (bytes[body - 1] > 0x7f) body++
      at = next
      if (!this.#sink.packet(bytes[next - size], bytes, body, next)) {
        this.#stopped = true
        return at
      }
    }
    return at
  }

  /**
   * Bytes of the packet at `at` with its fixed header, if so much of it has arrived that this is known. A length in more
   * bytes than it needs is taken: it cannot be misread, and small devices send it because it is reserved beforehand.
   */
  #size(bytes: Buffer, at: number, end: number): number {
    let size = 0
    for (let index = 1; index <= 4; index++) {
      if (at + index >= end) return this.#admit(size + index + 1) === broken ? broken : incomplete
      const byte = bytes[at + index]
      size |= (byte & 0x7f) << (7 * (index - 1))
      if (byte < 0x80) return this.#admit(size + index + 1)
    }
    this.#sink.unframed('length')
    return broken
  }

  #admit(size: number): number {
    if (size <= this.maximum) return size
    this.#sink.unframed('size')
    return broken
  }

  #drop(): void {
    this.#rest = null
    this.#length = 0
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (this.#rest === null || this.#rest.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(smallest, needed * 2))
      this.#rest?.copy(grown, 0, 0, this.#length)
      this.#rest = grown
    }
    bytes.copy(this.#rest, this.#length, start, end)
    this.#length = needed
  }
}

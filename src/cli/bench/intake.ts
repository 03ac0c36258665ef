import { readHeader } from './wire.ts'

const nothing = Buffer.alloc(0)
const largestPacket = 16 * 1_048_576
const bounds = { body: 0, end: 0 }

/** Takes packets; the body of each is [body, end) of `bytes`, valid during the call. */
export interface PacketSink {
  packet(bytes: Buffer, header: number, body: number, end: number): void
}

/** Cuts what one connection receives into packets, keeping the beginning of one that is not complete yet. */
export class Intake {
  #rest: Buffer = nothing

  /** Takes the first `length` bytes of `chunk`; answers what is wrong with them, or null. */
  take(chunk: Buffer, length: number, sink: PacketSink): string | null {
    let bytes = chunk
    let size = length
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)])
      size = bytes.length
    }
    const used = split(bytes, size, sink)
    if (used < 0) return 'the broker sent a malformed length'
    this.#rest = used === size ? nothing : Buffer.from(bytes.subarray(used, size))
    return this.#rest.length > largestPacket ? 'the broker sent a packet too large' : null
  }
}

/** How many bytes whole packets took; -1 when a length is malformed. */
function split(bytes: Buffer, length: number, sink: PacketSink): number {
  let at = 0
  while (length - at >= 2) {
    readHeader(bytes, at, length, bounds)
    const { body, end } = bounds
    if (end < 0) return -1
    if (end === 0 || end > length) return at
    sink.packet(bytes, bytes[at]!, body, end)
    at = end
  }
  return at
}

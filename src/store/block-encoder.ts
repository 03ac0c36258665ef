import { encodeExtra, indexLength, messageHeader, receiverLength, trailerLength } from './block.ts'
import {
  type GrowingBlock,
  MessageField,
  messageFields,
  type Origin,
  ReceiverField,
  receiverFields,
} from './growing-block.ts'
import { GrowingBytes } from './growing-bytes.ts'
import { Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'

const ordinary = 131_072

/** Turns blocks into bytes, without the messages that nobody waits for any more. */
export class BlockEncoder {
  readonly #memory = new GrowingBytes(ordinary, 16 * ordinary)
  /** The last publisher: it mostly is the next one's, too. */
  #publisher = ''
  #publisherBytes = Buffer.alloc(0)

  /** The block as it is kept under `key`: a part of memory that is written over by the next. */
  encode(key: Buffer, block: GrowingBlock): Buffer {
    const memory = this.#memory
    memory.clear()
    const index: number[] = []
    for (let message = 0; message < block.count; message++) {
      if (!block.awaited(message)) continue
      index.push(block.messages[message * messageFields + MessageField.FirstPlace], memory.length)
      this.#message(block, message)
    }
    const extrasAt = memory.length
    for (const extra of block.extras) {
      const encoded = encodeExtra(extra)
      const at = memory.take(encoded.length)
      encoded.copy(memory.bytes, at)
    }
    let at = memory.take((index.length / 2) * indexLength + trailerLength)
    const { bytes } = memory
    for (let entry = 0; entry < index.length; entry += 2, at += indexLength) {
      bytes.writeUInt16BE(index[entry], at)
      bytes.writeUInt32BE(index[entry + 1], at + 2)
    }
    bytes.writeUInt16BE(index.length / 2, at)
    bytes.writeUInt16BE(block.extras.length, at + 2)
    bytes.writeUInt32BE(extrasAt, at + 4)
    writeSum(Table.Blocks, key, bytes, memory.length - sumLength)
    return memory.used
  }

  #message(block: GrowingBlock, message: number): void {
    const row = block.messages
    const at = message * messageFields
    const origin = block.origins[row[at]]
    const first = row[at + MessageField.FirstPlace]
    const end = block.endOf(message)
    const size = row[at + MessageField.Size]
    const propertiesStart = row[at + MessageField.PropertiesStart]
    const propertiesLength = row[at + MessageField.PropertiesLength]
    let to = this.#head(origin, propertiesLength, size, end - first)
    const { bytes } = this.#memory
    bytes[to] = row[at + MessageField.Options]
    put16(bytes, to + 1, end - first)
    if (block.expiries[message] > 0) bytes.writeDoubleBE(block.expiries[message], to + 15)
    to += messageHeader + origin.topic.length + this.#publisherBytes.length
    if (propertiesLength > 0) block.sources[0].copy(bytes, to, propertiesStart, propertiesStart + propertiesLength)
    to += propertiesLength
    const start = row[at + MessageField.Start]
    block.sources[row[at + MessageField.Source]].copy(bytes, to, start, start + size)
    to += size
    for (let place = first; place < end; place++, to += receiverLength) this.#receiver(block.receivers, place, to)
  }

  /** Makes room for a message and writes what it begins with; returns where. */
  #head({ topic, publisher }: Origin, propertiesLength: number, size: number, receivers: number): number {
    if (publisher !== this.#publisher) this.#remember(publisher)
    const name = this.#publisherBytes
    const length = messageHeader + topic.length + name.length + propertiesLength + size
    const start = this.#memory.take(length + receivers * receiverLength)
    const { bytes } = this.#memory
    put16(bytes, start + 3, topic.length)
    put16(bytes, start + 5, name.length)
    put32(bytes, start + 7, propertiesLength)
    put32(bytes, start + 11, size)
    put32(bytes, start + 15, 0)
    put32(bytes, start + 19, 0)
    topic.write(bytes, start + messageHeader)
    copy(name, bytes, start + messageHeader + topic.length)
    return start
  }

  #receiver(receivers: Int32Array, place: number, to: number): void {
    const at = place * receiverFields
    const sent = receivers[at + ReceiverField.Sent]
    const { bytes } = this.#memory
    put32(bytes, to, receivers[at + ReceiverField.Number])
    put16(bytes, to + 4, sent >>> 16)
    bytes[to + 6] = sent
    put32(bytes, to + 7, receivers[at + ReceiverField.Extra])
  }

  #remember(publisher: string): void {
    this.#publisher = publisher
    this.#publisherBytes = Buffer.from(publisher)
  }
}

/** Bytes up to which a loop is faster than a call. */
const few = 48

function copy(from: Buffer, to: Buffer, at: number): void {
  if (from.length > few) from.copy(to, at)
  else for (let index = 0; index < from.length; index++) to[at + index] = from[index]
}

// Big-endian, as everywhere in the store; checked calls would cost more than all the rest of a receiver.
function put16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

function put32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
}

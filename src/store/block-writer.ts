import type { Message } from '../engine/message.ts'
import type { Qos } from '../packet/types.ts'
import {
  Block,
  Extra,
  type ExtraRecord,
  encodeExtra,
  indexLength,
  maximumPlaces,
  messageHeader,
  receiverLength,
  setStep,
  trailerLength,
} from './block.ts'
import { Step, Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'

const ordinary = 65_536

/** A block as it grows; one is used again and again. */
export class BlockWriter {
  readonly #block = new Block(Buffer.allocUnsafeSlow(ordinary), [], [], [])
  #length = 0
  #current: Message | null = null
  /** Where the current message begins. */
  #start = 0
  #receivers = 0
  /** The last publisher: it mostly is the next one's, too. */
  #publisher = ''
  #publisherBytes = Buffer.alloc(0)
  places = 0
  /** Copies that are not settled. */
  live = 0
  /** Wall-clock milliseconds after which everything in it has expired, 0 for never: what was sent once goes on [MQTT-4.3.3-7]. */
  expiresAt = -1

  /** What it holds so far, to be read before it grows on. */
  get block(): Block {
    return this.#block
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length
  }

  /** Another message, or receiver, belongs in the next block. */
  get full(): boolean {
    return this.#length >= ordinary || this.places >= maximumPlaces
  }

  /** The receivers of `message` can be added without writing it again. */
  isAt(message: Message): boolean {
    return this.#current === message && this.places < maximumPlaces
  }

  /** Begins a message. `expiresAt` in wall-clock milliseconds, 0 for never. */
  begin(message: Message, expiresAt: number): void {
    const { topic, properties, publisher } = message
    if (publisher !== this.#publisher) this.#remember(publisher)
    const publisherLength = this.#publisherBytes.length
    const propertiesLength = properties === null ? 0 : properties.length
    const start = this.#grow(messageHeader + topic.length + publisherLength + propertiesLength + message.size)
    const bytes = this.#block.bytes
    bytes[start] = message.qos | (message.retain ? 4 : 0)
    bytes[start + 1] = bytes[start + 2] = 0
    put16(bytes, start + 3, topic.length)
    put16(bytes, start + 5, publisherLength)
    put32(bytes, start + 7, propertiesLength)
    put32(bytes, start + 11, message.size)
    put32(bytes, start + 15, 0)
    put32(bytes, start + 19, 0)
    if (expiresAt > 0) bytes.writeDoubleBE(expiresAt, start + 15)
    let at = start + messageHeader
    topic.write(bytes, at)
    at += topic.length
    copy(this.#publisherBytes, bytes, at)
    at += publisherLength
    if (properties !== null) properties.copy(bytes, at)
    message.copyPayload(bytes, at + propertiesLength)
    this.#current = message
    this.#start = start
    this.#receivers = 0
    this.#block.firstPlaces.push(this.places)
    this.#block.offsets.push(start)
    if (expiresAt === 0 || this.expiresAt === 0) this.expiresAt = 0
    else if (expiresAt > this.expiresAt) this.expiresAt = expiresAt
  }

  /** Adds a receiver of the current message and returns its place. */
  add(
    number: number,
    qos: Qos,
    retain: boolean,
    packetId: number,
    identifiers: readonly number[] | null,
    share: string | null,
  ): number {
    const at = this.#grow(receiverLength)
    const bytes = this.#block.bytes
    const listed = share !== null || (identifiers !== null && identifiers.length > 1)
    const kind = listed ? Extra.Listed : identifiers === null ? Extra.None : Extra.Identifier
    const extra = listed ? this.#list({ identifiers, share }) : identifiers === null ? 0 : identifiers[0]
    put32(bytes, at, number)
    put16(bytes, at + 4, 0)
    bytes[at + 6] = qos | (retain ? 4 : 0) | kind
    put32(bytes, at + 7, extra)
    if (packetId > 0) this.#sent(at, packetId)
    put16(bytes, this.#start + 1, ++this.#receivers)
    this.live++
    return this.places++
  }

  /** Notes what happened to a copy. */
  step(place: number, step: Step, packetId: number): void {
    const at = this.#block.receiverAt(place)
    if (step === Step.Sent) return this.#sent(at, packetId)
    setStep(this.#block.bytes, at, step, 0)
    if (step === Step.Settled) this.live--
  }

  /** The block as it is kept under `key`: a part of memory that is written over after `clear`. */
  seal(key: Buffer): Buffer {
    const { firstPlaces, offsets, extras } = this.#block
    const extrasAt = this.#length
    for (const extra of extras) {
      const encoded = encodeExtra(extra)
      const at = this.#grow(encoded.length)
      encoded.copy(this.#block.bytes, at)
    }
    let at = this.#grow(offsets.length * indexLength + trailerLength)
    const bytes = this.#block.bytes
    for (let index = 0; index < offsets.length; index++, at += indexLength) {
      bytes.writeUInt16BE(firstPlaces[index], at)
      bytes.writeUInt32BE(offsets[index], at + 2)
    }
    bytes.writeUInt16BE(offsets.length, at)
    bytes.writeUInt16BE(extras.length, at + 2)
    bytes.writeUInt32BE(extrasAt, at + 4)
    writeSum(Table.Blocks, key, bytes, this.#length - sumLength)
    return bytes.subarray(0, this.#length)
  }

  clear(): void {
    const block = this.#block
    block.firstPlaces.length = block.offsets.length = block.extras.length = 0
    if (block.bytes.length > 16 * ordinary) block.bytes = Buffer.allocUnsafeSlow(ordinary)
    this.#current = null
    this.#length = this.places = this.live = 0
    this.expiresAt = -1
  }

  #remember(publisher: string): void {
    this.#publisher = publisher
    this.#publisherBytes = Buffer.from(publisher)
  }

  #sent(at: number, packetId: number): void {
    setStep(this.#block.bytes, at, Step.Sent, packetId)
    this.expiresAt = 0
  }

  /** The number of an extra, the same for receivers that have the same. */
  #list(extra: ExtraRecord): number {
    const { extras } = this.#block
    const last = extras.at(-1)
    if (last !== undefined && last.identifiers === extra.identifiers && last.share === extra.share)
      return extras.length - 1
    return extras.push(extra) - 1
  }

  #grow(length: number): number {
    const at = this.#length
    this.#length = at + length
    const { bytes } = this.#block
    if (this.#length > bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#length, bytes.length * 2))
      bytes.copy(grown, 0, 0, at)
      this.#block.bytes = grown
    }
    return at
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

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { SessionRecord, SubscriptionRecord, WillRecord } from '../engine/ports.ts'
import { varintLength, writeVarint } from '../packet/encode-publish.ts'
import type { Qos } from '../packet/types.ts'

/**
 * Every byte the store keeps. All numbers are big-endian; `sum` is the CRC-32 of the value before it.
 *
 *     batch   = position f64, wall-clock milliseconds f64, entry*
 *     entry   = put | drop
 *     put     = table u8, key length u16, key, value length u32, value
 *     drop    = table u8 + 0x80, key length u16, key
 *
 *     table             key                        value
 *     meta              name                       `position`: position f64, wall-clock milliseconds f64;
 *                                                  `layout`: version u32; `closed`: nothing, after an orderly end
 *     sessions          number u32                 options u8, expiry interval u32, left at f64, principal behind its length,
 *                                                  which is a variable byte integer, client identifier, sum
 *     subscriptions     number u32, filter         options u8, identifier u32, filter, sum
 *     wills             number u32                 options u8, delay u32, expiry interval i32, due at f64, four pieces (client
 *                                                  identifier, topic, properties, payload) each behind its length u32, sum
 *     received          number u32, packet id u16  nothing
 *     blocks            block u48                  messages and their receivers, see block.ts, sum
 *     acknowledgements  block u48                  several values: (place u16 with what happened in its upper two bits, and
 *                                                  behind `sent` the packet id u16)*
 *     retained          topic, its `/` as 0        see retained-record.ts, sum
 *
 * A filter or topic of over 1,000 bytes is cut there in the key and followed by the SHA-256 of the whole.
 */
export const layoutVersion = 1

export const Table = {
  Meta: 0,
  Sessions: 1,
  Subscriptions: 2,
  Wills: 3,
  Received: 4,
  Blocks: 5,
  Acknowledgements: 6,
  Retained: 7,
} as const
export type Table = (typeof Table)[keyof typeof Table]

export const tableNames = [
  'meta',
  'sessions',
  'subscriptions',
  'wills',
  'received',
  'blocks',
  'acknowledgements',
  'retained',
] as const

/** What happened to one receiver's copy, in the order in which it does. */
export const Step = { Sent: 1, Released: 2, Settled: 3 } as const
export type Step = (typeof Step)[keyof typeof Step]

export const metaKeys = {
  position: Buffer.from('position'),
  layout: Buffer.from('layout'),
  closed: Buffer.from('closed'),
} as const

const dropped = 0x80
export const batchHeader = 16

/** Told of the entries of a batch, in order. The buffers are parts of the batch. */
export interface BatchReader {
  put(table: Table, key: Buffer, value: Buffer): void
  drop(table: Table, key: Buffer): void
}

/** A batch as it grows. Its memory is used again once it is done. */
export class Batch {
  #bytes = Buffer.allocUnsafeSlow(65_536)
  #length = batchHeader

  get length(): number {
    return this.#length
  }

  get empty(): boolean {
    return this.#length === batchHeader
  }

  /** Returns the value as the batch has it. */
  put(table: Table, key: Buffer, value: Buffer): Buffer {
    const at = this.#grow(7 + key.length + value.length)
    const bytes = this.#bytes
    bytes[at] = table
    bytes.writeUInt16BE(key.length, at + 1)
    key.copy(bytes, at + 3)
    bytes.writeUInt32BE(value.length, at + 3 + key.length)
    value.copy(bytes, at + 7 + key.length)
    return bytes.subarray(at + 7 + key.length, this.#length)
  }

  drop(table: Table, key: Buffer): void {
    const at = this.#grow(3 + key.length)
    this.#bytes[at] = table | dropped
    this.#bytes.writeUInt16BE(key.length, at + 1)
    key.copy(this.#bytes, at + 3)
  }

  /** The whole batch; valid until `clear`. */
  seal(position: number, wall: number): Buffer {
    this.#bytes.writeDoubleBE(position, 0)
    this.#bytes.writeDoubleBE(wall, 8)
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = batchHeader
    if (this.#bytes.length > 4_194_304) this.#bytes = Buffer.allocUnsafeSlow(65_536)
  }

  #grow(length: number): number {
    const at = this.#length
    this.#length = at + length
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
    }
    return at
  }
}

export function positionOf(batch: Buffer): number {
  return batch.readDoubleBE(0)
}

/** Reads a batch through; throws RangeError when it is cut off. */
export function readBatch(batch: Buffer, reader: BatchReader): void {
  reader.put(Table.Meta, metaKeys.position, batch.subarray(0, batchHeader))
  for (let at = batchHeader; at < batch.length; ) {
    const kind = batch[at]
    const keyEnd = at + 3 + batch.readUInt16BE(at + 1)
    const key = batch.subarray(at + 3, keyEnd)
    const table = tableOf(kind & ~dropped)
    if ((kind & dropped) !== 0) {
      reader.drop(table, key)
      at = keyEnd
      continue
    }
    const end = keyEnd + 4 + batch.readUInt32BE(keyEnd)
    if (end > batch.length) throw new RangeError('the batch is cut off')
    reader.put(table, key, batch.subarray(keyEnd + 4, end))
    at = end
  }
}

function tableOf(number: number): Table {
  for (const table of Object.values(Table)) if (table === number) return table
  throw new RangeError(`there is no table ${number}`)
}

// ── Sums ─────────────────────────────────────────────────────────────────────────────────────────

export const sumLength = 4

/** Writes the sum of [0, end) behind it. */
export function writeSum(value: Buffer, end: number): void {
  value.writeUInt32BE(crc32(value.subarray(0, end)), end)
}

/** True when the value ends with the sum of what is before. */
export function isWhole(value: Buffer): boolean {
  const end = value.length - sumLength
  return end >= 0 && value.readUInt32BE(end) === crc32(value.subarray(0, end))
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

const longestKey = 1_000

export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(number)
  return key
}

export function blockKey(block: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(block, 0, 6)
  return key
}

export function receivedKey(number: number, packetId: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUInt32BE(number)
  key.writeUInt16BE(packetId, 4)
  return key
}

export function subscriptionKey(number: number, filter: string): Buffer {
  return Buffer.concat([numberKey(number), shortened(Buffer.from(filter))])
}

/** Levels are divided by 0, so that what is below a topic follows it, and nothing comes in between. */
export function retainedKey(topic: string): Buffer {
  const key = Buffer.from(topic)
  for (let at = 0; at < key.length; at++) if (key[at] === slash) key[at] = 0
  return shortened(key)
}

const slash = 0x2f

function shortened(key: Buffer): Buffer {
  if (key.length <= longestKey) return key
  return Buffer.concat([key.subarray(0, longestKey), createHash('sha256').update(key).digest()])
}

// ── Sessions and what belongs to them ────────────────────────────────────────────────────────────

const sessionHeader = 13

export function encodeSession(record: SessionRecord): Buffer {
  const principal = Buffer.byteLength(record.principal)
  const principalAt = sessionHeader + varintLength(principal)
  const clientIdAt = principalAt + principal
  const length = clientIdAt + Buffer.byteLength(record.clientId)
  const value = Buffer.allocUnsafe(length + sumLength)
  value[0] = record.perhapsSent ? 1 : 0
  value.writeUInt32BE(record.expiryInterval, 1)
  value.writeDoubleBE(record.leftAt, 5)
  writeVarint(value, sessionHeader, principal)
  value.write(record.principal, principalAt)
  value.write(record.clientId, clientIdAt)
  writeSum(value, length)
  return value
}

/** Throws RangeError when the value is cut off. */
export function decodeSession(key: Buffer, value: Buffer): SessionRecord {
  let principal = 0
  let principalAt = sessionHeader
  for (let shift = 0, more = true; more; shift += 7) {
    const byte = value.readUInt8(principalAt++)
    principal += (byte & 0x7f) * 2 ** shift
    more = byte > 0x7f && shift < 21
  }
  const clientIdAt = principalAt + principal
  if (clientIdAt > value.length - sumLength) throw new RangeError('the session is cut off')
  return {
    number: key.readUInt32BE(),
    clientId: value.toString('utf8', clientIdAt, value.length - sumLength),
    principal: value.toString('utf8', principalAt, clientIdAt),
    expiryInterval: value.readUInt32BE(1),
    leftAt: value.readDoubleBE(5),
    perhapsSent: value[0] === 1,
  }
}

export function encodeSubscription(record: SubscriptionRecord): Buffer {
  const length = 5 + Buffer.byteLength(record.filter)
  const value = Buffer.allocUnsafe(length + sumLength)
  value[0] = record.qos | (record.noLocal ? 4 : 0) | (record.retainAsPublished ? 8 : 0)
  value.writeUInt32BE(record.identifier, 1)
  value.write(record.filter, 5)
  writeSum(value, length)
  return value
}

export function decodeSubscription(value: Buffer): SubscriptionRecord {
  return {
    filter: value.toString('utf8', 5, value.length - sumLength),
    qos: qosOf(value[0]),
    noLocal: (value[0] & 4) !== 0,
    retainAsPublished: (value[0] & 8) !== 0,
    identifier: value.readUInt32BE(1),
  }
}

const willHeader = 17

export function encodeWill(record: WillRecord): Buffer {
  const { clientId, topic, properties, payload } = record
  const header = Buffer.allocUnsafe(willHeader)
  header[0] = record.qos | (record.retain ? 4 : 0) | (properties === null ? 0 : 8)
  header.writeUInt32BE(record.delay, 1)
  header.writeInt32BE(record.expiryInterval > 0x7fff_ffff ? 0x7fff_ffff : record.expiryInterval, 5)
  header.writeDoubleBE(record.dueAt, 9)
  const pieces = [Buffer.from(clientId), Buffer.from(topic), properties ?? Buffer.alloc(0), payload]
  const value = Buffer.concat([header, ...pieces.flatMap((piece) => [lengthOf(piece), piece]), Buffer.alloc(sumLength)])
  writeSum(value, value.length - sumLength)
  return value
}

function lengthOf(piece: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(piece.length)
  return length
}

export function decodeWill(key: Buffer, value: Buffer): WillRecord {
  const options = value[0]
  const pieces: Buffer[] = []
  for (let at = willHeader; pieces.length < 4; ) {
    const end = at + 4 + value.readUInt32BE(at)
    pieces.push(Buffer.from(value.subarray(at + 4, end)))
    at = end
  }
  const [clientId, topic, properties, payload] = pieces
  return {
    number: key.readUInt32BE(),
    clientId: clientId.toString(),
    topic: topic.toString(),
    qos: qosOf(options),
    retain: (options & 4) !== 0,
    properties: (options & 8) === 0 ? null : properties,
    payload,
    delay: value.readUInt32BE(1),
    expiryInterval: value.readInt32BE(5),
    dueAt: value.readDoubleBE(9),
  }
}

export function qosOf(options: number): Qos {
  const qos = options & 3
  return qos === 0 ? 0 : qos === 1 ? 1 : 2
}

import { weightOf } from '../engine/message.ts'
import type { Qos } from '../packet/types.ts'
import { qosOf, type Step } from './records.ts'
import { sumLength } from './sums.ts'

/**
 * Messages that were accepted together, and who is to get each. A receiver's copy is known by its place: the receivers
 * of all messages of a block are counted through, from 0.
 *
 *     block    = message*, extra*, index*, messages u16, extras u16, where the extras begin u32, sum
 *     message  = options u8, receivers u16, topic length u16, publisher length u16, properties length u32, payload length u32,
 *                expires at f64 (wall-clock milliseconds, 0 for never), topic, publisher, properties, payload, receiver*
 *     receiver = session number u32, packet id u16, options u8, extra u32
 *     extra    = identifiers u16, u32*, share length u16, share
 *     index    = place of the first receiver u16, where the message begins u32
 *
 * A receiver with one subscription identifier has it in `extra`; one with several, or with a shared subscription, has
 * the number of its extra there. A block written anew leaves out messages that nobody waits for any more; the places of
 * the others stay as they were.
 */
export const maximumPlaces = 16_384
export const messageHeader = 23
export const receiverLength = 11
export const indexLength = 6
export const trailerLength = 8 + sumLength

/** What the `extra` of a receiver is: the upper bits of its options. */
export const Extra = { None: 0, Identifier: 0x20, Listed: 0x40 } as const
const stepShift = 3
const stepMask = 0x18

export interface ExtraRecord {
  readonly identifiers: readonly number[] | null
  readonly share: string | null
}

/** One receiver's copy of a message. */
export interface Copy {
  readonly number: number
  readonly qos: Qos
  readonly retain: boolean
  /** What happened to it as far as the block itself knows. */
  readonly step: number
  readonly packetId: number
  readonly identifiers: readonly number[] | null
  readonly share: string | null
}

/** The messages of a block, to be read. */
export class Block {
  readonly bytes: Buffer
  readonly firstPlaces: readonly number[]
  readonly offsets: readonly number[]
  readonly extras: readonly ExtraRecord[]

  constructor(
    bytes: Buffer,
    firstPlaces: readonly number[],
    offsets: readonly number[],
    extras: readonly ExtraRecord[],
  ) {
    this.bytes = bytes
    this.firstPlaces = firstPlaces
    this.offsets = offsets
    this.extras = extras
  }

  /** Where the message whose receivers include this place begins; -1 when it was left out. */
  message(place: number): number {
    const index = this.#index(place)
    if (index < 0) return -1
    return place - this.firstPlaces[index] < this.receivers(this.offsets[index]) ? this.offsets[index] : -1
  }

  qos(offset: number): Qos {
    return qosOf(this.bytes[offset])
  }

  retain(offset: number): boolean {
    return (this.bytes[offset] & 4) !== 0
  }

  receivers(offset: number): number {
    return this.bytes.readUInt16BE(offset + 1)
  }

  topicLength(offset: number): number {
    return this.bytes.readUInt16BE(offset + 3)
  }

  publisherLength(offset: number): number {
    return this.bytes.readUInt16BE(offset + 5)
  }

  propertiesLength(offset: number): number {
    return this.bytes.readUInt32BE(offset + 7)
  }

  payloadLength(offset: number): number {
    return this.bytes.readUInt32BE(offset + 11)
  }

  expiresAt(offset: number): number {
    return this.bytes.readDoubleBE(offset + 15)
  }

  weight(offset: number): number {
    return weightOf(this.topicLength(offset), this.payloadLength(offset), this.propertiesLength(offset))
  }

  /** Where the receivers of the message at `offset` begin. */
  receiversAt(offset: number): number {
    const topic = this.topicLength(offset) + this.publisherLength(offset)
    return offset + messageHeader + topic + this.propertiesLength(offset) + this.payloadLength(offset)
  }

  /** Where the receiver at `place` stands. The place must be one of a message that is there. */
  receiverAt(place: number): number {
    const index = this.#index(place)
    return this.receiversAt(this.offsets[index]) + (place - this.firstPlaces[index]) * receiverLength
  }

  /** The copy of the receiver at `at`. */
  copy(at: number): Copy {
    const { bytes } = this
    const options = bytes[at + 6]
    const { identifiers, share } = extraOf(options, bytes.readUInt32BE(at + 7), this.extras)
    return {
      number: bytes.readUInt32BE(at),
      qos: qosOf(options),
      retain: (options & 4) !== 0,
      step: stepAt(bytes, at),
      packetId: bytes.readUInt16BE(at + 4),
      identifiers,
      share,
    }
  }

  #index(place: number): number {
    let low = 0
    let high = this.firstPlaces.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      if (this.firstPlaces[middle] <= place) low = middle + 1
      else high = middle - 1
    }
    return high
  }
}

/** Options of a receiver, with another step. */
export function withStep(options: number, step: Step): number {
  return (options & ~stepMask) | (step << stepShift)
}

/** The step that the options of a receiver have; 0 for none. */
export function stepOf(options: number): number {
  return (options & stepMask) >> stepShift
}

/** What the options and the `extra` of a receiver say of how it came by the message. */
export function extraOf(options: number, extra: number, extras: readonly ExtraRecord[]): ExtraRecord {
  const kind = options & (Extra.Identifier | Extra.Listed)
  if (kind === Extra.Listed) return extras.at(extra) ?? noExtra
  return { identifiers: kind === Extra.Identifier ? [extra] : null, share: null }
}

const noExtra: ExtraRecord = { identifiers: null, share: null }

/** Notes in the bytes of a receiver what happened to it. */
export function setStep(bytes: Buffer, at: number, step: Step, packetId: number): void {
  bytes[at + 6] = withStep(bytes[at + 6], step)
  if (packetId === 0) return
  bytes[at + 4] = packetId >> 8
  bytes[at + 5] = packetId
}

/** What happened to the receiver at `at`. */
export function stepAt(bytes: Buffer, at: number): number {
  return stepOf(bytes[at + 6])
}

/** Takes a sealed block apart. Throws RangeError when it is not one. */
export function openBlock(bytes: Buffer): Block {
  const end = bytes.length - trailerLength
  const messages = bytes.readUInt16BE(end)
  const count = bytes.readUInt16BE(end + 2)
  const extras: ExtraRecord[] = []
  for (let at = bytes.readUInt32BE(end + 4); extras.length < count; ) at = readExtra(bytes, at, extras)
  const firstPlaces: number[] = []
  const offsets: number[] = []
  for (let at = end - messages * indexLength; at < end; at += indexLength) {
    firstPlaces.push(bytes.readUInt16BE(at))
    offsets.push(bytes.readUInt32BE(at + 2))
  }
  return new Block(bytes, firstPlaces, offsets, extras)
}

function readExtra(bytes: Buffer, start: number, into: ExtraRecord[]): number {
  const identifiers: number[] = []
  let at = start + 2
  for (let left = bytes.readUInt16BE(start); left > 0; left--, at += 4) identifiers.push(bytes.readUInt32BE(at))
  const end = at + 2 + bytes.readUInt16BE(at)
  const share = bytes.toString('utf8', at + 2, end)
  into.push({ identifiers: identifiers.length === 0 ? null : identifiers, share: share === '' ? null : share })
  return end
}

export function encodeExtra(extra: ExtraRecord): Buffer {
  const identifiers = extra.identifiers ?? []
  const share = Buffer.from(extra.share ?? '')
  const bytes = Buffer.allocUnsafe(4 + identifiers.length * 4 + share.length)
  bytes.writeUInt16BE(identifiers.length)
  for (let index = 0; index < identifiers.length; index++) bytes.writeUInt32BE(identifiers[index], 2 + index * 4)
  bytes.writeUInt16BE(share.length, 2 + identifiers.length * 4)
  share.copy(bytes, 4 + identifiers.length * 4)
  return bytes
}

import type { Clock } from '../base/clock.ts'
import { Message } from '../engine/message.ts'
import type { StoredDelivery } from '../engine/store-ports.ts'
import type { Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import {
  Extra,
  type ExtraRecord,
  extraOf,
  maximumPlaces,
  messageHeader,
  receiverLength,
  stepOf,
  withStep,
} from './block.ts'
import { GrowingBytes } from './growing-bytes.ts'
import { qosOf, Step } from './records.ts'
import { clockExpiry } from './retained-record.ts'

/** Bytes after which a block ends. */
const ordinary = 65_536
/** Pieces of memory of others that one block may hold on to. */
const maximumSources = 8
/** Messages, and receivers, there is room for at first. */
const few = 512

/** Topic and publisher of messages that came one after the other. */
export interface Origin {
  readonly topic: TopicName
  readonly publisher: string
}

/** What is known of a message, as places in a row of numbers. */
export const MessageField = {
  /** Number of its origin. */
  Origin: 0,
  /** QoS, 4 for RETAIN. */
  Options: 1,
  /** Which of the sources has the payload, where it begins, and how long it is. */
  Source: 2,
  Start: 3,
  Size: 4,
  /** Where its properties are in the block's own memory, and how long they are. */
  PropertiesStart: 5,
  PropertiesLength: 6,
  /** The place of its first receiver. */
  FirstPlace: 7,
} as const
export const messageFields = 8

/** The same of a receiver; `Sent` is a packet identifier, and below it the options as in block.ts. */
export const ReceiverField = { Message: 0, Number: 1, Sent: 2, Extra: 3 } as const
export const receiverFields = 4

/** The source that is the block's own memory. */
const own = 0

/**
 * A block as it grows, one of which is used again and again. Of most messages it ends before they are ever written that
 * everybody has acknowledged them, so nothing is encoded yet, and what stays in memory anyway is not copied.
 */
export class GrowingBlock {
  /** Rows of numbers, see above. */
  messages = new Int32Array(few * messageFields)
  receivers = new Int32Array(few * receiverFields)
  /** When each message expires in wall-clock milliseconds, 0 for never. */
  expiries = new Float64Array(few)
  readonly origins: Origin[] = []
  readonly extras: ExtraRecord[] = []
  /** Where payloads are: first the block's own memory. */
  readonly sources: Buffer[]
  /** Messages so far. */
  count = 0
  /** Copies so far. */
  places = 0
  /** Copies that are not settled. */
  live = 0
  /** Wall-clock milliseconds after which everything in it has expired, 0 for never: what was sent once goes on [MQTT-4.3.3-7]. */
  expiresAt = -1
  #length = 0
  readonly #memory = new GrowingBytes(ordinary / 8, 2 * ordinary)
  #current: Message | null = null

  constructor() {
    this.sources = [this.#memory.bytes]
  }

  /** Bytes it stands for so far. */
  get length(): number {
    return this.#length
  }

  /** Another message, or receiver, belongs in the next block. */
  get full(): boolean {
    return this.#length >= ordinary || this.places >= maximumPlaces
  }

  /** The receivers of `message` can be added without adding it again. */
  isAt(message: Message): boolean {
    return this.#current === message && this.places < maximumPlaces
  }

  /** Begins a message. `expiresAt` in wall-clock milliseconds, 0 for never. */
  begin(message: Message, expiresAt: number): void {
    const { properties, size } = message
    const propertiesLength = properties === null ? 0 : properties.length
    if (this.count === this.expiries.length) this.#widen()
    const at = this.count * messageFields
    const row = this.messages
    row[at] = this.#origin(message)
    row[at + MessageField.Options] = message.qos | (message.retain ? 4 : 0)
    row[at + MessageField.Size] = size
    row[at + MessageField.PropertiesLength] = propertiesLength
    row[at + MessageField.FirstPlace] = this.places
    const source = message.lasting ? this.#source(message.bytes) : own
    row[at + MessageField.Source] = source
    const start = source === own ? this.#take(size) : message.payloadStart
    row[at + MessageField.Start] = start
    if (source === own) message.copyPayload(this.sources[own], start)
    const propertiesStart = this.#take(propertiesLength)
    row[at + MessageField.PropertiesStart] = propertiesStart
    if (properties !== null) properties.copy(this.sources[own], propertiesStart)
    this.expiries[this.count++] = expiresAt
    this.#current = message
    this.#length += messageHeader + message.topic.length + message.publisher.length + propertiesLength + size
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
    const listed = share !== null || (identifiers !== null && identifiers.length > 1)
    const kind = listed ? Extra.Listed : identifiers === null ? Extra.None : Extra.Identifier
    const at = this.places * receiverFields
    if (at === this.receivers.length) this.receivers = grown(this.receivers)
    const row = this.receivers
    row[at] = this.count - 1
    row[at + ReceiverField.Number] = number
    row[at + ReceiverField.Sent] = qos | (retain ? 4 : 0) | kind
    row[at + ReceiverField.Extra] = listed ? this.#list(identifiers, share) : identifiers === null ? 0 : identifiers[0]
    if (packetId > 0) this.#sent(at, packetId)
    this.#length += receiverLength
    this.live++
    return this.places++
  }

  /** Notes what happened to a copy. */
  step(place: number, step: Step, packetId: number): void {
    const at = place * receiverFields
    if (step === Step.Sent) return this.#sent(at, packetId)
    const row = this.receivers
    row[at + ReceiverField.Sent] = withStep(row[at + ReceiverField.Sent], step)
    if (step === Step.Settled) this.live--
  }

  /** The copy at a place; the message is valid until the block grows. */
  read(place: number, clock: Clock): StoredDelivery {
    const at = place * receiverFields
    const sent = this.receivers[at + ReceiverField.Sent]
    const { identifiers, share } = extraOf(sent, this.receivers[at + ReceiverField.Extra] >>> 0, this.extras)
    return {
      message: this.#read(this.receivers[at], clock),
      qos: qosOf(sent),
      retain: (sent & 4) !== 0,
      identifiers,
      share,
    }
  }

  #read(message: number, clock: Clock): Message {
    const row = this.messages.subarray(message * messageFields, (message + 1) * messageFields)
    const { topic, publisher } = this.origins[row[MessageField.Origin]]
    const options = row[MessageField.Options]
    const propertiesStart = row[MessageField.PropertiesStart]
    const propertiesEnd = propertiesStart + row[MessageField.PropertiesLength]
    const start = row[MessageField.Start]
    return new Message(
      topic,
      qosOf(options),
      (options & 4) !== 0,
      propertiesEnd === propertiesStart ? null : this.sources[own].subarray(propertiesStart, propertiesEnd),
      clockExpiry(this.expiries[message], clock),
      publisher,
      this.sources[row[MessageField.Source]],
      start,
      start + row[MessageField.Size],
    )
  }

  /** The place behind the last receiver of a message. */
  endOf(message: number): number {
    const next = (message + 1) * messageFields + MessageField.FirstPlace
    return message + 1 === this.count ? this.places : this.messages[next]
  }

  /** Somebody waits for a message. */
  awaited(message: number): boolean {
    const end = this.endOf(message)
    for (let place = this.messages[message * messageFields + MessageField.FirstPlace]; place < end; place++) {
      if (stepOf(this.receivers[place * receiverFields + ReceiverField.Sent]) !== Step.Settled) return true
    }
    return false
  }

  /** The rows stay as long as they are: a block cannot have very many. */
  clear(): void {
    this.origins.length = this.extras.length = 0
    this.#memory.clear()
    this.sources.length = 1
    this.sources[own] = this.#memory.bytes
    this.#current = null
    this.#length = this.count = this.places = this.live = 0
    this.expiresAt = -1
  }

  /** The source that these bytes are; its own memory when there are too many sources already. */
  #source(bytes: Buffer): number {
    const { sources } = this
    const last = sources.length - 1
    if (last > own && sources[last] === bytes) return last
    return last < maximumSources ? sources.push(bytes) - 1 : own
  }

  /** Takes so much of its own memory; returns where it begins. */
  #take(length: number): number {
    const start = this.#memory.take(length)
    this.sources[own] = this.#memory.bytes
    return start
  }

  #origin({ topic, publisher }: Message): number {
    const { origins } = this
    const last = origins.length - 1
    if (last >= 0 && origins[last].topic === topic && origins[last].publisher === publisher) return last
    return origins.push({ topic, publisher }) - 1
  }

  #sent(at: number, packetId: number): void {
    const row = this.receivers
    row[at + ReceiverField.Sent] = (packetId << 16) | withStep(row[at + ReceiverField.Sent] & 0xffff, Step.Sent)
    this.expiresAt = 0
  }

  /** The number of an extra, the same for receivers that have the same. */
  #list(identifiers: readonly number[] | null, share: string | null): number {
    const { extras } = this
    const last = extras.at(-1)
    if (last !== undefined && last.identifiers === identifiers && last.share === share) return extras.length - 1
    return extras.push({ identifiers, share }) - 1
  }

  #widen(): void {
    this.messages = grown(this.messages)
    const expiries = new Float64Array(this.expiries.length * 2)
    expiries.set(this.expiries)
    this.expiries = expiries
  }
}

function grown(row: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(row.length * 2)
  larger.set(row)
  return larger
}

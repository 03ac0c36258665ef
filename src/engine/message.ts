import type { Slab } from '../packet/slab.ts'
import type { Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'

/** A message that never expires. */
export const never = Number.POSITIVE_INFINITY

const nothing = Buffer.alloc(0)

/** A payload up to this size waits as a string of its bytes: small buffers cost the collector far more than strings. */
const small = 2_048
/** Bytes of memory a waiting message takes besides its contents. */
const overhead = 256

/**
 * An application message on its way. Until it is first encoded or kept, its payload lies in the read buffer it arrived
 * in and is valid for the turn only: whoever holds on to a message past the turn calls `keep` first.
 */
export class Message {
  readonly topic: TopicName
  readonly qos: Qos
  /** The RETAIN flag as published. */
  readonly retain: boolean
  /** What the publisher's MQTT 5 properties come to for the receivers, encoded; null for none. */
  properties: Buffer | null
  /** Clock milliseconds. */
  readonly expiresAt: number
  /** Client identifier of the publisher, empty for the broker itself and the embedding program. */
  readonly publisher: string
  bytes: Buffer
  payloadStart: number
  payloadEnd: number
  #kept = false
  /** The payload stays where it is for as long as somebody holds on to `bytes`: it is never written over. */
  lasting = false
  /** The payload of a kept message, one character a byte; then `bytes` is empty. */
  #text: string | null = null
  /** Encodings several receivers share, by layout: MQTT 3 or 5, without and with packet identifier. */
  frame3: Frame | null = null
  frame3Id: Frame | null = null
  frame5: Frame | null = null
  frame5Id: Frame | null = null

  constructor(
    topic: TopicName,
    qos: Qos,
    retain: boolean,
    properties: Buffer | null,
    expiresAt: number,
    publisher: string,
    bytes: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ) {
    this.topic = topic
    this.qos = qos
    this.retain = retain
    this.properties = properties
    this.expiresAt = expiresAt
    this.publisher = publisher
    this.bytes = bytes
    this.payloadStart = payloadStart
    this.payloadEnd = payloadEnd
  }

  get size(): number {
    return this.payloadEnd - this.payloadStart
  }

  get payload(): Buffer {
    if (this.#text !== null) return Buffer.from(this.#text, 'latin1')
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }

  /** Bytes of memory it takes when it waits. */
  get weight(): number {
    return weightOf(this.topic.length, this.size, this.properties === null ? 0 : this.properties.length)
  }

  /** Copies the payload to `at` in `target`, which has room for it. */
  copyPayload(target: Buffer, at: number): void {
    const { bytes, payloadStart, payloadEnd } = this
    if (this.#text !== null) target.write(this.#text, at, 'latin1')
    else if (payloadEnd - payloadStart > 32) bytes.copy(target, at, payloadStart, payloadEnd)
    else for (let from = payloadStart; from < payloadEnd; from++) target[at + from - payloadStart] = bytes[from]
  }

  /** Copies the payload behind what the slab holds; it lives there from now on. */
  writePayload(slab: Slab): void {
    const at = slab.at
    const size = this.size
    slab.at = at + size
    if (this.#text !== null) {
      slab.bytes.write(this.#text, at, 'latin1')
      return
    }
    this.bytes.copy(slab.bytes, at, this.payloadStart, this.payloadEnd)
    if (this.#kept) return
    this.lasting = true
    this.bytes = slab.bytes
    this.payloadStart = at
    this.payloadEnd = at + size
  }

  /** Moves what it refers to into memory of its own, so that it can wait for long without holding anything larger. */
  keep(): void {
    if (this.#kept) return
    this.#kept = true
    if (this.size <= small) {
      this.#text = this.bytes.toString('latin1', this.payloadStart, this.payloadEnd)
      this.bytes = nothing
      this.lasting = false
    } else {
      this.bytes = exactly(this.bytes, this.payloadStart, this.payloadEnd)
      this.lasting = true
    }
    this.payloadEnd = this.size
    this.payloadStart = 0
    if (this.properties !== null) this.properties = exactly(this.properties, 0, this.properties.length)
    this.frame3 = this.frame3Id = this.frame5 = this.frame5Id = null
  }

  expired(now: number): boolean {
    return this.expiresAt <= now
  }

  /** Seconds left to live, to be told to the receiver; -1 when the message does not expire. */
  secondsLeft(now: number): number {
    return this.expiresAt === never ? -1 : Math.max(0, Math.ceil(Math.round(this.expiresAt - now) / 1_000))
  }
}

/** Bytes of memory a message takes when it waits, from the bytes of its parts. */
export function weightOf(topic: number, payload: number, properties: number): number {
  return overhead + topic + payload + properties
}

function exactly(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}

/** One encoded packet, or a piece of one, ready to be copied out. */
export class Frame {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Where the packet identifier stands, relative to `start`; 0 for nowhere. */
  readonly idAt: number

  constructor(bytes: Buffer, start: number, end: number, idAt: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.idAt = idAt
  }
}

import type { Counters } from '../base/counters.ts'
import type { Flushable, Turn } from '../base/turn.ts'
import { pingresp, writeAcknowledgement } from '../packet/encode.ts'
import { publishPropertiesLength, varintLength, writePublish } from '../packet/encode-publish.ts'
import { Slab } from '../packet/slab.ts'
import type { PacketType, Qos, Version } from '../packet/types.ts'
import { Aliases } from './aliases.ts'
import { Frame, type Message } from './message.ts'
import type { Wire } from './ports.ts'

/** The memory that all outboxes of a broker encode into; packets of one kind lie one behind the other. */
export class Slabs {
  readonly messages = new Slab(16_384)
  readonly acknowledgements = new Slab(4_096)
  readonly gathered = new Slab(65_536)
}

/** What outboxes need of their broker. */
export interface OutboxContext {
  readonly slabs: Slabs
  readonly turn: Turn
  readonly counters: Counters
}

/** Room for any packet: what a client that gives no Maximum Packet Size takes. */
export const anySize = 0x1000_0005

/** A payload of this size is sent from where it is instead of being copied. */
const large = 8_192
/** So much is written at once; more waiting than this is written before the turn ends. */
const batch = 65_536
const verbatim = -1

/** What varies between receivers of the same message: filled for each, never kept. */
const extras: { expiry: number; alias: number; aliasKnown: boolean; identifiers: readonly number[] | null } = {
  expiry: -1,
  alias: 0,
  aliasKnown: false,
  identifiers: null,
}

/**
 * What one network connection is about to be sent. Packets are encoded into the slabs at once and written together at
 * the end of the turn. Bytes that only this connection gets form a run, extended as long as they lie in one piece; an
 * encoding shared with others is a frame with a stamp, the first byte and packet identifier to put in when it is copied.
 */
export class Outbox implements Flushable {
  version: Version = 4
  /** Bytes of the largest packet the client takes. */
  maximumPacketSize = anySize
  /** The wire takes no more until it says so. */
  blocked = false
  /** Bytes waiting. */
  pending = 0
  readonly #context: OutboxContext
  readonly #wire: Wire
  readonly #limit: number
  #aliases: Aliases | null = null
  readonly #frames: Frame[] = []
  readonly #stamps: number[] = []
  #runBytes: Buffer | null = null
  #runStart = 0
  #runEnd = 0
  #enlisted = false
  #closed = false

  /** `limit`: bytes that may wait before `full`. */
  constructor(context: OutboxContext, wire: Wire, limit: number) {
    this.#context = context
    this.#wire = wire
    this.#limit = limit
  }

  /** The client has said what it takes. `aliasMaximum`: topic aliases to use, 0 for none. */
  suit(version: Version, maximumPacketSize: number, aliasMaximum: number): void {
    this.version = version
    this.maximumPacketSize = maximumPacketSize
    this.#aliases = version === 5 && aliasMaximum > 0 ? new Aliases(aliasMaximum) : null
  }

  /** The client is so far behind that nothing more should be given to it. */
  get full(): boolean {
    return this.blocked && this.pending > this.#limit
  }

  /** True when the message, as this client would get it, is within its Maximum Packet Size [MQTT-3.1.2-24]. */
  fits(message: Message, hasId: boolean, identifiers: readonly number[] | null): boolean {
    if (this.maximumPacketSize >= anySize) return true
    extras.expiry = this.version === 5 ? message.secondsLeft(0) : -1
    extras.identifiers = identifiers
    extras.alias = this.#aliases?.known(message.topic) ?? 0
    extras.aliasKnown = extras.alias > 0
    if (!extras.aliasKnown) extras.alias = this.#aliases?.next(message.topic) ?? 0
    const body = this.#body(message, hasId)
    return 1 + varintLength(body) + body <= this.maximumPacketSize
  }

  /** Appends a PUBLISH. `id` is 0 for QoS 0; `alone` says that no other client is about to get the same. */
  publish(
    message: Message,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    id: number,
    identifiers: readonly number[] | null,
    alone: boolean,
    now: number,
  ): void {
    const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
    this.#context.counters.packetsSent++
    this.#context.counters.publishSent++
    this.#context.counters.publishBytesSent += message.payloadEnd - message.payloadStart
    extras.expiry = this.version === 5 ? message.secondsLeft(now) : -1
    extras.identifiers = this.version === 5 ? identifiers : null
    extras.alias = 0
    extras.aliasKnown = false
    if (this.#aliases !== null) {
      extras.alias = this.#aliases.known(message.topic)
      extras.aliasKnown = extras.alias > 0
      if (!extras.aliasKnown) extras.alias = this.#aliases.learn(message.topic)
    }
    if (alone || extras.expiry >= 0 || extras.identifiers !== null || extras.alias > 0)
      this.#writeOwn(message, first, id)
    else this.#writeShared(message, first, id)
  }

  acknowledge(type: PacketType, id: number, reason: number, reasonString: string | null): void {
    const slab = this.#context.slabs.acknowledgements
    this.#context.counters.packetsSent++
    slab.reserve(5)
    const start = slab.at
    const bytes = slab.bytes
    writeAcknowledgement(slab, this.version, type, id, reason, reasonString, this.maximumPacketSize)
    if (slab.bytes === bytes) this.#extend(bytes, start, slab.at)
    else this.#extend(slab.bytes, 0, slab.at)
  }

  pingresp(): void {
    this.raw(pingresp)
  }

  /** Appends a packet as it is. */
  raw(bytes: Buffer): void {
    this.#context.counters.packetsSent++
    this.#extend(bytes, 0, bytes.length)
  }

  /** Writes a packet now if nothing waits before it: over TLS it leaves together with what the handshake ends with. */
  first(bytes: Buffer): void {
    if (this.pending > 0 || this.blocked || this.#closed) return this.raw(bytes)
    this.#context.counters.packetsSent++
    this.pending = bytes.length
    this.#write(bytes)
  }

  /** Writes what waits, as far as the wire takes it. */
  flush(): void {
    this.#enlisted = false
    if (this.blocked || this.#closed) return
    this.#endRun()
    const frames = this.#frames
    let index = 0
    while (index < frames.length && !this.blocked) index = this.#writeFrom(index)
    if (index === frames.length) {
      frames.length = 0
      this.#stamps.length = 0
    } else {
      frames.splice(0, index)
      this.#stamps.splice(0, index)
    }
  }

  /** The wire takes more again. */
  drained(): void {
    this.blocked = false
    this.flush()
  }

  close(): void {
    this.#closed = true
    this.#frames.length = 0
    this.#stamps.length = 0
    this.#runBytes = null
    this.pending = 0
  }

  /** Bytes behind the fixed header. */
  #body(message: Message, hasId: boolean): number {
    const topic = extras.aliasKnown ? 0 : message.topic.length
    const body = 2 + topic + (hasId ? 2 : 0) + message.payloadEnd - message.payloadStart
    if (this.version !== 5) return body
    const properties = publishPropertiesLength(extras, message.properties)
    return body + varintLength(properties) + properties
  }

  /** Encodes for this client only, straight behind what it gets already. */
  #writeOwn(message: Message, first: number, id: number): void {
    const slab = this.#context.slabs.messages
    const start = this.#encode(message, first, id)
    this.#extend(slab.bytes, start, slab.at)
    if (message.payloadEnd - message.payloadStart >= large)
      this.#append(new Frame(message.bytes, message.payloadStart, message.payloadEnd, 0), verbatim)
  }

  #writeShared(message: Message, first: number, id: number): void {
    if (message.payloadEnd - message.payloadStart >= large) return this.#writeOwn(message, first, id)
    const frame = this.version === 5 ? this.#frame5(message, first, id) : this.#frame3(message, first, id)
    this.#append(frame, (first << 16) | id)
  }

  #frame3(message: Message, first: number, id: number): Frame {
    if (id === 0) return (message.frame3 ??= this.#frame(message, first, id))
    return (message.frame3Id ??= this.#frame(message, first, id))
  }

  #frame5(message: Message, first: number, id: number): Frame {
    if (id === 0) return (message.frame5 ??= this.#frame(message, first, id))
    return (message.frame5Id ??= this.#frame(message, first, id))
  }

  #frame(message: Message, first: number, id: number): Frame {
    const slab = this.#context.slabs.messages
    const start = this.#encode(message, first, id)
    return new Frame(slab.bytes, start, slab.at, id === 0 ? 0 : idAt)
  }

  /** Encodes into the slab, without the payload if that is large; returns where the packet begins. */
  #encode(message: Message, first: number, id: number): number {
    const slab = this.#context.slabs.messages
    const size = message.payloadEnd - message.payloadStart
    const body = this.#body(message, id !== 0)
    slab.reserve(5 + body - (size >= large ? size : 0))
    const start = slab.at
    const properties = this.version === 5 ? publishPropertiesLength(extras, message.properties) : 0
    idAt = writePublish(slab, first, id, this.version, message.topic, extras, message.properties, properties, body)
    if (size >= large) message.keep()
    else message.writePayload(slab)
    return start
  }

  #extend(bytes: Buffer, start: number, end: number): void {
    if (this.#runBytes === bytes && this.#runEnd === start) {
      this.#runEnd = end
    } else {
      this.#endRun()
      this.#runBytes = bytes
      this.#runStart = start
      this.#runEnd = end
    }
    this.#added(end - start)
  }

  #endRun(): void {
    if (this.#runBytes === null) return
    this.#frames.push(new Frame(this.#runBytes, this.#runStart, this.#runEnd, 0))
    this.#stamps.push(verbatim)
    this.#runBytes = null
  }

  #append(frame: Frame, stamp: number): void {
    if (this.#runBytes !== null) this.#endRun()
    this.#frames.push(frame)
    this.#stamps.push(stamp)
    this.#added(frame.end - frame.start)
  }

  #added(length: number): void {
    this.pending += length
    if (this.#enlisted) {
      if (this.pending > batch && !this.blocked) this.#early()
      return
    }
    this.#enlisted = true
    this.#context.turn.enlist(this)
  }

  #early(): void {
    this.flush()
    this.#enlisted = true
  }

  /** Writes the frames from `index` on that go together; returns the index after them. */
  #writeFrom(index: number): number {
    const frames = this.#frames
    const frame = frames[index]
    const size = frame.end - frame.start
    const last = index + 1 === frames.length
    if (this.#stamps[index] === verbatim && (last || size >= large)) {
      this.#write(frame.bytes.subarray(frame.start, frame.end))
      return index + 1
    }
    let total = size
    let next = index + 1
    while (next < frames.length) {
      const more = frames[next].end - frames[next].start
      if (more >= large || total + more > batch) break
      total += more
      next++
    }
    this.#write(this.#gather(index, next, total))
    return next
  }

  #gather(index: number, next: number, total: number): Buffer {
    const slab = this.#context.slabs.gathered
    slab.reserve(total)
    const to = slab.bytes
    const start = slab.at
    let at = start
    for (let each = index; each < next; each++) {
      const frame = this.#frames[each]
      const stamp = this.#stamps[each]
      frame.bytes.copy(to, at, frame.start, frame.end)
      if (stamp !== verbatim) {
        to[at] = stamp >> 16
        if (frame.idAt > 0) {
          to[at + frame.idAt] = stamp >> 8
          to[at + frame.idAt + 1] = stamp
        }
      }
      at += frame.end - frame.start
    }
    slab.at = at
    return to.subarray(start, at)
  }

  #write(bytes: Buffer): void {
    this.pending -= bytes.length
    this.#context.counters.bytesSent += bytes.length
    if (!this.#wire.write(bytes)) this.blocked = true
  }
}

/** Where the last encoded packet has its packet identifier. */
let idAt = 0

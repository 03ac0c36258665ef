import { Property } from './property.ts'
import { Reason } from './reason.ts'
import { isText } from './text.ts'
import type { Version } from './types.ts'

/** The packet identifier, the alias or the expiry interval is not there. */
export const absent = -1

/**
 * One PUBLISH packet [MQTT 3.3] as bounds within the bytes it was read from. A single object is filled again for every
 * packet, so nothing may keep it.
 */
export class Publish {
  bytes: Buffer = Buffer.alloc(0)
  qos = 0
  retain = false
  dup = false
  topicStart = 0
  topicEnd = 0
  packetId = 0
  payloadStart = 0
  payloadEnd = 0
  /** Topic alias as received, `absent` for none. */
  alias = absent
  /** Message expiry interval in seconds, `absent` for none. */
  expiry = absent
  /** The payload is said to be UTF-8 text (payload format indicator 1). */
  textual = false
  /** What goes on to MQTT 5 receivers unaltered and in order [MQTT-3.3.2-18], as it was encoded; null when nothing. */
  properties: Buffer | null = null
  /** Bounds of the response topic, to be checked for wildcards; equal when there is none. */
  responseStart = 0
  responseEnd = 0
}

/** Decodes the PUBLISH body at [start, end) into `into`. Returns 0, or the reason to end the connection with. */
export function decodePublish(
  first: number,
  bytes: Buffer,
  start: number,
  end: number,
  version: Version,
  maximumUserProperties: number,
  into: Publish,
): Reason | 0 {
  const qos = (first >> 1) & 3
  const topicStart = start + 2
  if (qos === 3 || topicStart > end) return Reason.MalformedPacket
  const topicEnd = topicStart + ((bytes[start] << 8) | bytes[start + 1])
  let at = topicEnd
  if (qos > 0) at += 2
  if (at > end) return Reason.MalformedPacket
  into.bytes = bytes
  into.qos = qos
  into.retain = (first & 1) !== 0
  into.dup = (first & 8) !== 0
  if (qos === 0 && into.dup) return Reason.MalformedPacket // [MQTT-3.3.1-2]
  into.topicStart = topicStart
  into.topicEnd = topicEnd
  into.packetId = qos > 0 ? (bytes[topicEnd] << 8) | bytes[topicEnd + 1] : 0
  if (qos > 0 && into.packetId === 0) return Reason.ProtocolError // [MQTT-2.2.1-3]
  into.alias = absent
  into.expiry = absent
  into.textual = false
  into.properties = null
  into.responseStart = into.responseEnd = 0
  into.payloadStart = at
  into.payloadEnd = end
  if (version !== 5) return 0
  if (at === end) return Reason.MalformedPacket
  if (bytes[at] === 0) {
    into.payloadStart = at + 1
    return 0
  }
  return readPublishProperties(bytes, at, end, maximumUserProperties, into)
}

/** Where the walk over the properties stands: module state rather than a fresh object for each packet. */
let at = 0
let users = 0
let seen = 0

function readPublishProperties(
  bytes: Buffer,
  start: number,
  end: number,
  maximumUserProperties: number,
  into: Publish,
): Reason | 0 {
  let length = 0
  at = start
  for (let shift = 0; ; shift += 7) {
    if (at === end || shift > 21) return Reason.MalformedPacket
    const byte = bytes[at++]
    length |= (byte & 0x7f) << shift
    if (byte >= 0x80) continue
    if (byte === 0 && shift > 0) return Reason.MalformedPacket // [MQTT-1.5.5-1]
    break
  }
  const from = at
  const to = at + length
  if (to > end) return Reason.MalformedPacket
  into.payloadStart = to
  users = maximumUserProperties
  seen = 0
  let consumed = 0
  while (at < to) {
    const before = at
    const wrong = readProperty(bytes, to, into)
    if (wrong !== 0) return wrong
    const id = bytes[before]
    if (id === Property.TopicAlias || id === Property.MessageExpiryInterval) consumed += at - before
  }
  if (consumed < length) into.properties = passedOn(bytes, from, to, length - consumed)
  return 0
}

function readProperty(bytes: Buffer, to: number, into: Publish): Reason | 0 {
  const id = bytes[at++]
  if (id === Property.UserProperty) {
    if (users-- === 0) return Reason.QuotaExceeded
    return readString(bytes, to) && readString(bytes, to) ? 0 : Reason.MalformedPacket
  }
  // Of the identifiers a PUBLISH may carry none is over 0x23: bit 31 stands for the topic alias.
  const bit = id === Property.TopicAlias ? 1 << 31 : 1 << id
  switch (id) {
    case Property.PayloadFormatIndicator:
      if (at + 1 > to) return Reason.MalformedPacket
      if (bytes[at] > 1) return Reason.ProtocolError
      into.textual = bytes[at] === 1
      at += 1
      break
    case Property.MessageExpiryInterval:
      if (at + 4 > to) return Reason.MalformedPacket
      into.expiry = bytes.readUInt32BE(at)
      at += 4
      break
    case Property.TopicAlias:
      if (at + 2 > to) return Reason.MalformedPacket
      into.alias = (bytes[at] << 8) | bytes[at + 1]
      at += 2
      break
    case Property.ResponseTopic:
      into.responseStart = at + 2
      if (!readString(bytes, to)) return Reason.MalformedPacket
      into.responseEnd = at
      break
    case Property.ContentType:
      if (!readString(bytes, to)) return Reason.MalformedPacket
      break
    case Property.CorrelationData:
      if (!readBinary(bytes, to)) return Reason.MalformedPacket
      break
    case Property.SubscriptionIdentifier:
      return Reason.ProtocolError // [MQTT-3.3.4-6]
    default:
      return Reason.MalformedPacket
  }
  if ((seen & bit) !== 0) return Reason.ProtocolError
  seen |= bit
  return 0
}

function readBinary(bytes: Buffer, to: number): boolean {
  if (at + 2 > to) return false
  at += 2 + ((bytes[at] << 8) | bytes[at + 1])
  return at <= to
}

function readString(bytes: Buffer, to: number): boolean {
  const start = at + 2
  return readBinary(bytes, to) && isText(bytes, start, at)
}

/** Copies the properties without those that end with this hop: the topic alias, and the expiry which is counted down. */
function passedOn(bytes: Buffer, from: number, to: number, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  let filled = 0
  for (let next = from; next < to; ) {
    const begin = next
    next = afterProperty(bytes, begin)
    const id = bytes[begin]
    if (id === Property.TopicAlias || id === Property.MessageExpiryInterval) continue
    filled += bytes.copy(copy, filled, begin, next)
  }
  return copy
}

/** The end of a property that was found valid before. */
function afterProperty(bytes: Buffer, start: number): number {
  switch (bytes[start]) {
    case Property.PayloadFormatIndicator:
      return start + 2
    case Property.MessageExpiryInterval:
      return start + 5
    case Property.TopicAlias:
      return start + 3
    case Property.UserProperty:
      return afterField(bytes, afterField(bytes, start + 1))
    default:
      return afterField(bytes, start + 1)
  }
}

function afterField(bytes: Buffer, start: number): number {
  return start + 2 + ((bytes[start] << 8) | bytes[start + 1])
}

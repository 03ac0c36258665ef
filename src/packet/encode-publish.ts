import { Property } from './property.ts'
import type { Slab } from './slab.ts'
import type { Version } from './types.ts'

/** Longer texts are written by the runtime at once. */
const short = 48

/** A topic name: `bytes` is null when its encoding is one byte for each character of `text`. */
export interface EncodableTopic {
  readonly text: string
  readonly bytes: Buffer | null
  readonly length: number
}

/** What differs between the copies of one message for several receivers, besides first byte and packet identifier. */
export interface PublishExtras {
  /** Remaining message expiry interval in seconds, -1 for none. */
  readonly expiry: number
  /** Topic alias to set or use, 0 for none. */
  readonly alias: number
  /** The alias is known to the receiver: the topic is left out. */
  readonly aliasKnown: boolean
  readonly identifiers: readonly number[] | null
}

/** Bytes of the variable byte integer for `value`. */
export function varintLength(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4
}

/** Bytes of the properties of a PUBLISH, without the length before them. */
export function publishPropertiesLength(extras: PublishExtras, properties: Buffer | null): number {
  let length = properties === null ? 0 : properties.length
  if (extras.expiry >= 0) length += 5
  if (extras.alias > 0) length += 3
  if (extras.identifiers !== null) {
    for (let index = 0; index < extras.identifiers.length; index++)
      length += 1 + varintLength(extras.identifiers[index])
  }
  return length
}

/**
 * Appends a PUBLISH packet to the slab, which must have room. `id` is the packet identifier, 0 for QoS 0.
 * `body` is everything behind the fixed header, `propertiesLength` as computed above.
 * Returns where the packet identifier was written, relative to the start of the packet; 0 without one.
 */
export function writePublish(
  slab: Slab,
  first: number,
  id: number,
  version: Version,
  topic: EncodableTopic,
  extras: PublishExtras,
  properties: Buffer | null,
  propertiesLength: number,
  body: number,
): number {
  const to = slab.bytes
  const start = slab.at
  to[start] = first
  let at = writeVarint(to, start + 1, body)
  const topicLength = extras.aliasKnown ? 0 : topic.length
  to[at] = topicLength >> 8
  to[at + 1] = topicLength
  at += 2
  if (topicLength > 0) writeTopic(to, at, topic)
  at += topicLength
  let idAt = 0
  if (id !== 0) {
    idAt = at - start
    to[at] = id >> 8
    to[at + 1] = id
    at += 2
  }
  if (version === 5) {
    at = writeVarint(to, at, propertiesLength)
    if (propertiesLength > 0) at = writeProperties(to, at, extras, properties)
  }
  slab.at = at
  return idAt
}

function writeTopic(to: Buffer, at: number, topic: EncodableTopic): void {
  const { text, bytes, length } = topic
  if (bytes !== null) bytes.copy(to, at)
  else if (length > short) to.write(text, at, 'latin1')
  else for (let index = 0; index < length; index++) to[at + index] = text.charCodeAt(index)
}

function writeProperties(to: Buffer, start: number, extras: PublishExtras, properties: Buffer | null): number {
  let at = start
  if (extras.expiry >= 0) {
    to[at] = Property.MessageExpiryInterval
    at = to.writeUInt32BE(extras.expiry, at + 1)
  }
  if (extras.alias > 0) {
    to[at] = Property.TopicAlias
    at = to.writeUInt16BE(extras.alias, at + 1)
  }
  if (extras.identifiers !== null) {
    for (let index = 0; index < extras.identifiers.length; index++) {
      to[at] = Property.SubscriptionIdentifier
      at = writeVarint(to, at + 1, extras.identifiers[index])
    }
  }
  return properties === null ? at : at + properties.copy(to, at)
}

/** Writes a variable byte integer [MQTT 1.5.5]; returns the end. */
export function writeVarint(to: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 127) {
    to[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  to[at++] = rest
  return at
}

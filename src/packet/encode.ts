import { varintLength, writeVarint } from './encode-publish.ts'
import { Property, type UserProperties } from './property.ts'
import { Reason } from './reason.ts'
import type { Slab } from './slab.ts'
import { PacketType, type Version } from './types.ts'

/** The properties a server sends anywhere but in PUBLISH. Absent ones are left out. */
export interface ServerProperties {
  readonly sessionExpiryInterval?: number
  readonly receiveMaximum?: number
  readonly maximumQos?: number
  readonly retainAvailable?: number
  readonly maximumPacketSize?: number
  readonly assignedClientIdentifier?: string
  readonly topicAliasMaximum?: number
  readonly reasonString?: string
  readonly wildcardSubscriptionAvailable?: number
  readonly subscriptionIdentifierAvailable?: number
  readonly sharedSubscriptionAvailable?: number
  readonly serverKeepAlive?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly authenticationMethod?: string
  readonly authenticationData?: Buffer
  readonly userProperties?: UserProperties
}

export const pingresp = Buffer.from([PacketType.Pingresp << 4, 0])

/** What almost all clients of MQTT 3 are told. */
const accepted = [0, 1].map((flags) => Buffer.from([PacketType.Connack << 4, 2, flags, 0]))

const noProperties: ServerProperties = {}

/** CONNACK [MQTT 3.2]. `code` is a reason code for MQTT 5, a return code for MQTT 3. */
export function encodeConnack(
  version: Version,
  sessionPresent: boolean,
  code: number,
  properties: ServerProperties,
  maximum: number,
): Buffer {
  // MQTT 3.1 has nothing in this byte.
  const flags = sessionPresent && version !== 3 ? 1 : 0
  if (version !== 5 && code === 0) return accepted[flags]!
  if (version !== 5) return Buffer.from([PacketType.Connack << 4, 2, flags, code])
  return packet(PacketType.Connack << 4, Buffer.from([flags, code]), properties, null, maximum)
}

/** SUBACK [MQTT 3.9] and UNSUBACK [MQTT 3.11]; `codes` as the version has them, none for UNSUBACK of MQTT 3. */
export function encodeSuback(
  type: typeof PacketType.Suback | typeof PacketType.Unsuback,
  version: Version,
  packetId: number,
  codes: readonly number[],
  reasonString: string | null,
  maximum: number,
): Buffer {
  const head = Buffer.from([packetId >> 8, packetId])
  const tail = Buffer.from(type === PacketType.Unsuback && version !== 5 ? [] : codes)
  if (version !== 5) return frame(type << 4, [head, tail])
  return packet(type << 4, head, reasonString === null ? noProperties : { reasonString }, tail, maximum)
}

/** DISCONNECT of MQTT 5 [MQTT 3.14]. */
export function encodeDisconnect(reason: Reason, properties: ServerProperties, maximum: number): Buffer {
  return packet(PacketType.Disconnect << 4, Buffer.from([reason]), properties, null, maximum)
}

/** AUTH [MQTT 3.15]. */
export function encodeAuth(reason: Reason, properties: ServerProperties, maximum: number): Buffer {
  return packet(PacketType.Auth << 4, Buffer.from([reason]), properties, null, maximum)
}

/**
 * Appends PUBACK, PUBREC, PUBREL or PUBCOMP to the slab. The reason is left out where it is Success, and for MQTT 3;
 * the reason string where it would make the packet larger than `maximum` [MQTT-3.4.2-2].
 */
export function writeAcknowledgement(
  slab: Slab,
  version: Version,
  type: PacketType,
  packetId: number,
  reason: number,
  reasonString: string | null,
  maximum: number,
): void {
  const first = (type << 4) | (type === PacketType.Pubrel ? 2 : 0)
  if (version === 5 && reason !== Reason.Success && reasonString !== null) {
    const bytes = packet(first, Buffer.from([packetId >> 8, packetId, reason]), { reasonString }, null, maximum)
    slab.reserve(bytes.length)
    slab.at += bytes.copy(slab.bytes, slab.at)
    return
  }
  slab.reserve(5)
  const to = slab.bytes
  const at = slab.at
  const long = version === 5 && reason !== Reason.Success
  to[at] = first
  to[at + 1] = long ? 3 : 2
  to[at + 2] = packetId >> 8
  to[at + 3] = packetId
  if (long) to[at + 4] = reason
  slab.at = at + (long ? 5 : 4)
}

/** Encodes a packet; without its reason string if it would be over `maximum` bytes with it. */
function packet(
  first: number,
  head: Buffer,
  properties: ServerProperties,
  tail: Buffer | null,
  maximum: number,
): Buffer {
  const whole = withProperties(first, head, properties, tail)
  if (whole.length <= maximum) return whole
  const { reasonString: _, userProperties: __, ...rest } = properties
  return withProperties(first, head, rest, tail)
}

function withProperties(first: number, head: Buffer, properties: ServerProperties, tail: Buffer | null): Buffer {
  const encoded = encodeProperties(properties)
  const length = Buffer.alloc(varintLength(encoded.length))
  writeVarint(length, 0, encoded.length)
  return frame(first, tail === null ? [head, length, encoded] : [head, length, encoded, tail])
}

function frame(first: number, parts: readonly Buffer[]): Buffer {
  let body = 0
  for (const part of parts) body += part.length
  const header = Buffer.alloc(1 + varintLength(body))
  header[0] = first
  writeVarint(header, 1, body)
  return Buffer.concat([header, ...parts], header.length + body)
}

function encodeProperties(properties: ServerProperties): Buffer {
  const parts: Buffer[] = []
  number(parts, Property.SessionExpiryInterval, 4, properties.sessionExpiryInterval)
  number(parts, Property.ReceiveMaximum, 2, properties.receiveMaximum)
  number(parts, Property.MaximumQos, 1, properties.maximumQos)
  number(parts, Property.RetainAvailable, 1, properties.retainAvailable)
  number(parts, Property.MaximumPacketSize, 4, properties.maximumPacketSize)
  text(parts, Property.AssignedClientIdentifier, properties.assignedClientIdentifier)
  number(parts, Property.TopicAliasMaximum, 2, properties.topicAliasMaximum)
  text(parts, Property.ReasonString, properties.reasonString)
  number(parts, Property.WildcardSubscriptionAvailable, 1, properties.wildcardSubscriptionAvailable)
  number(parts, Property.SubscriptionIdentifierAvailable, 1, properties.subscriptionIdentifierAvailable)
  number(parts, Property.SharedSubscriptionAvailable, 1, properties.sharedSubscriptionAvailable)
  number(parts, Property.ServerKeepAlive, 2, properties.serverKeepAlive)
  text(parts, Property.ResponseInformation, properties.responseInformation)
  text(parts, Property.ServerReference, properties.serverReference)
  text(parts, Property.AuthenticationMethod, properties.authenticationMethod)
  if (properties.authenticationData !== undefined)
    parts.push(Buffer.from([Property.AuthenticationData]), prefixed(properties.authenticationData))
  for (const [name, value] of properties.userProperties ?? [])
    parts.push(Buffer.from([Property.UserProperty]), prefixed(Buffer.from(name)), prefixed(Buffer.from(value)))
  return Buffer.concat(parts)
}

function number(parts: Buffer[], id: number, width: 1 | 2 | 4, value: number | undefined): void {
  if (value === undefined) return
  const bytes = Buffer.alloc(1 + width)
  bytes[0] = id
  bytes.writeUIntBE(value, 1, width)
  parts.push(bytes)
}

function text(parts: Buffer[], id: number, value: string | undefined): void {
  if (value !== undefined) parts.push(Buffer.from([id]), prefixed(Buffer.from(value)))
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

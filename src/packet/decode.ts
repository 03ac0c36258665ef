import { Cursor } from './cursor.ts'
import { Place, type Properties, readProperties } from './properties.ts'
import { Reason } from './reason.ts'
import { PacketType, type Qos, type Version } from './types.ts'

/** One filter of a SUBSCRIBE packet with its options [MQTT 3.8.3.1]. MQTT 3 has the maximum QoS only. */
export interface SubscriptionRequest {
  readonly filter: string
  readonly qos: Qos
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

export interface Subscribe {
  readonly packetId: number
  readonly requests: readonly SubscriptionRequest[]
  /** The subscription identifier, 0 for none. */
  readonly identifier: number
}

export interface Unsubscribe {
  readonly packetId: number
  readonly filters: readonly string[]
}

/** DISCONNECT and AUTH: a reason code and properties. */
export interface ReasonPacket {
  readonly reason: number
  readonly properties: Properties
}

/** What every decoder here answers instead of a packet: the reason to end the connection with. */
export interface Fault {
  readonly fault: Reason
  readonly detail: string
}

export interface DecodeLimits {
  readonly maximumUserProperties: number
  readonly maximumFiltersPerSubscribe: number
}

const cursor = new Cursor()
const fault = (reason: Reason, detail: string): Fault => ({ fault: reason, detail })

/** Decodes the body of a SUBSCRIBE packet [MQTT 3.8]. */
export function decodeSubscribe(
  bytes: Buffer,
  start: number,
  end: number,
  version: Version,
  limits: DecodeLimits,
): Subscribe | Fault {
  cursor.reset(bytes, start, end)
  const packetId = cursor.uint16()
  const properties: Properties = {}
  if (version === 5) {
    const wrong = readProperties(cursor, Place.Subscribe, properties, limits.maximumUserProperties)
    if (wrong !== 0) return fault(wrong, 'the properties of SUBSCRIBE')
  }
  const requests: SubscriptionRequest[] = []
  while (!cursor.done) {
    if (requests.length === limits.maximumFiltersPerSubscribe)
      return fault(Reason.QuotaExceeded, 'too many filters in one SUBSCRIBE')
    const request = decodeRequest(version)
    if ('fault' in request) return request
    requests.push(request)
  }
  const wrong = checkFilters(packetId, requests.length)
  if (wrong !== null) return wrong
  return { packetId, requests, identifier: properties.subscriptionIdentifier ?? 0 }
}

function decodeRequest(version: Version): SubscriptionRequest | Fault {
  const filter = cursor.text()
  const options = cursor.byte()
  if (cursor.failed) return fault(Reason.MalformedPacket, 'a topic filter without options, or ill-formed')
  if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0)
    return fault(Reason.MalformedPacket, 'reserved bits in the subscription options')
  const qos = options & 3
  const handling = (options >> 4) & 3
  if (qos === 3) return fault(Reason.ProtocolError, 'a subscription with QoS 3')
  if (handling === 3) return fault(Reason.ProtocolError, 'a subscription with retain handling 3')
  return {
    filter,
    qos: qos === 2 ? 2 : qos === 1 ? 1 : 0,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: handling === 2 ? 2 : handling === 1 ? 1 : 0,
  }
}

/** Decodes the body of an UNSUBSCRIBE packet [MQTT 3.10]. */
export function decodeUnsubscribe(
  bytes: Buffer,
  start: number,
  end: number,
  version: Version,
  limits: DecodeLimits,
): Unsubscribe | Fault {
  cursor.reset(bytes, start, end)
  const packetId = cursor.uint16()
  if (version === 5) {
    const wrong = readProperties(cursor, Place.Unsubscribe, {}, limits.maximumUserProperties)
    if (wrong !== 0) return fault(wrong, 'the properties of UNSUBSCRIBE')
  }
  const filters: string[] = []
  while (!cursor.done) {
    if (filters.length === limits.maximumFiltersPerSubscribe)
      return fault(Reason.QuotaExceeded, 'too many filters in one UNSUBSCRIBE')
    filters.push(cursor.text())
  }
  return checkFilters(packetId, filters.length) ?? { packetId, filters }
}

function checkFilters(packetId: number, count: number): Fault | null {
  if (cursor.failed) return fault(Reason.MalformedPacket, 'a field is missing or ill-formed')
  if (packetId === 0) return fault(Reason.ProtocolError, 'packet identifier 0')
  return count === 0 ? fault(Reason.ProtocolError, 'no topic filter') : null
}

/** What PUBACK, PUBREC, PUBREL and PUBCOMP say [MQTT 3.4]; one object, overwritten by each call of decodeAcknowledgement. */
export class Acknowledgement {
  packetId = 0
  reason = 0
}

const accepted = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const released = [0x00, 0x92]

/** Decodes an acknowledgement of the packet type `type` into `into`. Returns 0, or the reason to end the connection with. */
export function decodeAcknowledgement(
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
  version: Version,
  maximumUserProperties: number,
  into: Acknowledgement,
): Reason | 0 {
  if (end - start < 2) return Reason.MalformedPacket
  into.packetId = (bytes[start] << 8) | bytes[start + 1]
  into.reason = 0
  if (into.packetId === 0) return Reason.ProtocolError
  if (end - start === 2) return 0
  if (version !== 5) return Reason.MalformedPacket
  into.reason = bytes[start + 2]
  const known = type === PacketType.Puback || type === PacketType.Pubrec ? accepted : released
  if (!known.includes(into.reason)) return Reason.ProtocolError // [MQTT-3.4.2-1] [MQTT-3.6.2-1]
  if (end - start === 3) return 0
  cursor.reset(bytes, start + 3, end)
  const wrong = readProperties(cursor, Place.Acknowledgement, {}, maximumUserProperties)
  return wrong === 0 && cursor.at !== cursor.end ? Reason.MalformedPacket : wrong
}

/** Decodes DISCONNECT [MQTT 3.14] or AUTH [MQTT 3.15] of MQTT 5; `place` says whose properties are allowed. */
export function decodeReason(
  bytes: Buffer,
  start: number,
  end: number,
  place: number,
  maximumUserProperties: number,
): ReasonPacket | Fault {
  const properties: Properties = {}
  if (start === end) return { reason: 0, properties }
  if (end - start > 1) {
    cursor.reset(bytes, start + 1, end)
    const wrong = readProperties(cursor, place, properties, maximumUserProperties)
    if (wrong !== 0) return fault(wrong, 'the properties')
    if (cursor.at !== cursor.end) return fault(Reason.MalformedPacket, 'more bytes than the fields')
  }
  return { reason: bytes[start], properties }
}

import type { Cursor } from './cursor.ts'
import { Property, type UserProperties } from './property.ts'
import { Reason } from './reason.ts'

/** The properties of any packet but PUBLISH, decoded. Absent ones are not set. */
export interface Properties {
  payloadFormatIndicator?: number
  messageExpiryInterval?: number
  contentType?: string
  responseTopic?: string
  correlationData?: Buffer
  subscriptionIdentifier?: number
  sessionExpiryInterval?: number
  authenticationMethod?: string
  authenticationData?: Buffer
  requestProblemInformation?: number
  willDelayInterval?: number
  requestResponseInformation?: number
  reasonString?: string
  receiveMaximum?: number
  topicAliasMaximum?: number
  maximumPacketSize?: number
  userProperties?: UserProperties
}

/** Where properties may stand in what a client sends, as bits. */
export const Place = {
  Connect: 1,
  Will: 2,
  Subscribe: 4,
  Unsubscribe: 8,
  Acknowledgement: 16,
  Disconnect: 32,
  Auth: 64,
} as const

const { Connect, Will, Subscribe, Unsubscribe, Acknowledgement, Disconnect, Auth } = Place
const everywhere = Connect | Will | Subscribe | Unsubscribe | Acknowledgement | Disconnect | Auth

/** Places by property identifier [MQTT table 2-4], PUBLISH and what only servers send left out. */
const places: Readonly<Record<number, number>> = {
  [Property.PayloadFormatIndicator]: Will,
  [Property.MessageExpiryInterval]: Will,
  [Property.ContentType]: Will,
  [Property.ResponseTopic]: Will,
  [Property.CorrelationData]: Will,
  [Property.SubscriptionIdentifier]: Subscribe,
  [Property.SessionExpiryInterval]: Connect | Disconnect,
  [Property.AuthenticationMethod]: Connect | Auth,
  [Property.AuthenticationData]: Connect | Auth,
  [Property.RequestProblemInformation]: Connect,
  [Property.WillDelayInterval]: Will,
  [Property.RequestResponseInformation]: Connect,
  [Property.ReasonString]: Acknowledgement | Disconnect | Auth,
  [Property.ReceiveMaximum]: Connect,
  [Property.TopicAliasMaximum]: Connect,
  [Property.UserProperty]: everywhere,
  [Property.MaximumPacketSize]: Connect,
}

/**
 * Reads the property length and the properties of a packet into `into`. Returns 0, or the reason: Malformed Packet for
 * a property that is unknown or out of place, Protocol Error for one that stands twice or is out of its range
 * [MQTT 2.2.2.2], Quota Exceeded for more user properties than `maximumUserProperties`.
 */
export function readProperties(
  cursor: Cursor,
  place: number,
  into: Properties,
  maximumUserProperties: number,
): Reason | 0 {
  const length = cursor.varint()
  const end = cursor.at + length
  if (cursor.failed || end > cursor.end) return Reason.MalformedPacket
  const packetEnd = cursor.end
  cursor.end = end
  const users: [string, string][] = []
  let seen = 0n
  while (!cursor.done) {
    const id = cursor.varint()
    if (((places[id] ?? 0) & place) === 0) return Reason.MalformedPacket
    if (id === Property.UserProperty) {
      if (users.length === maximumUserProperties) return Reason.QuotaExceeded
      users.push([cursor.text(), cursor.text()])
      continue
    }
    const bit = 1n << BigInt(id)
    if ((seen & bit) !== 0n) return Reason.ProtocolError
    seen |= bit
    const wrong = readOne(cursor, id, into)
    if (wrong !== 0) return wrong
  }
  cursor.end = packetEnd
  if (users.length > 0) into.userProperties = users
  return cursor.failed ? Reason.MalformedPacket : 0
}

function readOne(cursor: Cursor, id: number, into: Properties): Reason | 0 {
  switch (id) {
    case Property.PayloadFormatIndicator:
      return flag((into.payloadFormatIndicator = cursor.byte()))
    case Property.RequestProblemInformation:
      return flag((into.requestProblemInformation = cursor.byte()))
    case Property.RequestResponseInformation:
      return flag((into.requestResponseInformation = cursor.byte()))
    case Property.SubscriptionIdentifier:
      return positive(cursor, (into.subscriptionIdentifier = cursor.varint()))
    case Property.ReceiveMaximum:
      return positive(cursor, (into.receiveMaximum = cursor.uint16()))
    case Property.MaximumPacketSize:
      return positive(cursor, (into.maximumPacketSize = cursor.uint32()))
    case Property.TopicAliasMaximum:
      into.topicAliasMaximum = cursor.uint16()
      return 0
    case Property.MessageExpiryInterval:
      into.messageExpiryInterval = cursor.uint32()
      return 0
    case Property.SessionExpiryInterval:
      into.sessionExpiryInterval = cursor.uint32()
      return 0
    case Property.WillDelayInterval:
      into.willDelayInterval = cursor.uint32()
      return 0
    case Property.CorrelationData:
      into.correlationData = cursor.binary()
      return 0
    case Property.AuthenticationData:
      into.authenticationData = cursor.binary()
      return 0
    default:
      return readTextProperty(cursor, id, into)
  }
}

function readTextProperty(cursor: Cursor, id: number, into: Properties): Reason | 0 {
  const text = cursor.text()
  if (id === Property.ContentType) into.contentType = text
  else if (id === Property.ResponseTopic) into.responseTopic = text
  else if (id === Property.AuthenticationMethod) into.authenticationMethod = text
  else into.reasonString = text
  return 0
}

function flag(value: number): Reason | 0 {
  return value > 1 ? Reason.ProtocolError : 0
}

/** Zero is a Protocol Error, unless it was answered for a field that is not there. */
function positive(cursor: Cursor, value: number): Reason | 0 {
  return value === 0 && !cursor.failed ? Reason.ProtocolError : 0
}

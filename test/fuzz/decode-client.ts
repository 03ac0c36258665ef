import {
  Acknowledgement,
  decodeAcknowledgement,
  decodeReason,
  decodeSubscribe,
  decodeUnsubscribe,
  type ReasonPacket,
  type Subscribe,
  type Unsubscribe,
} from '../../src/packet/decode.ts'
import { type Connect, decodeConnect } from '../../src/packet/decode-connect.ts'
import { decodePublish, Publish } from '../../src/packet/decode-publish.ts'
import { Place } from '../../src/packet/properties.ts'
import { PacketType, type Version } from '../../src/packet/types.ts'

/** A PUBLISH as values of its own, where the decoder gives bounds within the read buffer. */
export interface PublishView {
  readonly qos: number
  readonly retain: boolean
  readonly dup: boolean
  /** The bytes: the decoder leaves it to the topic names to check them. */
  readonly topic: Buffer
  readonly packetId: number
  readonly alias: number
  readonly expiry: number
  readonly textual: boolean
  readonly response: string | null
  readonly properties: Buffer | null
  readonly payload: Buffer
}

export interface AcknowledgementView {
  readonly type: 4 | 5 | 6 | 7
  readonly packetId: number
  readonly reason: number
}

export type ClientPacket =
  | { readonly kind: 'connect'; readonly packet: Connect }
  | { readonly kind: 'publish'; readonly packet: PublishView }
  | { readonly kind: 'acknowledgement'; readonly packet: AcknowledgementView }
  | { readonly kind: 'subscribe'; readonly packet: Subscribe }
  | { readonly kind: 'unsubscribe'; readonly packet: Unsubscribe }
  | { readonly kind: 'disconnect' | 'auth'; readonly packet: ReasonPacket }

export interface Refused {
  readonly kind: 'refused'
  readonly reason: number
}

export const limits = { maximumUserProperties: 8, maximumFiltersPerSubscribe: 8 }

const publish = new Publish()
const acknowledgement = new Acknowledgement()

/** What the decoders make of a packet of these types, all of which a client may send. */
export function decodeClient(
  version: Version,
  first: number,
  bytes: Buffer,
  start: number,
  end: number,
): ClientPacket | Refused {
  const maximum = limits.maximumUserProperties
  const type = first >> 4
  switch (type) {
    case PacketType.Connect:
      return result('connect', decodeConnect(bytes, start, end, maximum))
    case PacketType.Publish:
      return publishOf(version, first, bytes, start, end)
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp: {
      const wrong = decodeAcknowledgement(type, bytes, start, end, version, maximum, acknowledgement)
      const { packetId, reason } = acknowledgement
      return wrong === 0 ? { kind: 'acknowledgement', packet: { type, packetId, reason } } : refused(wrong)
    }
    case PacketType.Subscribe:
      return result('subscribe', decodeSubscribe(bytes, start, end, version, limits))
    case PacketType.Unsubscribe:
      return result('unsubscribe', decodeUnsubscribe(bytes, start, end, version, limits))
    case PacketType.Disconnect:
      return result('disconnect', decodeReason(bytes, start, end, Place.Disconnect, maximum))
    default:
      return result('auth', decodeReason(bytes, start, end, Place.Auth, maximum))
  }
}

function publishOf(version: Version, first: number, bytes: Buffer, start: number, end: number): ClientPacket | Refused {
  const wrong = decodePublish(first, bytes, start, end, version, limits.maximumUserProperties, publish)
  if (wrong !== 0) return refused(wrong)
  const { qos, retain, dup, packetId, alias, expiry, textual, properties, responseStart, responseEnd } = publish
  const packet = {
    ...{ qos, retain, dup, packetId, alias, expiry, textual, properties },
    topic: copy(publish.topicStart, publish.topicEnd),
    response: responseStart === 0 ? null : copy(responseStart, responseEnd).toString(),
    payload: copy(publish.payloadStart, publish.payloadEnd),
  }
  return { kind: 'publish', packet }
}

function copy(start: number, end: number): Buffer {
  return Buffer.from(publish.bytes.subarray(start, end))
}

function refused(reason: number): Refused {
  return { kind: 'refused', reason }
}

function result<Kind extends string, Result extends object>(
  kind: Kind,
  packet: Result,
): { kind: Kind; packet: Exclude<Result, Faulty> } | Refused {
  if (isPacket(packet)) return { kind, packet }
  return refused('fault' in packet && typeof packet.fault === 'number' ? packet.fault : 0)
}

interface Faulty {
  readonly fault: number
}

function isPacket<Result extends object>(result: Result): result is Exclude<Result, Faulty> {
  return !('fault' in result)
}

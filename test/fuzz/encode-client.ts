import type { ReasonPacket, Subscribe, Unsubscribe } from '../../src/packet/decode.ts'
import type { Connect } from '../../src/packet/decode-connect.ts'
import type { Properties } from '../../src/packet/properties.ts'
import type { Version } from '../../src/packet/types.ts'
import { u8, u16, u32 } from '../kit/bytes.ts'
import { type Packets, type ReasonFields, v3, v4, v5 } from '../kit/packets.ts'
import type { BuildProperties } from '../kit/properties.ts'
import type { AcknowledgementView, ClientPacket, PublishView } from './decode-client.ts'

/** The canonical form of a client's packet: what was decoded, with properties by identifier and nothing said twice. */
export function encodeClient(version: Version, client: ClientPacket): Buffer {
  const packets = packetsOf(version)
  switch (client.kind) {
    case 'connect':
      return connect(client.packet)
    case 'publish':
      return publish(packets, client.packet)
    case 'acknowledgement':
      return acknowledgement(packets, client.packet)
    case 'subscribe':
      return subscribe(packets, client.packet)
    case 'unsubscribe':
      return unsubscribe(packets, client.packet)
    case 'disconnect':
      return packets.disconnect(reason(client.packet))
    case 'auth':
      return packets.auth(reason(client.packet))
  }
}

function packetsOf(version: Version): Packets {
  return version === 3 ? v3 : version === 4 ? v4 : v5
}

function connect(packet: Connect): Buffer {
  const { version, cleanStart, keepAlive, clientId, username, password, will, properties } = packet
  return packetsOf(version).connect({
    clean: cleanStart,
    keepAlive,
    clientId,
    properties: section(properties),
    ...(will && { will: { ...will, properties: section(will.properties) } }),
    ...(username !== null && { username }),
    ...(password !== null && { password }),
  })
}

function publish(packets: Packets, view: PublishView): Buffer {
  const { topic, payload, qos, retain, dup, packetId } = view
  const properties: Buffer[] = []
  if (view.expiry >= 0) properties.push(u8(0x02), u32(view.expiry))
  if (view.alias >= 0) properties.push(u8(0x23), u16(view.alias))
  if (view.properties !== null) properties.push(view.properties)
  const id = qos > 0 ? packetId : null
  return packets.publish({ topic, payload, qos, retain, dup, id, properties: Buffer.concat(properties) })
}

function acknowledgement(packets: Packets, { type, packetId, reason: code }: AcknowledgementView): Buffer {
  const fields = code === 0 ? {} : { reason: code }
  if (type === 4) return packets.puback(packetId, fields)
  if (type === 5) return packets.pubrec(packetId, fields)
  return type === 6 ? packets.pubrel(packetId, fields) : packets.pubcomp(packetId, fields)
}

function subscribe(packets: Packets, { packetId, requests, identifier }: Subscribe): Buffer {
  const properties = identifier === 0 ? {} : { subscriptionIdentifier: identifier }
  return packets.subscribe({ id: packetId, filters: requests, properties })
}

function unsubscribe(packets: Packets, { packetId, filters }: Unsubscribe): Buffer {
  return packets.unsubscribe({ id: packetId, filters })
}

function reason(packet: ReasonPacket): ReasonFields {
  if (Object.keys(packet.properties).length > 0)
    return { reason: packet.reason, properties: section(packet.properties) }
  return packet.reason === 0 ? {} : { reason: packet.reason }
}

function section({ userProperties, ...rest }: Properties): BuildProperties {
  return userProperties === undefined ? rest : { ...rest, userProperty: userProperties }
}

import type { SessionRecord, SubscriptionRecord, WillRecord } from '../engine/store-ports.ts'
import { varintLength, writeVarint } from '../packet/encode-publish.ts'
import { qosOf, Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'

const sessionHeader = 13

export function encodeSession(key: Buffer, record: SessionRecord): Buffer {
  const principal = Buffer.byteLength(record.principal)
  const principalAt = sessionHeader + varintLength(principal)
  const clientIdAt = principalAt + principal
  const length = clientIdAt + Buffer.byteLength(record.clientId)
  const value = Buffer.allocUnsafe(length + sumLength)
  value[0] = record.perhapsSent ? 1 : 0
  value.writeUInt32BE(record.expiryInterval, 1)
  value.writeDoubleBE(record.leftAt, 5)
  writeVarint(value, sessionHeader, principal)
  value.write(record.principal, principalAt)
  value.write(record.clientId, clientIdAt)
  writeSum(Table.Sessions, key, value, length)
  return value
}

/** Throws RangeError when the value is cut off. */
export function decodeSession(key: Buffer, value: Buffer): SessionRecord {
  let principal = 0
  let principalAt = sessionHeader
  for (let shift = 0, more = true; more; shift += 7) {
    const byte = value.readUInt8(principalAt++)
    principal += (byte & 0x7f) * 2 ** shift
    more = byte > 0x7f && shift < 21
  }
  const clientIdAt = principalAt + principal
  if (clientIdAt > value.length - sumLength) throw new RangeError('the session is cut off')
  return {
    number: key.readUInt32BE(),
    clientId: value.toString('utf8', clientIdAt, value.length - sumLength),
    principal: value.toString('utf8', principalAt, clientIdAt),
    expiryInterval: value.readUInt32BE(1),
    leftAt: value.readDoubleBE(5),
    perhapsSent: value[0] === 1,
  }
}

export function encodeSubscription(key: Buffer, record: SubscriptionRecord): Buffer {
  const length = 5 + Buffer.byteLength(record.filter)
  const value = Buffer.allocUnsafe(length + sumLength)
  value[0] = record.qos | (record.noLocal ? 4 : 0) | (record.retainAsPublished ? 8 : 0)
  value.writeUInt32BE(record.identifier, 1)
  value.write(record.filter, 5)
  writeSum(Table.Subscriptions, key, value, length)
  return value
}

export function decodeSubscription(value: Buffer): SubscriptionRecord {
  return {
    filter: value.toString('utf8', 5, value.length - sumLength),
    qos: qosOf(value[0]),
    noLocal: (value[0] & 4) !== 0,
    retainAsPublished: (value[0] & 8) !== 0,
    identifier: value.readUInt32BE(1),
  }
}

const willHeader = 17

export function encodeWill(key: Buffer, record: WillRecord): Buffer {
  const { clientId, topic, properties, payload, actor } = record
  const header = Buffer.allocUnsafe(willHeader)
  header[0] = record.qos | (record.retain ? 4 : 0) | (properties === null ? 0 : 8)
  header.writeUInt32BE(record.delay, 1)
  header.writeInt32BE(record.expiryInterval > 0x7fff_ffff ? 0x7fff_ffff : record.expiryInterval, 5)
  header.writeDoubleBE(record.dueAt, 9)
  const pieces = [Buffer.from(clientId), Buffer.from(topic), properties ?? Buffer.alloc(0), payload, Buffer.from(actor)]
  const value = Buffer.concat([header, ...pieces.flatMap((piece) => [lengthOf(piece), piece]), Buffer.alloc(sumLength)])
  writeSum(Table.Wills, key, value, value.length - sumLength)
  return value
}

function lengthOf(piece: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(piece.length)
  return length
}

export function decodeWill(key: Buffer, value: Buffer): WillRecord {
  const options = value[0]
  const pieces: Buffer[] = []
  // Wills of versions before there were rules have four pieces.
  for (let at = willHeader; pieces.length < 4 || at < value.length - sumLength; ) {
    const end = at + 4 + value.readUInt32BE(at)
    pieces.push(Buffer.from(value.subarray(at + 4, end)))
    at = end
  }
  const [clientId, topic, properties, payload, actor = ''] = pieces
  return {
    number: key.readUInt32BE(),
    clientId: clientId.toString(),
    actor: actor.toString(),
    topic: topic.toString(),
    qos: qosOf(options),
    retain: (options & 4) !== 0,
    properties: (options & 8) === 0 ? null : properties,
    payload,
    delay: value.readUInt32BE(1),
    expiryInterval: value.readInt32BE(5),
    dueAt: value.readDoubleBE(9),
  }
}

/** What is kept for a QoS 2 packet identifier, which is in the key. */
export function encodeReceived(key: Buffer): Buffer {
  const value = Buffer.allocUnsafe(sumLength)
  writeSum(Table.Received, key, value, 0)
  return value
}

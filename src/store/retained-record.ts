import type { Clock } from '../base/clock.ts'
import { Message, never, weightOf } from '../engine/message.ts'
import type { TopicNames } from '../topic/name.ts'
import { qosOf, Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'

/**
 *     value = options u8, expires at f64 (wall-clock milliseconds, 0 for never), topic length u16, publisher length u16,
 *             properties length u32, topic, publisher, properties, payload, sum
 */
const header = 17
const hasProperties = 4

export function encodeRetained(key: Buffer, message: Message, clock: Clock): Buffer {
  const { topic, properties, publisher } = message
  const publisherLength = Buffer.byteLength(publisher)
  const propertiesLength = properties === null ? 0 : properties.length
  const end = header + topic.length + publisherLength + propertiesLength + message.size
  const value = Buffer.allocUnsafe(end + sumLength)
  value[0] = message.qos | (properties === null ? 0 : hasProperties)
  value.writeDoubleBE(wallExpiry(message, clock), 1)
  value.writeUInt16BE(topic.length, 9)
  value.writeUInt16BE(publisherLength, 11)
  value.writeUInt32BE(propertiesLength, 13)
  let at = header
  value.write(topic.text, at)
  at += topic.length
  value.write(publisher, at)
  at += publisherLength
  if (properties !== null) properties.copy(value, at)
  message.copyPayload(value, at + propertiesLength)
  writeSum(Table.Retained, key, value, end)
  return value
}

/** Null when the topic is not one any more. The message refers to `value`. */
export function decodeRetained(value: Buffer, names: TopicNames, clock: Clock): Message | null {
  const topicEnd = header + value.readUInt16BE(9)
  const topic = names.find(value, header, topicEnd)
  if (topic === null) return null
  const propertiesAt = topicEnd + value.readUInt16BE(11)
  const payloadAt = propertiesAt + value.readUInt32BE(13)
  const properties = (value[0] & hasProperties) === 0 ? null : value.subarray(propertiesAt, payloadAt)
  const publisher = value.toString('utf8', topicEnd, propertiesAt)
  const expiresAt = clockExpiry(value.readDoubleBE(1), clock)
  const end = value.length - sumLength
  return new Message(topic, qosOf(value[0]), true, properties, expiresAt, publisher, value, payloadAt, end)
}

export function topicOf(value: Buffer): string {
  return value.toString('utf8', header, header + value.readUInt16BE(9))
}

export function expiryOf(value: Buffer): number {
  return value.readDoubleBE(1)
}

export function weightOfRetained(value: Buffer): number {
  return weightOf(value.readUInt16BE(9), payloadLength(value), value.readUInt32BE(13))
}

/** Negative when the value cannot be one. */
export function payloadLength(value: Buffer): number {
  const before = header + value.readUInt16BE(9) + value.readUInt16BE(11) + value.readUInt32BE(13)
  return value.length - sumLength - before
}

/** When a message expires in wall-clock milliseconds, which go on while the broker is down; 0 for never. */
export function wallExpiry(message: Message, clock: Clock): number {
  return message.expiresAt === never ? 0 : message.expiresAt - clock.now() + clock.wall()
}

export function clockExpiry(expiresAt: number, clock: Clock): number {
  return expiresAt === 0 ? never : expiresAt - clock.wall() + clock.now()
}

import type { IPublishPacket } from 'mqtt'
import type { Received } from './received.ts'
import { isoTime } from './strftime.ts'

/** A message as one JSON object; `raw` puts a payload that is JSON itself in as it is. */
export function jsonText(message: Received, raw: boolean): string {
  const { topic, payload, packet, time } = message
  const microseconds = String(Math.floor((time % 1_000) * 1_000)).padStart(6, '0')
  const properties = packet.properties === undefined ? {} : propertiesOf(packet.properties)
  const head = {
    tst: isoTime(new Date(time), `.${microseconds}`),
    topic,
    qos: packet.qos,
    retain: packet.retain ? 1 : 0,
    payloadlen: payload.length,
    ...(packet.qos === 0 ? {} : { mid: packet.messageId }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  }
  const text = payload.toString('utf8')
  if (!raw) return JSON.stringify({ ...head, payload: text })
  if (!isJson(text)) {
    console.error(`petaltail: the payload is no JSON on topic ${JSON.stringify(topic)}`)
    return ''
  }
  // The payload keeps its own spelling of numbers and its order of members.
  return `${JSON.stringify(head).slice(0, -1)},"payload":${text.trim() === '' ? '""' : text}}`
}

function propertiesOf(given: NonNullable<IPublishPacket['properties']>): Record<string, unknown> {
  return {
    ...(given.subscriptionIdentifier === undefined ? {} : { 'subscription-identifier': given.subscriptionIdentifier }),
    ...(given.topicAlias === undefined ? {} : { 'topic-alias': given.topicAlias }),
    ...(given.userProperties === undefined ? {} : { 'user-properties': { ...given.userProperties } }),
    ...(given.contentType === undefined ? {} : { 'content-type': given.contentType }),
    ...(given.correlationData === undefined ? {} : { 'correlation-data': given.correlationData.toString('utf8') }),
    ...(given.responseTopic === undefined ? {} : { 'response-topic': given.responseTopic }),
    ...(given.payloadFormatIndicator === undefined
      ? {}
      : { 'payload-format-indicator': given.payloadFormatIndicator ? 1 : 0 }),
    ...(given.messageExpiryInterval === undefined ? {} : { 'message-expiry-interval': given.messageExpiryInterval }),
  }
}

function isJson(text: string): boolean {
  if (text === '') return true
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

import { BrokerError } from './base/errors.ts'
import type { PublishOptions, ReceivedMessage } from './embedding.ts'
import type { Core } from './engine/core.ts'
import { Message, never } from './engine/message.ts'
import { decodePassedProperties, encodePassedProperties } from './packet/passed-properties.ts'
import { isEncodable } from './packet/text.ts'
import { type Filter, parseFilter } from './topic/filter.ts'

/** A message that begins in this program. @throws BrokerError TOPIC_INVALID for a topic with wildcards or over the limits. */
export function messageOf(
  { names, clock }: Core,
  publisher: string,
  topic: string,
  payload: string | Uint8Array,
  options: PublishOptions,
): Message {
  const name = isEncodable(topic) ? names.of(topic) : null
  if (name === null || !name.valid)
    throw new BrokerError('TOPIC_INVALID', `${JSON.stringify(topic)} cannot be published to`)
  const bytes = Buffer.from(payload)
  clock.refresh()
  const { messageExpiryInterval, qos = 0, retain = false } = options
  const expiresAt = messageExpiryInterval === undefined ? never : clock.now() + messageExpiryInterval * 1_000
  const properties = encodePassedProperties(options)
  return new Message(name, qos, retain, properties, expiresAt, publisher, bytes, 0, bytes.length)
}

/** A filter this program subscribes to. @throws BrokerError TOPIC_INVALID for an invalid or a shared one. */
export function filterOf(text: string): Filter {
  const filter = isEncodable(text) ? parseFilter(text) : null
  if (filter === null || filter.share !== null)
    throw new BrokerError('TOPIC_INVALID', `${JSON.stringify(text)} is not a topic filter to subscribe to`)
  return filter
}

/** What this program is given of a message. */
export function received(message: Message, retain: boolean): ReceivedMessage {
  return {
    topic: message.topic.text,
    payload: Buffer.from(message.payload),
    qos: message.qos,
    retain,
    properties: decodePassedProperties(message.properties),
    publisher: message.publisher,
  }
}

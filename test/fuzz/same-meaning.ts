import type { Packet } from 'mqtt-packet'
import type { Connect, Will } from '../../src/packet/decode-connect.ts'
import type { Properties } from '../../src/packet/properties.ts'
import type { Version } from '../../src/packet/types.ts'
import { Reader, varint } from '../kit/bytes.ts'
import { readProperties } from '../kit/properties.ts'
import type { ClientPacket, PublishView } from './decode-client.ts'

/** Fields in one form for both decoders: buffers as hexadecimal, flags as booleans, user properties by name. */
export type Meaning = Readonly<Record<string, unknown>>

/** What we understood. */
export function ours(version: Version, client: ClientPacket): Meaning {
  switch (client.kind) {
    case 'connect':
      return connect(client.packet)
    case 'publish':
      return publish(version, client.packet)
    case 'acknowledgement': {
      const { type, packetId, reason } = client.packet
      const cmd = { 4: 'puback', 5: 'pubrec', 6: 'pubrel', 7: 'pubcomp' }[type]
      return { cmd, messageId: packetId, ...(version === 5 && { reasonCode: reason }) }
    }
    case 'subscribe': {
      const { packetId, requests, identifier } = client.packet
      const subscriptions = requests.map((one) => ({
        topic: one.filter,
        qos: one.qos,
        ...(version === 5 && { nl: one.noLocal, rap: one.retainAsPublished, rh: one.retainHandling }),
      }))
      return { cmd: 'subscribe', messageId: packetId, subscriptions, subscriptionIdentifier: identifier }
    }
    case 'unsubscribe':
      return { cmd: 'unsubscribe', messageId: client.packet.packetId, unsubscriptions: client.packet.filters }
    case 'disconnect':
    case 'auth':
      return { cmd: client.kind, reasonCode: client.packet.reason, properties: propertiesOf(client.packet.properties) }
  }
}

/** What mqtt-packet understood, without the fields our decoders do not give because nobody needs them. */
export function theirs(version: Version, packet: Packet): Meaning {
  const { cmd, messageId } = packet
  switch (packet.cmd) {
    case 'connect': {
      const { protocolVersion, clean, keepalive, clientId, username, password, will, properties } = packet
      const { topic, payload, qos, retain, properties: more } = will ?? {}
      const theWill = will && { topic, payload: plain(payload), qos, retain, properties: plain(more ?? {}) }
      return plainFields({
        ...{ cmd, protocolVersion, clean, keepalive, clientId },
        ...{
          username: username ?? null,
          password: password ?? null,
          will: theWill ?? null,
          properties: properties ?? {},
        },
      })
    }
    case 'publish': {
      const { qos, dup, retain, topic, payload, properties } = packet
      const id = qos > 0 ? messageId : 0
      return plainFields({ cmd, qos, dup, retain, topic, payload, messageId: id, properties: properties ?? {} })
    }
    case 'subscribe': {
      const { subscriptions, properties } = packet
      const subscriptionIdentifier = properties?.subscriptionIdentifier ?? 0
      return plainFields({ cmd, messageId, subscriptions, subscriptionIdentifier })
    }
    case 'unsubscribe':
      return plainFields({ cmd, messageId, unsubscriptions: packet.unsubscriptions })
    case 'disconnect':
    case 'auth':
      return plainFields({ cmd, reasonCode: packet.reasonCode, properties: packet.properties ?? {} })
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return plainFields({ cmd, messageId, ...(version === 5 && { reasonCode: packet.reasonCode }) })
    default:
      return { cmd }
  }
}

function connect(packet: Connect): Meaning {
  const { version, cleanStart, keepAlive, clientId, username, password, will, properties } = packet
  return {
    ...{ cmd: 'connect', protocolVersion: version, clean: cleanStart, keepalive: keepAlive, clientId, username },
    ...{
      password: password?.toString('hex') ?? null,
      will: will && willOf(will),
      properties: propertiesOf(properties),
    },
  }
}

function willOf({ topic, payload, qos, retain, properties }: Will): Meaning {
  return { topic, payload: payload.toString('hex'), qos, retain, properties: propertiesOf(properties) }
}

function publish(version: Version, view: PublishView): Meaning {
  const { qos, dup, retain, topic, packetId, payload, alias, expiry } = view
  const section = view.properties ?? Buffer.alloc(0)
  const { userProperty, ...others } =
    version === 5 ? readProperties(new Reader(Buffer.concat([varint(section.length), section])), 'publish') : {}
  const properties = {
    ...propertiesOf({ ...others, ...(userProperty && { userProperties: userProperty }) }),
    ...(expiry >= 0 && { messageExpiryInterval: expiry }),
    ...(alias >= 0 && { topicAlias: alias }),
  }
  const fields = { cmd: 'publish', qos, dup, retain, messageId: packetId, properties }
  return { ...fields, topic: topic.toString(), payload: payload.toString('hex') }
}

const flags: ReadonlySet<string> = new Set([
  'payloadFormatIndicator',
  'requestProblemInformation',
  'requestResponseInformation',
])

function propertiesOf({ userProperties, ...others }: Omit<Properties, 'subscriptionIdentifier'>): Meaning {
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(others)) {
    if (Buffer.isBuffer(value)) result[name] = value.toString('hex')
    else result[name] = flags.has(name) ? value === 1 : value
  }
  return userProperties === undefined ? result : { ...result, userProperties: byName(userProperties) }
}

/** As mqtt-packet has them: a list where a name repeats; the first value is lost when it is empty. */
function byName(pairs: readonly (readonly [string, string])[]): Meaning {
  const values = new Map<string, string | string[]>()
  for (const [name, value] of pairs) {
    const before = values.get(name)
    if (Array.isArray(before)) before.push(value)
    else values.set(name, before ? [before, value] : value)
  }
  return Object.fromEntries(values)
}

function plainFields(fields: object): Meaning {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]))
}

function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'object' && value !== null ? plainFields(value) : value
}

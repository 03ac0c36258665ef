import { isUtf8 } from 'node:buffer'
import { absent, decodePublish, Publish } from '../packet/decode-publish.ts'
import { Reason } from '../packet/reason.ts'
import { PacketType, type Qos } from '../packet/types.ts'
import { isReserved } from '../topic/filter.ts'
import type { TopicName } from '../topic/name.ts'
import type { Connection } from './connection.ts'
import { denied } from './denied.ts'
import { Message, never } from './message.ts'
import type { Verdict } from './ports.ts'
import { Received } from './received.ts'

const packet = new Publish()
const reserved: Verdict = { allowed: false, why: 'topics under $SYS belong to the broker' }
const dollar = 0x24

/** Serves a PUBLISH packet [MQTT 3.3]: checks it, routes it, acknowledges it. */
export function publish(connection: Connection, first: number, bytes: Buffer, start: number, end: number): void {
  const { core, version } = connection
  const settings = core.settings
  core.counters.publishReceived++
  const wrong = decodePublish(first, bytes, start, end, version, settings.maximumUserProperties, packet)
  if (wrong !== 0) return connection.fail(wrong, 'PUBLISH')
  if (packet.qos > settings.maximumQos) return connection.fail(Reason.QosNotSupported, `QoS ${packet.qos}`) // [MQTT-3.2.2-11]
  if (packet.retain && !settings.retainAvailable)
    return connection.fail(Reason.RetainNotSupported, 'a retained message') // [MQTT-3.2.2-14]
  const topic = topicOf(connection)
  if (topic === null) return
  core.counters.publishBytesReceived += packet.payloadEnd - packet.payloadStart
  if (packet.responseEnd > packet.responseStart && !isResponseTopic(connection))
    return connection.fail(Reason.ProtocolError, 'the response topic')
  const qos: Qos = packet.qos === 0 ? 0 : packet.qos === 1 ? 1 : 2
  if (qos === 2 && repeated(connection, packet.packetId)) return
  if (packet.textual && !isUtf8(bytes.subarray(packet.payloadStart, packet.payloadEnd))) {
    return refuse(connection, topic, qos, packet.packetId, Reason.PayloadFormatInvalid, 'the payload is not UTF-8')
  }
  const expiresAt = packet.expiry === absent ? never : core.clock.now() + packet.expiry * 1_000
  const message = new Message(
    topic,
    qos,
    packet.retain,
    packet.properties,
    expiresAt,
    connection.id,
    bytes,
    packet.payloadStart,
    packet.payloadEnd,
  )
  if (topic.text.charCodeAt(0) === dollar && isReserved(topic.text))
    return deny(connection, message, packet.packetId, reserved)
  const verdict = core.access.publish(connection.actor, topic, qos, packet.retain)
  if (verdict instanceof Promise) return later(connection, message, packet.packetId, verdict)
  accept(connection, message, packet.packetId, verdict)
}

/** The topic the packet names, by itself or through an alias; null when the connection was ended for it. */
function topicOf(connection: Connection): TopicName | null {
  const { bytes, topicStart, topicEnd, alias } = packet
  if (alias === absent && topicEnd > topicStart) return named(connection, bytes, topicStart, topicEnd)
  if (alias === absent) return missing(connection)
  if (alias === 0 || alias > connection.core.settings.topicAliasMaximum) {
    connection.fail(Reason.TopicAliasInvalid, `topic alias ${alias}`) // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
    return null
  }
  if (topicEnd === topicStart) return connection.aliases?.[alias] ?? missing(connection)
  const topic = named(connection, bytes, topicStart, topicEnd)
  if (topic !== null) (connection.aliases ??= [])[alias] = topic
  return topic
}

function missing(connection: Connection): null {
  connection.fail(Reason.ProtocolError, 'neither a topic nor an alias that was set')
  return null
}

function named(connection: Connection, bytes: Buffer, start: number, end: number): TopicName | null {
  const last = connection.lastTopic
  // A name that is not remembered yet is looked up again, so that it will be.
  if (last !== null && last.slot >= 0 && last.is(bytes, start, end)) return last
  const topic = connection.core.names.find(bytes, start, end)
  if (topic === null) connection.fail(Reason.MalformedPacket, 'the topic is not UTF-8')
  else if (!topic.valid) connection.fail(Reason.TopicNameInvalid, 'a wildcard, or too long') // [MQTT-3.3.2-2]
  if (topic === null || !topic.valid) return null
  connection.lastTopic = topic
  return topic
}

function isResponseTopic(connection: Connection): boolean {
  return connection.core.names.find(packet.bytes, packet.responseStart, packet.responseEnd)?.valid ?? false
}

/** A QoS 2 packet identifier that is not released yet: acknowledged again, not delivered again [MQTT-4.3.3-10]. */
function repeated(connection: Connection, packetId: number): boolean {
  const received = connection.session?.received ?? null
  const known = received?.get(packetId)
  if (received === null || known === undefined) return false
  if (known !== connection.serial) {
    received.again(packetId, connection.serial)
    connection.unreleased++
  }
  // What was staged when it first came may still be on its way.
  connection.answer(PacketType.Pubrec, packetId, Reason.Success, null, true)
  return true
}

/** Waits for a decision that must be asked for. The read buffer will be used again meanwhile. */
function later(connection: Connection, message: Message, packetId: number, verdict: Promise<Verdict>): void {
  message.keep()
  connection.wait(verdict, (answer) => accept(connection, message, packetId, answer))
}

function accept(connection: Connection, message: Message, packetId: number, verdict: Verdict): void {
  if (!verdict.allowed) return deny(connection, message, packetId, verdict)
  const qos = message.qos
  if (qos > 0 && connection.version === 5 && connection.unreleased >= connection.core.settings.receiveMaximum) {
    return connection.fail(Reason.ReceiveMaximumExceeded, 'more unacknowledged messages than announced') // [MQTT-3.3.4-7]
  }
  if (message.retain && message.size > 0 && !connection.core.retained.admits(message)) {
    return refuse(
      connection,
      message.topic,
      qos,
      packetId,
      Reason.QuotaExceeded,
      'the broker keeps no more retained messages',
    )
  }
  const { router, store } = connection.core
  if (qos > 0 && store.condition === 'failing' && (message.retain || router.keeps(message.topic)))
    return unsafe(connection, message, packetId, verdict)
  const changes = store.changes
  if (qos === 2) receive(connection, packetId)
  const reached = router.route(message)
  const staged = store.changes !== changes
  if (staged && store.condition === 'behind') connection.wait(connection.core.commits.ok(), nothing)
  if (qos === 0) return
  const reason = reached === 0 ? Reason.NoMatchingSubscribers : Reason.Success
  connection.answer(qos === 1 ? PacketType.Puback : PacketType.Pubrec, packetId, reason, null, staged)
}

/** A QoS 2 packet identifier came for the first time. */
function receive(connection: Connection, packetId: number): void {
  const { session, core, serial } = connection
  connection.unreleased++
  if (session === null) return
  session.received ??= new Received(session.number, core.store)
  session.received.add(packetId, serial)
}

/** The store cannot keep the message now: MQTT 5 has a code for that, an MQTT 3 client waits until it can. */
function unsafe(connection: Connection, message: Message, packetId: number, verdict: Verdict): void {
  const { commits } = connection.core
  if (connection.version === 5) {
    const why = `the store fails: ${commits.trouble}`
    return refuse(connection, message.topic, message.qos, packetId, Reason.QuotaExceeded, why)
  }
  message.keep()
  connection.wait(commits.ok(), () => accept(connection, message, packetId, verdict))
}

function nothing(): void {}

/** The rules do not allow the message. The client is told what it may know. */
function deny(connection: Connection, message: Message, packetId: number, verdict: Verdict): void {
  const { core, version, actor, peer } = connection
  const { deniedMqtt3, deniedMqtt5 } = core.settings
  const { topic, qos } = message
  denied(core, actor, 'publish', topic.text, qos, verdict)
  const told = core.access.told(verdict, peer)
  if (version !== 5 && deniedMqtt3 === 'ignore') return ignore(connection, qos, packetId)
  if (version !== 5 || deniedMqtt5 === 'disconnect') {
    core.counters.publishRefused++
    return connection.fail(Reason.NotAuthorized, `publishing to ${topic.text}: ${verdict.why}`, told)
  }
  refuse(connection, topic, qos, packetId, Reason.NotAuthorized, told)
}

/** Acknowledges a message and throws it away [MQTT3-3.3.5-2]. */
function ignore(connection: Connection, qos: Qos, packetId: number): void {
  const { core } = connection
  core.counters.publishRefused++
  if (qos === 0) return
  const changes = core.store.changes
  if (qos === 2) receive(connection, packetId)
  const staged = core.store.changes !== changes
  connection.answer(qos === 1 ? PacketType.Puback : PacketType.Pubrec, packetId, Reason.Success, null, staged)
}

/** Says no to one message: MQTT 5 has a code for it, MQTT 3 can only close [MQTT3-3.3.5-2]. */
function refuse(
  connection: Connection,
  topic: TopicName,
  qos: Qos,
  packetId: number,
  reason: Reason,
  detail: string,
): void {
  connection.core.counters.publishRefused++
  if (connection.version !== 5) return connection.fail(reason, `publishing to ${topic.text}: ${detail}`)
  if (qos === 0) return
  const text = connection.problemInformation && detail !== '' ? detail : null
  connection.answer(qos === 1 ? PacketType.Puback : PacketType.Pubrec, packetId, reason, text, false)
}

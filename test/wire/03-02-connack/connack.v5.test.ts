import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish } from '../../kit/exchange.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ settings: { maximumClientIdBytes: 100 } })
const sessionExpiry = { sessionExpiryInterval: 60 }

test('CONNACK is the first packet, before the answers to what was sent with CONNECT [MQTT-3.2.0-1] [MQTT-3.1.4-5]', async () => {
  const topic = fresh()
  const client = await broker.open(v5)
  client.send(
    v5.connect({ clientId: fresh() }),
    v5.subscribe({ id: 1, filters: [topic] }),
    v5.publish({ topic, payload: 'x' }),
    v5.publish({ topic: fresh(), qos: 1, id: 2 }),
  )
  await client.expect('connack', { code: 0 })
  const types = (await client.drain()).map(({ type }) => type)
  deepEqual(types.toSorted(), ['puback', 'publish', 'suback'])
})

test('CONNACK comes before the messages and acknowledgements of a resumed session [MQTT-3.2.0-1]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties: sessionExpiry })
  await first.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, payload: 'released' })
  await publish(writer, { topic, qos: 1, payload: 'in flight' })
  const { id } = await first.expect('publish', { payload: 'released' })
  first.send(v5.pubrec(id))
  await first.drain()
  await first.end()
  await publish(writer, { topic, qos: 1, payload: 'queued' })
  const second = await broker.open(v5)
  second.send(v5.connect({ clientId, clean: false, properties: sessionExpiry }))
  await second.expect('connack', { code: 0, sessionPresent: true })
  const types = (await second.drain()).map(({ type }) => type)
  deepEqual(types.toSorted(), ['publish', 'publish', 'pubrel'])
})

test('there is one CONNACK on a connection [MQTT-3.2.0-2]', async () => {
  const client = await broker.connect(v5)
  await publish(client, { topic: fresh(), qos: 1 })
  await client.expectNoMore()
  client.send(v5.connect({ clientId: fresh() }))
  // DISCONNECT, not a second CONNACK.
  await client.expectBroken(0x82)
})

test('the reserved bits of the Connect Acknowledge Flags are 0 [MQTT-3.2.2-1]', async () => {
  const clientId = fresh()
  for (const flags of [0, 1]) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId, clean: flags === 0, properties: sessionExpiry }))
    const packet = await client.expect('connack')
    equal(packet.bytes.readUInt8(0), 0x20)
    equal(packet.bytes.readUInt8(2), flags)
    equal(packet.bytes.readUInt8(3), 0)
    await client.disconnect()
  }
})

test('Clean Start 1 has Session Present 0 though there is a session [MQTT-3.2.2-2]', async () => {
  const clientId = fresh()
  for (let count = 0; count < 2; count++) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId, clean: true, properties: sessionExpiry }))
    await client.expect('connack', { code: 0, sessionPresent: false })
    await client.disconnect()
  }
})

test('Clean Start 0 has Session Present 1 if there is a session, else 0 [MQTT-3.2.2-3]', async () => {
  const clientId = fresh()
  for (const sessionPresent of [false, true, true]) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId, clean: false, properties: sessionExpiry }))
    await client.expect('connack', { code: 0, sessionPresent })
    await client.end()
  }
})

const refused: Record<string, ConnectFields> = {
  'a reserved flag': { flags: 0x03 },
  'Will QoS 3': { flags: 0x1e, will: { topic: 'a' } },
  'a property twice': {
    properties: [
      ['receiveMaximum', 1],
      ['receiveMaximum', 1],
    ],
  },
  'a property out of place': { properties: [['topicAlias', 1]] },
  'an ill-formed user name': { username: hex`ff` },
  'a wildcard in the Will Topic': { will: { topic: 'a/#' } },
  'an unknown authentication method': { properties: { authenticationMethod: 'unheard of' } },
}

const reasonCodes = new Set([
  ...Array.from({ length: 0x8b - 0x80 }, (_, index) => 0x80 + index),
  ...[0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f],
])

for (const [kind, fields] of Object.entries(refused)) {
  test(
    `CONNECT with ${kind} gets a CONNACK with a Connect Reason Code, Session Present 0, and the end [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-3.1.4-1]`,
    broker.ours,
    async () => {
      const clientId = fresh()
      const first = await broker.connect(v5, { clientId, properties: sessionExpiry })
      await first.disconnect()
      const client = await broker.open(v5)
      client.send(v5.connect({ clientId, clean: false, ...fields }))
      const { code } = await client.expect('connack', { sessionPresent: false })
      ok(reasonCodes.has(code), `${code} is no Connect Reason Code`)
      await client.expectClosed()
    },
  )

  test(`what follows a CONNECT with ${kind} has no effect [MQTT-3.1.4-6] [MQTT-3.1.4-1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.open(v5)
    const behind = [v5.publish({ topic, retain: true, payload: 'x' }), v5.subscribe({ filters: [topic] }), v5.pingreq()]
    client.send(v5.connect({ clientId: fresh(), ...fields }), ...behind)
    await client.expectRefused()
    await reader.expectNoMore()
    const later = await broker.connect(v5)
    await later.subscribe(topic)
    await later.expectNoMore()
  })
}

test('the refused CONNECT has not begun, resumed or ended a session [MQTT-3.1.4-1] [MQTT-3.2.2-6]', async () => {
  const clientId = fresh()
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId, clean: false, flags: 0x01, properties: sessionExpiry }))
  await client.expectRefused()
  const second = await broker.open(v5)
  second.send(v5.connect({ clientId, clean: false, properties: sessionExpiry }))
  await second.expect('connack', { code: 0, sessionPresent: false })
  await second.end()
  const third = await broker.open(v5)
  third.send(v5.connect({ clientId, clean: true, flags: 0x03 }))
  await third.expectRefused()
  await broker.resume(v5, { clientId })
})

test('a refusal says why [MQTT §3.2.2.3.9]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), flags: 0x03 }))
  const { properties } = await client.expect('connack')
  notEqual(properties.reasonString ?? '', '')
})

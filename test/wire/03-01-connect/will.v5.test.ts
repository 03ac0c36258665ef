import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { receive } from '../../kit/exchange.ts'
import { v5, type WillFields } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

async function subscribed(filter: string): Promise<WireClient> {
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter, qos: 2, retainAsPublished: true })
  return reader
}

async function dies(will: WillFields): Promise<void> {
  const client = await broker.connect(v5, { will })
  await client.end()
}

test('the Will is published when the connection is lost [MQTT-3.1.2-7] [MQTT-3.1.2-8]', async () => {
  const topic = fresh()
  const reader = await subscribed(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'lost' } })
  await client.expectNoMore()
  await reader.expectNoMore()
  client.destroy()
  await reader.expect('publish', { topic, payload: 'lost', qos: 0, retain: false })
  await reader.expectNoMore()
})

test('the Will is published when the client closes without DISCONNECT [MQTT-3.1.2-8]', async () => {
  const topic = fresh()
  const reader = await subscribed(topic)
  await dies({ topic, payload: 'lost' })
  await reader.expect('publish', { payload: 'lost' })
})

test('the Will is published when the client breaks the protocol [MQTT-3.1.2-8]', async () => {
  const topic = fresh()
  const reader = await subscribed(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'broken' } })
  client.send(v5.subscribe({ filters: [] }))
  await client.expectBroken(0x81, 0x82)
  await reader.expect('publish', { payload: 'broken' })
})

test('DISCONNECT 0x00 takes the Will back [MQTT-3.1.2-8] [MQTT-3.1.2-10]', async () => {
  const topic = fresh()
  const reader = await subscribed(topic)
  for (const fields of [{}, { reason: 0 }, { reason: 0, properties: {} }]) {
    const client = await broker.connect(v5, { will: { topic, payload: 'never' } })
    client.send(v5.disconnect(fields))
    await client.expectClosed()
  }
  await reader.expectNoMore()
})

async function publishesAfter(reason: number): Promise<void> {
  const topic = fresh()
  const reader = await subscribed(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'after all' } })
  await client.disconnect({ reason })
  await reader.expect('publish', { payload: 'after all' })
}

test('DISCONNECT 0x04 publishes the Will [MQTT-3.1.2-8]', () => publishesAfter(0x04))

test('DISCONNECT with an error publishes the Will [MQTT-3.1.2-8]', async () => {
  const errors = [0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]
  for (const reason of errors) await publishesAfter(reason)
})

test('the Will is published once, and not again when the client comes back [MQTT-3.1.2-10]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const reader = await subscribed(topic)
  const properties = { sessionExpiryInterval: 60 }
  const client = await broker.connect(v5, { clientId, properties, will: { topic, payload: 'once' } })
  await client.end()
  await reader.expect('publish', { payload: 'once' })
  const again = await broker.resume(v5, { clientId, properties })
  await again.end()
  await reader.expectNoMore()
})

test('a Will taken back is not published when the client comes back and is lost without one [MQTT-3.1.2-10]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const reader = await subscribed(topic)
  const properties = { sessionExpiryInterval: 60 }
  const client = await broker.connect(v5, { clientId, properties, will: { topic, payload: 'never' } })
  await client.disconnect()
  const again = await broker.resume(v5, { clientId, properties })
  await again.end()
  await reader.expectNoMore()
})

test('the Will of the last CONNECT counts [MQTT-3.1.2-7]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const reader = await subscribed(topic)
  const properties = { sessionExpiryInterval: 60 }
  const first = await broker.connect(v5, { clientId, properties, will: { topic, payload: 'first' } })
  await first.disconnect()
  const second = await broker.resume(v5, { clientId, properties, will: { topic, payload: 'second' } })
  await second.end()
  await reader.expect('publish', { payload: 'second' })
  await reader.expectNoMore()
})

for (const qos of [0, 1, 2]) {
  test(`Will QoS ${qos} and Will Retain 0: published with this QoS and not retained [MQTT-3.1.2-9] [MQTT-3.1.2-14]`, async () => {
    const topic = fresh()
    const reader = await subscribed(topic)
    await dies({ topic, payload: 'x', qos, retain: false })
    await receive(reader, { qos, retain: false })
    const later = await subscribed(topic)
    await later.expectNoMore()
  })

  test(`Will QoS ${qos} and Will Retain 1: published with this QoS and retained [MQTT-3.1.2-9] [MQTT-3.1.2-15]`, async () => {
    const topic = fresh()
    const reader = await subscribed(topic)
    await dies({ topic, payload: 'x', qos, retain: true })
    await receive(reader, { qos, retain: true })
    const later = await subscribed(topic)
    await receive(later, { payload: 'x', qos, retain: true })
  })
}

test('a retained Will without payload removes the retained message [MQTT-3.1.2-15] [MQTT-3.3.1-6]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, payload: 'old', retain: true }))
  await writer.expectNoMore()
  const reader = await subscribed(topic)
  await reader.expect('publish', { payload: 'old', retain: true })
  await dies({ topic, payload: '', retain: true })
  await reader.expect('publish', { topic, payload: '' })
  const later = await subscribed(topic)
  await later.expectNoMore()
})

const bytes = hex`00 ff c3 28 80`

test('the payload of a Will may be empty, any bytes, or long [MQTT-3.1.2-9]', async () => {
  for (const payload of ['', bytes, Buffer.alloc(65_535, 7)]) {
    const topic = fresh()
    const reader = await subscribed(topic)
    await dies({ topic, payload })
    await reader.expect('publish', { topic, payload })
  }
})

test('Will Properties are published with the Will, User Properties in their order [MQTT-3.1.3-10] [MQTT §3.1.3.2]', async () => {
  const topic = fresh()
  const reader = await subscribed(topic)
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'answers/here',
    correlationData: bytes,
    userProperty: [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['a', '0'],
      ['', ''],
    ],
  } as const
  await dies({ topic, payload: 'x', properties })
  await reader.expect('publish', { payload: 'x', properties })
})

test('Will Properties stay with a retained Will [MQTT-3.1.3-10] [MQTT-3.1.2-15]', async () => {
  const topic = fresh()
  const userProperty = [
    ['z', '1'],
    ['y', '2'],
    ['z', '1'],
  ] as const
  await dies({ topic, payload: 'x', retain: true, properties: { userProperty, contentType: 't' } })
  const reader = await subscribed(topic)
  await reader.expect('publish', { retain: true, properties: { userProperty, contentType: 't' } })
})

test('a Will Topic with a wildcard or of length 0 is refused [MQTT-3.1.3-11] [MQTT-3.3.2-2]', async () => {
  for (const topic of ['a/#', '+', 'a/+/b', '']) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), will: { topic, payload: 'x' } }))
    await client.expectRefused(...(broker.foreign ? [] : [0x90, 0x82, 0x81]))
  }
})

test('a Response Topic with a wildcard in a Will is refused [MQTT-3.3.2-14]', async () => {
  for (const responseTopic of ['a/#', '+']) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), will: { topic: fresh(), properties: { responseTopic } } }))
    await client.expectRefused(...(broker.foreign ? [] : [0x90, 0x82, 0x81]))
  }
})

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { type PublishFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const maximumPacketSize = 100

/** The fields with a payload that makes the packet so large, as it is sent and as a subscriber gets it. */
function sized(size: number, fields: PublishFields): PublishFields {
  // The Remaining Length takes one byte or two.
  for (const surplus of [0, 1]) {
    const payload = 'x'.repeat(size - v5.publish(fields).length - surplus)
    if (v5.publish({ ...fields, payload }).length === size) return { ...fields, payload }
  }
  throw new Error(`no PUBLISH has ${size} bytes`)
}

for (const qos of [0, 1, 2]) {
  test(`a QoS ${qos} message of exactly the Maximum Packet Size is sent, one byte more is not [MQTT-3.1.2-24] [MQTT-3.1.2-25]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5, { properties: { maximumPacketSize } })
    await reader.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(v5)
    await publish(writer, sized(maximumPacketSize + 1, { topic, qos }))
    await publish(writer, sized(maximumPacketSize, { topic, qos }))
    const packet = await receive(reader, { topic, qos })
    equal(packet.bytes.length, maximumPacketSize)
    await reader.expectNoMore()
  })
}

test('properties count: a message too large with them is not sent without them [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { maximumPacketSize } })
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x', properties: { userProperty: [['name', 'v'.repeat(90)]] } })
  await publish(writer, { topic, payload: 'small' })
  await reader.expect('publish', { payload: 'small' })
  await reader.expectNoMore()
})

test('a Subscription Identifier counts: it may make a message too large [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { maximumPacketSize } })
  reader.send(v5.subscribe({ filters: [topic], properties: { subscriptionIdentifier: 268_435_455 } }))
  await reader.expect('suback', { codes: [0] })
  const writer = await broker.connect(v5)
  await publish(writer, sized(maximumPacketSize - 4, { topic }))
  await publish(writer, sized(maximumPacketSize - 5, { topic }))
  const packet = await reader.expect('publish', { properties: { subscriptionIdentifier: [268_435_455] } })
  equal(packet.bytes.length, maximumPacketSize)
  await reader.expectNoMore()
})

test('messages too large take nothing from the Receive Maximum [MQTT-3.1.2-25]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { maximumPacketSize, receiveMaximum: 1 } })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  for (let count = 0; count < 3; count++) {
    await publish(writer, sized(maximumPacketSize + 50, { topic, qos: 1 }))
    await publish(writer, sized(maximumPacketSize + 50, { topic, qos: 2 }))
  }
  await publish(writer, { topic, qos: 1, payload: 'small' })
  await receive(reader, { payload: 'small' })
  await reader.expectNoMore()
})

test('a message too large is not sent when the client comes back with a larger maximum [MQTT-3.1.2-25]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const properties = { sessionExpiryInterval: 60 }
  const first = await broker.connect(v5, { clientId, properties: { ...properties, maximumPacketSize } })
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, sized(maximumPacketSize + 20, { topic, qos: 1 }))
  await first.expectNoMore()
  await first.end()
  const second = await broker.resume(v5, { clientId, properties })
  await second.expectNoMore()
})

test('queued messages too large for the connection that fetches them are passed over [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const properties = { sessionExpiryInterval: 60 }
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 2 })
  await first.end()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'first' })
  await publish(writer, sized(200, { topic, qos: 1 }))
  await publish(writer, sized(200, { topic, qos: 2 }))
  await publish(writer, { topic, qos: 1, payload: 'last' })
  const fields = { clientId, properties: { ...properties, maximumPacketSize, receiveMaximum: 1 } }
  const second = await broker.resume(v5, fields)
  await receive(second, { payload: 'first' })
  await receive(second, { payload: 'last' })
  await second.expectNoMore()
})

test('a message sent before and too large now is not sent again [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const properties = { sessionExpiryInterval: 60 }
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, sized(200, { topic, qos: 1 }))
  await first.expect('publish', { topic })
  await first.end()
  const second = await broker.resume(v5, { clientId, properties: { ...properties, maximumPacketSize } })
  await second.expectNoMore()
  await publish(writer, { topic, qos: 1, payload: 'small' })
  await receive(second, { payload: 'small' })
})

test('retained messages too large are passed over [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
  const root = fresh()
  const writer = await broker.connect(v5)
  await publish(writer, sized(200, { topic: `${root}/large`, retain: true }))
  await publish(writer, { topic: `${root}/small`, payload: 'small', retain: true })
  const reader = await broker.connect(v5, { properties: { maximumPacketSize } })
  await reader.subscribe(`${root}/+`)
  await reader.expect('publish', { topic: `${root}/small`, payload: 'small' })
  await reader.expectNoMore()
})

test('the others get what is too large for one [MQTT-3.1.2-25]', async () => {
  const topic = fresh()
  const small = await broker.connect(v5, { properties: { maximumPacketSize } })
  const large = await broker.connect(v5)
  await small.subscribe(topic)
  await large.subscribe(topic)
  const writer = await broker.connect(v5)
  await publish(writer, sized(200, { topic }))
  await large.expect('publish', { topic })
  await small.expectNoMore()
})

test('a message that fits is sent when the client allows no more than its size [MQTT-3.1.2-24]', async () => {
  const reader = await broker.connect(v5, { properties: { maximumPacketSize: 30 } })
  await reader.subscribe('t')
  const writer = await broker.connect(v5)
  await publish(writer, sized(30, { topic: 't' }))
  await reader.expect('publish', { topic: 't' })
})

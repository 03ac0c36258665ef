import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('a filter subscribed to again has the new QoS and Subscription Identifier, and one delivery [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const writer = await broker.connect(v5)
  for (const [qos, subscriptionIdentifier] of [
    [2, 10],
    [0, 20],
    [1, 30],
  ]) {
    reader.send(v5.subscribe({ id: 3, filters: [{ filter: topic, qos }], properties: { subscriptionIdentifier } }))
    await reader.expect('suback', { id: 3, codes: [qos] })
    await publish(writer, { topic, qos: 2, payload: 'x' })
    await receive(reader, { topic, qos, properties: { subscriptionIdentifier: [subscriptionIdentifier] } })
    await reader.expectNoMore()
  }
})

test('a filter subscribed to again without Subscription Identifier has none [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  reader.send(v5.subscribe({ filters: [topic], properties: { subscriptionIdentifier: 5 } }))
  await reader.expect('suback')
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  await publish(writer, { topic })
  await receive(reader, { topic, properties: { subscriptionIdentifier: undefined } })
  await reader.expectNoMore()
})

test('a filter subscribed to again has the new No Local [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: topic, noLocal: true })
  await client.subscribe({ filter: topic })
  client.send(v5.publish({ topic }), v5.pingreq())
  await client.expect('publish', { topic })
  await client.expect('pingresp')
  await client.subscribe({ filter: topic, noLocal: true })
  await publish(client, { topic })
})

test('a filter subscribed to again has the new Retain As Published [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const writer = await broker.connect(v5)
  for (const retainAsPublished of [true, false, true]) {
    await reader.subscribe({ filter: topic, retainAsPublished, retainHandling: 2 })
    await publish(writer, { topic, payload: 'x', retain: true })
    await receive(reader, { topic, retain: retainAsPublished })
    await reader.expectNoMore()
  }
  await publish(writer, { topic, retain: true })
})

test('a filter that matches the same topics but is not identical replaces nothing [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: `${topic}/a`, qos: 2 }, { filter: `${topic}/+`, qos: 0 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic: `${topic}/a`, qos: 2 })
  const packets = await reader.drain()
  deepEqual(Math.max(...packets.map((packet) => (packet.type === 'publish' ? packet.qos : -1))), 2)
})

test('another client with the same filter keeps its own subscription [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const first = await broker.connect(v5)
  await first.subscribe({ filter: topic, qos: 1 })
  const second = await broker.connect(v5)
  await second.subscribe({ filter: topic, qos: 0 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1 })
  await receive(first, { qos: 1 })
  await receive(second, { qos: 0 })
})

test('a subscription replaced in a resumed session is not delivered twice [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 60 }
  const before = await broker.connect(v5, { clientId, properties })
  await before.subscribe({ filter: topic, qos: 1 })
  await before.end()
  const reader = await broker.resume(v5, { clientId, properties })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2 })
  await receive(reader, { topic, qos: 2 })
  await reader.expectNoMore()
})

test('replacing with Retain Handling 0 sends the retained messages again [MQTT-3.8.4-4]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  for (const level of ['a', 'b']) {
    writer.send(v5.publish({ topic: `${topic}/${level}`, payload: level, qos: 1, id: 1, retain: true }))
    await writer.expect('puback')
  }
  const reader = await broker.connect(v5)
  for (let round = 0; round < 3; round++) {
    await reader.subscribe({ filter: `${topic}/+`, qos: 0, retainHandling: 0 })
    const payloads = (await reader.drain()).map((packet) => {
      return packet.type === 'publish' && packet.retain ? packet.payload.toString() : packet.type
    })
    deepEqual(payloads.sort(), ['a', 'b'])
  }
  for (const level of ['a', 'b']) await publish(writer, { topic: `${topic}/${level}`, retain: true })
})

test('no message is lost or doubled while its subscription is replaced [MQTT-3.8.4-4]', async () => {
  const topic = fresh()
  const count = 200
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  for (let n = 0; n < count; n++) {
    writer.send(v5.publish({ topic, qos: 1, id: n + 1, payload: `${n}` }))
    if (n % 4 === 0) reader.send(v5.subscribe({ id: 3, filters: [{ filter: topic, qos: 1 + ((n >> 2) % 2) }] }))
  }
  for (let n = 0; n < count; n++) await writer.expect('puback', { code: 0 })
  const payloads: string[] = []
  while (payloads.length < count) {
    const packet = await reader.next()
    if (packet?.type !== 'publish') continue
    payloads.push(packet.payload.toString())
    reader.send(v5.puback(packet.id))
  }
  deepEqual(
    payloads,
    Array.from({ length: count }, (_, n) => `${n}`),
  )
  deepEqual(
    (await reader.drain()).filter(({ type }) => type !== 'suback'),
    [],
  )
})

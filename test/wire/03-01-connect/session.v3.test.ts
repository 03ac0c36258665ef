import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('the first Clean Session 0 finds nothing, the next one its session [MQTT3-3.1.2-4] [MQTT3-3.1.4-3] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] [MQTT3 §3.2.2.1]', async () => {
  const clientId = fresh()
  const first = await broker.open(v4)
  first.send(v4.connect({ clientId, clean: false }))
  await first.expectBytes(hex`20 02 00 00`)
  await first.disconnect()
  const second = await broker.open(v4)
  second.send(v4.connect({ clientId, clean: false }))
  await second.expectBytes(hex`20 02 01 00`)
})

test('a session outlives a lost connection too [MQTT3-3.1.2-4] [MQTT3-4.1.0-1]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const first = await broker.connect(v4, { clientId, clean: false })
  await first.subscribe({ filter: topic, qos: 1 })
  await first.end()
  const second = await broker.resume(v4, { clientId })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await receive(second, { topic, qos: 1, payload: 'x' })
})

test('QoS 1 and 2 messages are kept for an absent client, in order [MQTT3-3.1.2-5] [MQTT3-4.5.0-1] [MQTT3-3.2.0-1]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: `${topic}/#`, qos: 2 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  for (const qos of [1, 2, 1, 2]) await publish(writer, { topic: `${topic}/${qos}`, qos, payload: `at ${qos}` })
  const again = await broker.resume(v4, { clientId })
  for (const qos of [1, 2, 1, 2]) {
    await again.expect('publish', { topic: `${topic}/${qos}`, qos, payload: `at ${qos}`, dup: false, retain: false })
  }
  await again.expectNoMore()
})

test('acknowledged messages do not come again [MQTT3-4.1.0-1]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'a' })
  await publish(writer, { topic, qos: 2, payload: 'b' })
  await receive(reader, { payload: 'a' })
  await receive(reader, { payload: 'b' })
  await reader.disconnect()
  const again = await broker.resume(v4, { clientId })
  await again.expectNoMore()
})

test('Clean Session 1 discards the session before it [MQTT3-3.1.2-6] [MQTT3-3.1.4-3] [MQTT3-3.2.2-1]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'queued' })
  const clean = await broker.open(v4)
  clean.send(v4.connect({ clientId, clean: true }))
  await clean.expectBytes(hex`20 02 00 00`)
  await publish(writer, { topic, qos: 1, payload: 'live' })
  await clean.expectNoMore()
})

test('a session of Clean Session 1 ends with its connection [MQTT3-3.1.2-6] [MQTT3-3.2.2-3]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const clean = await broker.connect(v4, { clientId })
  await clean.subscribe({ filter: topic, qos: 1 })
  await clean.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const later = await broker.open(v4)
  later.send(v4.connect({ clientId, clean: false }))
  await later.expectBytes(hex`20 02 00 00`)
  await later.expectNoMore()
})

test('a session that began with Clean Session 1 is not kept when the connection is lost [MQTT3-3.1.2-6]', async () => {
  const clientId = fresh()
  const clean = await broker.connect(v4, { clientId })
  await clean.subscribe({ filter: fresh(), qos: 1 })
  await clean.end()
  const later = await broker.open(v4)
  later.send(v4.connect({ clientId, clean: false }))
  await later.expect('connack', { sessionPresent: false })
})

test('retained messages outlive the session of their publisher [MQTT3-3.1.2-7]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, retain: true, payload: 'stays' })
  await writer.disconnect()
  const reader = await broker.connect(v4)
  await reader.subscribe(topic)
  await reader.expect('publish', { topic, retain: true, payload: 'stays' })
})

test('a session lasts as long as its connection [MQTT3-4.1.0-2] [MQTT3-4.1.0-1]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  for (const clean of [true, false]) {
    const reader = await broker.connect(v4, { clean })
    await reader.subscribe({ filter: topic, qos: 2 })
    for (let count = 0; count < 3; count++) {
      await publish(writer, { topic, qos: 2, payload: String(count) })
      await receive(reader, { topic, qos: 2, payload: String(count) })
    }
  }
})

test('identifiers of unfinished QoS 2 messages from the client are kept with the session [MQTT3-4.1.0-1] [MQTT3-4.3.3-2]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4, { clientId, clean: false })
  writer.send(v4.publish({ topic, qos: 2, id: 9, payload: 'once' }))
  await writer.expect('pubrec', { id: 9 })
  await writer.end()
  const again = await broker.resume(v4, { clientId })
  again.send(v4.publish({ topic, qos: 2, id: 9, payload: 'once', dup: true }))
  await again.expect('pubrec', { id: 9 })
  again.send(v4.pubrel(9))
  await again.expect('pubcomp', { id: 9 })
  await receive(reader, { payload: 'once' })
  await reader.expectNoMore()
})

test('CONNACK comes before anything the session has waiting [MQTT3-3.2.0-1]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.end()
  const writer = await broker.connect(v4)
  for (let count = 0; count < 50; count++) await publish(writer, { topic, qos: 1, payload: String(count) })
  const again = await broker.open(v4)
  again.send(v4.connect({ clientId, clean: false }))
  await again.expectBytes(hex`20 02 01 00`)
  for (let count = 0; count < 50; count++) await receive(again, { payload: String(count) })
})

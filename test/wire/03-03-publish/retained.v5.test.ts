import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

async function subscribed(filter: string): Promise<WireClient> {
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter, qos: 2 })
  return reader
}

for (const qos of [0, 1, 2]) {
  test(`a QoS ${qos} message with RETAIN 1 is kept, with its QoS and properties [MQTT-3.3.1-5]`, async () => {
    const topic = fresh()
    const writer = await broker.connect(v5)
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: hex`00ff`,
      userProperty: [
        ['b', '1'],
        ['a', '2'],
        ['b', '1'],
      ] as const,
    }
    await publish(writer, { topic, qos, retain: true, payload: 'kept', properties })
    await writer.disconnect()
    for (let count = 0; count < 2; count++) {
      const reader = await subscribed(topic)
      await receive(reader, { topic, qos, retain: true, dup: false, payload: 'kept', properties })
      await reader.expectNoMore()
    }
  })
}

test('a new retained message takes the place of the old, with nothing left of it [MQTT-3.3.1-5]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, retain: true, payload: 'old', properties: { contentType: 'old' } })
  await publish(writer, { topic, qos: 1, retain: true, payload: 'new' })
  const reader = await subscribed(topic)
  await receive(reader, { payload: 'new', qos: 1, retain: true, properties: { contentType: undefined } })
  await reader.expectNoMore()
})

test('every topic has its own retained message [MQTT-3.3.1-5]', async () => {
  const root = fresh()
  const writer = await broker.connect(v5)
  for (const name of ['a', 'b', 'a/b', 'A', '']) {
    await publish(writer, { topic: `${root}/${name}`, retain: true, payload: name || 'empty' })
  }
  const reader = await subscribed(`${root}/a`)
  await reader.expect('publish', { topic: `${root}/a`, payload: 'a' })
  await reader.expectNoMore()
  const all = await subscribed(`${root}/#`)
  const payloads = (await all.drain()).map((packet) =>
    packet.type === 'publish' ? packet.payload.toString() : packet.type,
  )
  if (payloads.toSorted().join() !== 'A,a,a/b,b,empty') throw new Error(`retained: ${payloads.join()}`)
})

for (const qos of [0, 1, 2]) {
  test(`an empty QoS ${qos} message with RETAIN 1 is delivered and removes the retained one [MQTT-3.3.1-6] [MQTT-3.3.1-7]`, async () => {
    const topic = fresh()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, retain: true, payload: 'kept' })
    const reader = await subscribed(topic)
    await reader.expect('publish', { payload: 'kept', retain: true })
    await publish(writer, { topic, qos, retain: true, payload: '' })
    await receive(reader, { topic, payload: '', qos, retain: false })
    const later = await subscribed(topic)
    await later.expectNoMore()
  })
}

test('an empty message with RETAIN 1 and properties is not kept either [MQTT-3.3.1-7]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  const reader = await subscribed(topic)
  await publish(writer, {
    topic,
    retain: true,
    payload: '',
    properties: { contentType: 'nothing', payloadFormatIndicator: 1 },
  })
  await reader.expect('publish', { payload: '', properties: { contentType: 'nothing' } })
  const later = await subscribed(topic)
  await later.expectNoMore()
})

test('after the removal a new message is kept again [MQTT-3.3.1-6] [MQTT-3.3.1-5]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  for (const payload of ['first', '', 'second']) await publish(writer, { topic, retain: true, payload })
  const reader = await subscribed(topic)
  await reader.expect('publish', { payload: 'second', retain: true })
})

for (const qos of [0, 1, 2]) {
  test(`a QoS ${qos} message with RETAIN 0 is not kept, and does not touch what is [MQTT-3.3.1-8]`, async () => {
    const topic = fresh()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos, payload: 'passing' })
    const none = await subscribed(topic)
    await none.expectNoMore()
    await publish(writer, { topic, retain: true, payload: 'kept' })
    await publish(writer, { topic, qos, payload: 'passing' })
    await publish(writer, { topic, qos, payload: '' })
    const reader = await subscribed(topic)
    await receive(reader, { payload: 'kept', retain: true })
    await reader.expectNoMore()
  })
}

test('a retained message is sent with the QoS granted if that is lower [MQTT-3.3.1-5] [MQTT-3.8.4-8]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, retain: true, payload: 'x' })
  for (const qos of [0, 1, 2]) {
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: topic, qos })
    await receive(reader, { payload: 'x', qos, retain: true })
  }
})

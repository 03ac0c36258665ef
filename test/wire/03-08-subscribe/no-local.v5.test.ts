import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const qos of [0, 1, 2]) {
  test(`No Local keeps a QoS ${qos} message from its own sender and from nobody else [MQTT-3.8.3-3]`, async () => {
    const topic = fresh()
    const client = await broker.connect(v5)
    await client.subscribe({ filter: topic, qos, noLocal: true })
    const other = await broker.connect(v5)
    await other.subscribe({ filter: topic, qos, noLocal: true })
    await publish(client, { topic, qos, payload: 'mine' })
    await receive(other, { topic, qos, payload: 'mine' })
    await client.expectNoMore()
    await publish(other, { topic, qos, payload: 'theirs' })
    await receive(client, { topic, qos, payload: 'theirs' })
    await other.expectNoMore()
  })
}

test('No Local holds for filters with wildcards [MQTT-3.8.3-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: `${topic}/#`, noLocal: true }, { filter: `${topic}/+`, noLocal: true })
  const other = await broker.connect(v5)
  await other.subscribe(`${topic}/#`)
  await publish(client, { topic: `${topic}/a` })
  await receive(other, { topic: `${topic}/a` })
  await client.expectNoMore()
})

test('without No Local a message comes back to its sender [MQTT-3.8.3-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: topic })
  client.send(v5.publish({ topic, payload: 'x' }))
  await client.expect('publish', { topic, payload: 'x' })
})

test('another subscription of the sender without No Local still gets the message [MQTT-3.8.3-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: `${topic}/a`, noLocal: true }, { filter: `${topic}/+` })
  client.send(v5.publish({ topic: `${topic}/a`, payload: 'x' }))
  await client.expect('publish', { topic: `${topic}/a`, payload: 'x' })
  await client.expectNoMore()
})

test('No Local outlives the connection, with the session [MQTT-3.8.3-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 60 }
  const before = await broker.connect(v5, { clientId, properties })
  await before.subscribe({ filter: topic, qos: 1, noLocal: true })
  await before.end()
  const client = await broker.resume(v5, { clientId, properties })
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  await publish(client, { topic, qos: 1, payload: 'mine' })
  await receive(reader, { payload: 'mine' })
  await client.expectNoMore()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'theirs' })
  await receive(client, { payload: 'theirs', qos: 1 })
})

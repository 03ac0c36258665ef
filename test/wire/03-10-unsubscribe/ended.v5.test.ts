import { test } from 'node:test'
import { acknowledge, publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const properties = { sessionExpiryInterval: 60 }

for (const qos of [0, 1, 2]) {
  test(`after UNSUBACK no new QoS ${qos} message comes [MQTT-3.10.4-2]`, async () => {
    const topic = fresh()
    const client = await broker.connect(v5)
    await client.subscribe({ filter: topic, qos })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos, payload: 'before' })
    await receive(client, { payload: 'before' })
    client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
    await client.expect('unsuback', { id: 7, codes: [0] })
    writer.send(v5.publish({ topic, qos, payload: 'after' }))
    await writer.drain()
    await client.expectNoMore()
  })
}

test('an unsubscribed filter stays so when the session is resumed [MQTT-3.10.4-2]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 1 })
  client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
  await client.expect('unsuback', { id: 7, codes: [0] })
  await client.end()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 1 }))
  await writer.expect('puback')
  const again = await broker.resume(v5, { clientId, properties })
  await again.expectNoMore()
})

test('of two matching filters the other one still delivers [MQTT-3.10.4-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(`${topic}/a`, `${topic}/+`)
  client.send(v5.unsubscribe({ id: 7, filters: [`${topic}/a`] }))
  await client.expect('unsuback', { id: 7, codes: [0] })
  const writer = await broker.connect(v5)
  await publish(writer, { topic: `${topic}/a` })
  await receive(client, { topic: `${topic}/a` })
  await client.expectNoMore()
})

test('a QoS 2 delivery begun before UNSUBSCRIBE is completed [MQTT-3.10.4-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  const packet = await client.expect('publish', { payload: 'x', qos: 2 })
  client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
  await client.expect('unsuback', { id: 7, codes: [0] })
  await acknowledge(client, packet)
  await client.expectNoMore()
})

for (const qos of [1, 2]) {
  test(`a QoS ${qos} message sent before UNSUBSCRIBE is sent again on reconnect [MQTT-3.10.4-3]`, async () => {
    const topic = fresh()
    const clientId = fresh()
    const client = await broker.connect(v5, { clientId, properties })
    await client.subscribe({ filter: topic, qos })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos, payload: 'x' })
    const { id } = await client.expect('publish', { payload: 'x', qos, dup: false })
    client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
    await client.expect('unsuback', { id: 7, codes: [0] })
    await client.end()
    const again = await broker.resume(v5, { clientId, properties })
    await receive(again, { payload: 'x', qos, dup: true, id })
    await again.expectNoMore()
  })
}

test('PUBREL is sent again on reconnect though its filter was unsubscribed [MQTT-3.10.4-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2 })
  const { id } = await client.expect('publish', { qos: 2 })
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id })
  client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
  await client.expect('unsuback', { id: 7, codes: [0] })
  await client.end()
  const again = await broker.resume(v5, { clientId, properties })
  await again.expect('pubrel', { id })
  again.send(v5.pubcomp(id))
  await again.expectNoMore()
})

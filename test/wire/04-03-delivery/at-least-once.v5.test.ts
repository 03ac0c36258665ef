import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const properties = { sessionExpiryInterval: 60 }

for (const qos of [1, 2]) {
  const tags = qos === 1 ? '[MQTT-4.3.2-1] [MQTT-4.3.2-2]' : '[MQTT-4.3.3-1] [MQTT-4.3.3-2]'
  test(`each unacknowledged QoS ${qos} message has an identifier of its own, QoS ${qos} and DUP 0 ${tags}`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: topic, qos })
    const writer = await broker.connect(v5)
    const ids = new Set<number>()
    for (let index = 0; index < 20; index++) {
      await publish(writer, { topic, qos, payload: `${index}` })
      const { id } = await reader.expect('publish', { qos, dup: false, payload: `${index}` })
      ids.add(id)
    }
    equal(ids.size, 20)
  })

  test(`the identifier of an unacknowledged QoS ${qos} message is not used for another ${tags.slice(0, 14)}`, async () => {
    const topic = fresh()
    const clientId = fresh()
    const reader = await broker.connect(v5, { clientId, properties })
    await reader.subscribe({ filter: topic, qos })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos, payload: 'held' })
    const { id } = await reader.expect('publish', { payload: 'held' })
    await reader.end()
    const again = await broker.resume(v5, { clientId, properties })
    await again.expect('publish', { payload: 'held', id, dup: true })
    for (let index = 0; index < 10; index++) {
      await publish(writer, { topic, qos, payload: `${index}` })
      const packet = await receive(again, { payload: `${index}` })
      equal(packet.id === id, false)
    }
  })
}

test('the identifiers of both directions are independent [MQTT-4.3.2-1] [MQTT-4.3.2-4]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const { id } = await client.expect('publish', { payload: 'x' })
  client.send(v5.publish({ topic: fresh(), qos: 1, id }))
  await client.expect('puback', { id })
  client.send(v5.puback(id))
  await client.expectNoMore()
})

test('a message is unacknowledged until its own PUBACK [MQTT-4.3.2-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v5, { clientId, properties })
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  for (const payload of ['a', 'b', 'c']) await publish(writer, { topic, qos: 1, payload })
  const ids: number[] = []
  for (const payload of ['a', 'b', 'c']) ids.push((await reader.expect('publish', { payload })).id)
  reader.send(v5.puback(ids[1] ?? 0))
  await reader.expectNoMore()
  await reader.end()
  const again = await broker.resume(v5, { clientId, properties })
  await receive(again, { payload: 'a', dup: true, qos: 1, id: ids[0] ?? 0 })
  await receive(again, { payload: 'c', dup: true, qos: 1, id: ids[2] ?? 0 })
  await again.expectNoMore()
})

for (const id of [1, 0x0100, 0xffff]) {
  test(`QoS 1 PUBLISH ${id} is answered by PUBACK ${id} [MQTT-4.3.2-4]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    writer.send(v5.publish({ topic, qos: 1, id }))
    await writer.expect('puback', { id, code: 0 })
    await writer.expectNoMore()
  })
}

for (const dup of [false, true]) {
  test(`after PUBACK the identifier is of a new message, with DUP ${Number(dup)} too [MQTT-4.3.2-5]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: topic, qos: 1 })
    const writer = await broker.connect(v5)
    for (const [index, payload] of ['x', 'x', 'y'].entries()) {
      await publish(writer, { topic, qos: 1, id: 3, payload, dup: dup && index > 0 })
      await receive(reader, { payload, dup: false })
    }
    await reader.expectNoMore()
  })
}

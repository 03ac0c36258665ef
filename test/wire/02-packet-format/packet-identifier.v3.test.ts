import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

const zero: Record<string, Buffer> = {
  SUBSCRIBE: v4.subscribe({ id: 0, filters: ['a'] }),
  UNSUBSCRIBE: v4.unsubscribe({ id: 0, filters: ['a'] }),
  'PUBLISH at QoS 1': v4.publish({ topic: 'a', qos: 1, id: 0 }),
  'PUBLISH at QoS 2': v4.publish({ topic: 'a', qos: 2, id: 0 }),
}

for (const [name, packet] of Object.entries(zero)) {
  test(`${name} with packet identifier 0 closes the connection [MQTT3-2.3.1-1]`, async () => {
    const client = await broker.connect(v4)
    client.send(packet)
    await client.expectClosed()
  })
}

test('every identifier from 1 to 65535 is accepted and answered with itself [MQTT3-2.3.1-6] [MQTT3-2.3.1-7] [MQTT3-3.8.4-2] [MQTT3-3.10.4-4]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  for (const id of [1, 2, 255, 256, 32_767, 32_768, 65_535]) {
    client.send(v4.subscribe({ id, filters: [topic] }))
    await client.expect('suback', { id })
    client.send(v4.unsubscribe({ id, filters: [topic] }))
    await client.expect('unsuback', { id })
    await publish(client, { topic, qos: 1, id })
    await publish(client, { topic, qos: 2, id })
  }
})

test('unacknowledged messages of the server have different identifiers, none of them 0 [MQTT3-2.3.1-1] [MQTT3-2.3.1-4] [MQTT3-4.3.2-1] [MQTT3-4.3.3-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const ids = new Set<number>()
  for (let count = 0; count < 20; count++) {
    await publish(writer, { topic, qos: 1 + (count % 2), payload: String(count) })
    ids.add((await reader.expect('publish', { payload: String(count), dup: false })).id)
  }
  assert.equal(ids.size, 20)
})

test('re-sent messages keep their identifiers and new ones take others [MQTT3-2.3.1-4] [MQTT3-4.4.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const first: number[] = []
  for (let count = 0; count < 10; count++) {
    await publish(writer, { topic, qos: 1 + (count % 2), payload: String(count) })
    first.push((await reader.expect('publish')).id)
  }
  await reader.end()
  await publish(writer, { topic, qos: 1, payload: 'later' })
  const again = await broker.resume(v4, { clientId })
  for (const [index, id] of first.entries()) await again.expect('publish', { id, payload: String(index), dup: true })
  const { id } = await again.expect('publish', { payload: 'later', dup: false })
  assert.ok(!first.includes(id))
})

test('a QoS 0 PUBLISH has no identifier, either way [MQTT3-2.3.1-5]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const packet = hex`30 ${2 + topic.length + 2} 00 ${topic.length} ${Buffer.from(topic)} 0001`
  writer.send(packet)
  await writer.expectNoMore()
  await reader.expectBytes(packet)
})

test('an identifier is not used again while its message is unacknowledged, not even after 65,535 others [MQTT3-2.3.1-4]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'kept' })
  const kept = (await reader.expect('publish', { payload: 'kept' })).id
  const used = new Set<number>()
  for (let batch = 0; batch < 132; batch++) {
    for (const id of await exchangeBatch(writer, reader, topic, 500)) used.add(id)
  }
  assert.ok(!used.has(kept) && !used.has(0))
  assert.ok(used.size > 60_000)
  reader.send(v4.puback(kept))
  await reader.expectNoMore()
})

async function exchangeBatch(writer: WireClient, reader: WireClient, topic: string, size: number): Promise<number[]> {
  const packets = Array.from({ length: size }, (_, index) => v4.publish({ topic, qos: 1, id: index + 1 }))
  writer.send(...packets)
  const ids: number[] = []
  const acknowledgements: Buffer[] = []
  for (let count = 0; count < size; count++) {
    const { id } = await reader.expect('publish', { qos: 1, dup: false })
    ids.push(id)
    acknowledgements.push(v4.puback(id))
  }
  reader.send(...acknowledgements)
  for (let id = 1; id <= size; id++) await writer.expect('puback', { id })
  return ids
}

test('an identifier is free again after PUBACK and after PUBCOMP [MQTT3-2.3.1-4] [MQTT3-4.3.2-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  for (const qos of [1, 1, 2, 2]) {
    await publish(writer, { topic, qos, id: 77, payload: 'x' })
    await receive(reader, { qos, payload: 'x', dup: false })
  }
  await reader.expectNoMore()
})

import { test } from 'node:test'
import { acknowledge, publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const count = 60

test('PUBACKs come in the order of the PUBLISHes [MQTT3-4.6.0-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  const ids = Array.from({ length: count }, (_, index) => ((index * 37) % count) + 1)
  writer.send(...ids.map((id) => v4.publish({ topic: id % 2 ? topic : `${topic}/nobody`, qos: 1, id })))
  for (const id of ids) await writer.expect('puback', { id })
})

test('PUBRECs come in the order of the PUBLISHes [MQTT3-4.6.0-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const ids = Array.from({ length: count }, (_, index) => ((index * 37) % count) + 1)
  writer.send(...ids.map((id) => v4.publish({ topic: id % 2 ? topic : `${topic}/nobody`, qos: 2, id })))
  for (const id of ids) await writer.expect('pubrec', { id })
  writer.send(...ids.map((id) => v4.pubrel(id)))
  for (const id of ids) await writer.expect('pubcomp', { id })
})

test('PUBRELs come in the order of the PUBRECs [MQTT3-4.6.0-4]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const ids: number[] = []
  for (let index = 0; index < 15; index++) {
    await publish(writer, { topic, qos: 2, payload: String(index) })
    ids.push((await reader.expect('publish')).id)
  }
  const shuffled = ids.map((_, index) => ids[(index * 4) % ids.length] ?? 0)
  reader.send(...shuffled.map((id) => v4.pubrec(id)))
  for (const id of shuffled) await reader.expect('pubrel', { id })
  reader.send(...shuffled.map((id) => v4.pubcomp(id)))
  await reader.expectNoMore()
})

test('re-sent messages come in their first order, before newer ones [MQTT3-4.6.0-1] [MQTT3-4.6.0-6]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const ids: number[] = []
  for (let index = 0; index < 15; index++) {
    await publish(writer, { topic, qos: 1, payload: String(index) })
    ids.push((await reader.expect('publish', { payload: String(index) })).id)
  }
  reader.send(v4.puback(ids[3] ?? 0), v4.puback(ids[7] ?? 0))
  await reader.expectNoMore()
  await reader.end()
  await publish(writer, { topic, qos: 1, payload: '15' })
  for (let times = 0; times < 2; times++) {
    const again = await broker.resume(v4, { clientId })
    for (let index = 0; index <= 15; index++) {
      if (index === 3 || index === 7) continue
      await again.expect('publish', { payload: String(index), dup: index < 15 || times > 0 })
    }
    await again.end()
  }
})

for (const qos of [0, 1, 2]) {
  test(`messages of one topic at QoS ${qos} arrive in the order they were sent [MQTT3-4.6.0-5] [MQTT3-4.6.0-6]`, async () => {
    const root = fresh()
    const topic = `${root}/${root}`
    const reader = await broker.connect(v4)
    await reader.subscribe({ filter: `${root}/#`, qos: 2 })
    const wild = await broker.connect(v4)
    await wild.subscribe({ filter: `+/${root}`, qos })
    const writer = await broker.connect(v4)
    const numbers = Array.from({ length: count }, (_, index) => index)
    writer.send(...numbers.map((n) => v4.publish({ topic, qos, payload: String(n), id: qos > 0 ? n + 1 : null })))
    if (qos === 2) for (const n of numbers) await writer.expect('pubrec', { id: n + 1 })
    if (qos === 2) writer.send(...numbers.map((n) => v4.pubrel(n + 1)))
    for (const client of [reader, wild]) {
      const packets = []
      for (const n of numbers) packets.push(await client.expect('publish', { topic, qos, payload: String(n) }))
      for (const packet of packets) await acknowledge(client, packet)
      await client.expectNoMore()
    }
  })
}

test('messages kept for an absent client arrive in the order they were sent [MQTT3-4.6.0-5] [MQTT3-4.6.0-6]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  for (let index = 0; index < count; index++) await publish(writer, { topic, qos: 1, payload: String(index) })
  const again = await broker.resume(v4, { clientId })
  for (let index = 0; index < count; index++) await receive(again, { qos: 1, dup: false, payload: String(index) })
  await again.expectNoMore()
})

test('messages that come while the kept ones are sent do not overtake them [MQTT3-4.6.0-6]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  for (let index = 0; index < count; index++) await publish(writer, { topic, qos: 1, payload: String(index) })
  const again = await broker.open(v4)
  again.send(v4.connect({ clientId, clean: false }))
  for (let index = count; index < 2 * count; index++) await publish(writer, { topic, qos: 1, payload: String(index) })
  await again.expect('connack', { sessionPresent: true })
  for (let index = 0; index < 2 * count; index++) await receive(again, { payload: String(index) })
})

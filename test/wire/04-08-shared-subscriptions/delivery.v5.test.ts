import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { acknowledge, publish, receive } from '../../kit/exchange.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({ fakeClock: true })

async function member(filter: string, qos: number, fields: ConnectFields = {}): Promise<WireClient> {
  const client = await broker.connect(v5, fields)
  await client.subscribe({ filter, qos })
  return client
}

/** How many messages a client has now; all are acknowledged. */
async function count(client: WireClient): Promise<number> {
  const packets = (await client.drain()).filter((packet) => packet.type === 'publish')
  for (const packet of packets) await acknowledge(client, packet)
  return packets.length
}

for (const qos of [0, 1, 2]) {
  test(`each QoS ${qos} message goes to one member of each share, and to every plain subscriber [MQTT §4.8.2]`, async () => {
    const topic = fresh()
    const first = [await member(`$share/g/${topic}`, qos), await member(`$share/g/${topic}`, qos)]
    const second = await member(`$share/h/${topic}`, qos)
    const plain = await member(topic, qos)
    const writer = await broker.connect(v5)
    for (let index = 0; index < 10; index++) await publish(writer, { topic, qos, payload: `${index}` })
    let shared = 0
    for (const client of first) shared += await count(client)
    equal(shared, 10)
    equal(await count(second), 10)
    equal(await count(plain), 10)
  })
}

test('a client with a plain and a shared subscription gets a message for each [MQTT §4.8.2]', async () => {
  const topic = fresh()
  const client = await member(topic, 1)
  await client.subscribe({ filter: `$share/g/${topic}`, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1 })
  equal(await count(client), 2)
})

for (const granted of [0, 1, 2]) {
  for (const published of [0, 1, 2]) {
    const qos = Math.min(granted, published)
    test(`a QoS ${published} message comes with QoS ${qos} to a share of QoS ${granted} [MQTT-4.8.2-3]`, async () => {
      const topic = fresh()
      const client = await member(`$share/g/${topic}`, granted)
      const writer = await broker.connect(v5)
      await publish(writer, { topic, qos: published })
      await receive(client, { topic, qos })
      await client.expectNoMore()
    })
  }
}

test('every member of a share has the QoS of its own subscription [MQTT-4.8.2-3]', async () => {
  const topic = fresh()
  const members = [0, 1, 2].map(async (qos) => ({ qos, client: await member(`$share/g/${topic}`, qos) }))
  const writer = await broker.connect(v5)
  const all = await Promise.all(members)
  for (let index = 0; index < 30; index++) await publish(writer, { topic, qos: 2 })
  let total = 0
  for (const { qos, client } of all) {
    const packets = (await client.drain()).filter((packet) => packet.type === 'publish')
    for (const packet of packets) equal(packet.qos, qos)
    total += packets.length
  }
  equal(total, 30)
})

test('retained messages are not sent to a shared subscription [MQTT §3.8.4] [MQTT §4.8.2]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 1, id: 1, retain: true, payload: 'kept' }))
  await writer.expect('puback')
  const client = await broker.connect(v5)
  await client.subscribe({ filter: `$share/g/${topic}`, qos: 1, retainHandling: 0 })
  await client.expectNoMore()
  await publish(writer, { topic, retain: true })
})

test('a shared subscription survives with its session, and a second SUBSCRIBE replaces it [MQTT §4.8.2]', async () => {
  const topic = fresh()
  const filter = `$share/g/${topic}`
  const fields = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
  const before = await member(filter, 1, fields)
  await before.subscribe({ filter, qos: 2 })
  await before.end()
  const again = await broker.resume(v5, fields)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  await receive(again, { payload: 'x', qos: 2 })
  await again.expectNoMore()
})

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('SUBSCRIBE is answered by SUBACK with its identifier and the QoS granted [MQTT3-3.8.4-1] [MQTT3-3.8.4-2] [MQTT3-3.8.4-5] [MQTT3-2.3.1-7]', async () => {
  for (const packets of [v3, v4]) {
    const client = await broker.connect(packets)
    for (const qos of [0, 1, 2]) {
      client.send(packets.subscribe({ id: 0x1020 + qos, filters: [{ filter: fresh(), qos }] }))
      await client.expectBytes(hex`90 03 10 ${0x20 + qos} ${qos}`)
    }
    await client.expectNoMore()
  }
})

test('several filters are answered by one SUBACK, a code for each in their order [MQTT3-3.8.4-4] [MQTT3-3.8.4-5] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2]', async () => {
  const root = fresh()
  const client = await broker.connect(v4)
  const filters = [2, 0, 1, 1, 0, 2, 2].map((qos, index) => ({ filter: `${root}/${index}`, qos }))
  client.send(v4.subscribe({ id: 7, filters }))
  await client.expectBytes(hex`90 09 0007 02 00 01 01 00 02 02`)
  await client.expectNoMore()
  const writer = await broker.connect(v4)
  for (const { filter, qos } of filters) {
    await publish(writer, { topic: filter, qos: 2, payload: filter })
    await receive(client, { topic: filter, qos, payload: filter })
  }
  await client.expectNoMore()
})

test('200 filters in one SUBSCRIBE get 200 codes [MQTT3-3.8.4-4] [MQTT3-3.8.4-5]', async () => {
  const root = fresh()
  const client = await broker.connect(v4)
  const codes = Array.from({ length: 200 }, (_, index) => index % 3)
  client.send(v4.subscribe({ filters: codes.map((qos, index) => ({ filter: `${root}/${index}`, qos })) }))
  await client.expect('suback', { codes })
})

test('a filter twice in one SUBSCRIBE gets a code each, and the last one counts [MQTT3-3.8.4-4] [MQTT3-3.8.4-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  client.send(
    v4.subscribe({
      filters: [
        { filter: topic, qos: 2 },
        { filter: topic, qos: 0 },
      ],
    }),
  )
  await client.expect('suback', { codes: [2, 0] })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  await client.expect('publish', { qos: 0, payload: 'x' })
  await client.expectNoMore()
})

test('an empty SUBSCRIBE closes the connection [MQTT3-3.8.3-3]', async () => {
  for (const packet of [v4.subscribe({ filters: [] }), v4.subscribe({ id: 65_535, filters: [] })]) {
    const client = await broker.connect(v4)
    client.send(packet)
    await client.expectClosed()
  }
})

test('a QoS byte of 3, or with a reserved bit, closes the connection [MQTT3-3.8.3-4]', async () => {
  for (const options of [3, 4, 5, 6, 7, 8, 0x10, 0x20, 0x40, 0x80, 0x81, 0xff]) {
    const client = await broker.connect(v4)
    client.send(v4.subscribe({ filters: ['a', { filter: 'b', options }] }))
    await client.expectClosed()
  }
})

for (const published of [0, 1, 2]) {
  for (const granted of [0, 1, 2]) {
    const qos = Math.min(published, granted)
    test(`published at QoS ${published}, granted QoS ${granted}: delivered at QoS ${qos} [MQTT3-3.8.4-6]`, async () => {
      for (const packets of [v3, v4]) {
        const topic = fresh()
        const reader = await broker.connect(packets)
        await reader.subscribe({ filter: topic, qos: granted })
        const writer = await broker.connect(packets)
        await publish(writer, { topic, qos: published, payload: 'x' })
        await receive(reader, { topic, qos, payload: 'x', dup: false, retain: false })
        await reader.expectNoMore()
      }
    })
  }
}

test('an identical filter replaces the subscription: one copy, at the new QoS [MQTT3-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  const writer = await broker.connect(v4)
  for (const qos of [2, 0, 1]) {
    await reader.subscribe({ filter: topic, qos })
    await publish(writer, { topic, qos: 2, payload: 'x' })
    await receive(reader, { topic, qos, payload: 'x' })
    await reader.expectNoMore()
  }
})

test('an identical filter sends the retained messages again [MQTT3-3.8.4-3] [MQTT3-3.3.1-6]', async () => {
  const root = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic: `${root}/a`, qos: 1, retain: true, payload: 'kept' })
  const reader = await broker.connect(v4)
  for (let times = 0; times < 3; times++) {
    await reader.subscribe({ filter: `${root}/+`, qos: 1 })
    await receive(reader, { topic: `${root}/a`, retain: true, payload: 'kept' })
    await reader.expectNoMore()
  }
})

test('replacing a subscription loses and doubles nothing of the stream [MQTT3-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  for (let count = 0; count < 200; count++) {
    writer.send(v4.publish({ topic, qos: 1, id: count + 1, payload: String(count) }))
    if (count % 10 === 0) reader.send(v4.subscribe({ filters: [{ filter: topic, qos: 1 }] }))
  }
  for (let count = 0; count < 200; count++) await writer.expect('puback', { id: count + 1 })
  let next = 0
  for (const packet of await reader.drain()) {
    if (packet.type !== 'publish') continue
    if (packet.payload.toString() !== String(next)) throw new Error(`message ${packet.payload} instead of ${next}`)
    next += 1
  }
  if (next !== 200) throw new Error(`${next} messages came`)
})

test('a subscription replaced while the client is away keeps its QoS [MQTT3-3.8.4-3] [MQTT3-4.1.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  const again = await broker.resume(v4, { clientId })
  await receive(again, { qos: 1, payload: 'x' })
  await again.expectNoMore()
})

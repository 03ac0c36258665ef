import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('QoS 0 has no answer, QoS 1 PUBACK, QoS 2 PUBREC, with the identifier of the PUBLISH [MQTT3-3.3.4-1] [MQTT3-2.3.1-6]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  client.send(v4.publish({ topic, payload: 'x' }))
  await client.expectNoMore()
  client.send(v4.publish({ topic, qos: 1, id: 0x1234, payload: 'x' }))
  await client.expectBytes(hex`40 02 1234`)
  client.send(v4.publish({ topic, qos: 2, id: 0xabcd, payload: 'x' }))
  await client.expectBytes(hex`50 02 abcd`)
  client.send(v4.pubrel(0xabcd))
  await client.expectBytes(hex`70 02 abcd`)
  await client.expectNoMore()
})

for (const packets of [v3, v4]) {
  for (const [dup, retain] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ]) {
    test(`QoS 3 closes the connection (level ${packets.version}, DUP ${dup}, RETAIN ${retain}) [MQTT3-3.3.1-4]`, async () => {
      const topic = fresh()
      const reader = await broker.connect(packets)
      await reader.subscribe({ filter: topic, qos: 2 })
      const client = await broker.connect(packets)
      client.send(packets.publish({ topic, qos: 3, dup: dup === true, retain: retain === true, payload: 'x' }))
      await client.expectClosed()
      await reader.expectNoMore()
    })
  }
}

test('QoS 0 with DUP closes the connection [MQTT3-3.3.1-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(topic)
  const client = await broker.connect(v4)
  client.send(v4.publish({ topic, dup: true, payload: 'x' }))
  await client.expectClosed()
  await reader.expectNoMore()
})

test('every QoS 0 PUBLISH of the server has DUP 0 [MQTT3-3.3.1-2] [MQTT3-4.3.1-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 0 })
  const writer = await broker.connect(v4)
  for (const qos of [0, 1, 2]) {
    await publish(writer, { topic, qos, dup: qos > 0, payload: String(qos) })
    await reader.expect('publish', { qos: 0, dup: false, payload: String(qos) })
  }
})

test('a message received with DUP is sent on with DUP 0 [MQTT3-3.3.1-3] [MQTT3-4.3.2-1] [MQTT3-4.3.3-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  for (const qos of [1, 2]) {
    await publish(writer, { topic, qos, dup: true, id: 40 + qos, payload: 'x' })
    await receive(reader, { qos, dup: false, payload: 'x' })
  }
})

test('a re-sent PUBLISH has DUP 1, also when it was received with DUP 0 [MQTT3-3.3.1-1] [MQTT3-3.3.1-3] [MQTT3-4.4.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'one' })
  await publish(writer, { topic, qos: 2, payload: 'two' })
  const one = await reader.expect('publish', { qos: 1, dup: false, payload: 'one' })
  const two = await reader.expect('publish', { qos: 2, dup: false, payload: 'two' })
  for (let times = 0; times < 2; times++) {
    const again = await broker.resume(v4, { clientId })
    await again.expect('publish', { qos: 1, dup: true, payload: 'one', id: one.id })
    await again.expect('publish', { qos: 2, dup: true, payload: 'two', id: two.id })
    await again.expectNoMore()
    await again.end()
  }
})

test('nothing is re-sent while the connection lasts [MQTT3-4.4.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await reader.expect('publish', { payload: 'x' })
  await reader.expectNoMore()
  await publish(writer, { topic, qos: 1, payload: 'y' })
  await reader.expect('publish', { payload: 'y' })
  await reader.expectNoMore()
})

test('an empty payload and one of a million bytes arrive unchanged at each QoS [MQTT3-3.3.2-3] [MQTT3 §3.3.3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  const large = Buffer.alloc(1_000_000, 'petaltail ')
  for (const qos of [0, 1, 2]) {
    for (const payload of [Buffer.alloc(0), large, hex`00 ff 80 c0 30`]) {
      await publish(writer, { topic, qos, payload })
      await receive(reader, { topic, qos, payload })
    }
  }
})

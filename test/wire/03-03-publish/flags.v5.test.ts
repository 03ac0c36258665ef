import { test } from 'node:test'
import { acknowledge, publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const sessionExpiry = { sessionExpiryInterval: 60 }

for (const qos of [1, 2]) {
  test(`a QoS ${qos} PUBLISH sent again on a new connection has DUP 1 and the same identifier [MQTT-3.3.1-1] [MQTT-3.3.1-3]`, async () => {
    const [topic, clientId] = [fresh(), fresh()]
    const first = await broker.connect(v5, { clientId, properties: sessionExpiry })
    await first.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(v5)
    const properties = { userProperty: [['a', '1'] as const], contentType: 't' }
    await publish(writer, { topic, qos, payload: 'x', properties })
    const { id } = await first.expect('publish', { payload: 'x', qos, dup: false })
    await first.end()
    for (let count = 0; count < 2; count++) {
      const again = await broker.resume(v5, { clientId, properties: sessionExpiry })
      await again.expect('publish', { topic, payload: 'x', qos, id, dup: true, properties })
      await again.end()
    }
    const last = await broker.resume(v5, { clientId, properties: sessionExpiry })
    await acknowledge(last, await last.expect('publish', { id, dup: true }))
    await last.expectNoMore()
  })
}

test('a message queued and never sent before has DUP 0 [MQTT-3.3.1-1] [MQTT-3.3.1-3]', async () => {
  const [topic, clientId] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties: sessionExpiry })
  await first.subscribe({ filter: topic, qos: 1 })
  await first.end()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const again = await broker.resume(v5, { clientId, properties: sessionExpiry })
  await again.expect('publish', { payload: 'x', dup: false })
})

for (const qos of [1, 2]) {
  test(`DUP 1 of a QoS ${qos} PUBLISH is not passed on [MQTT-3.3.1-3] [MQTT-3.3.1-2]`, async () => {
    const topic = fresh()
    const readers = []
    for (const granted of [0, 1, 2]) {
      const reader = await broker.connect(v5)
      await reader.subscribe({ filter: topic, qos: granted })
      readers.push(reader)
    }
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos, dup: true, payload: 'x' })
    for (const reader of readers) await reader.expect('publish', { payload: 'x', dup: false })
  })
}

test('a retained message published with DUP 1 is sent with DUP 0 [MQTT-3.3.1-3]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, dup: true, retain: true, payload: 'x' })
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.expect('publish', { payload: 'x', dup: false, retain: true })
})

test('QoS 0 with DUP 1 ends the connection and is not distributed [MQTT-3.3.1-2]', broker.ours, async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic, qos: 0, dup: true, payload: 'x' }))
  await client.expectDisconnect(0x81)
  await reader.expectNoMore()
})

for (const fields of [{}, { dup: true }, { retain: true }, { dup: true, retain: true }]) {
  test(`QoS 3 is a Malformed Packet, with ${Object.keys(fields).join(' and ') || 'no other flag'} [MQTT-3.3.1-4]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic, qos: 3, payload: 'x', ...fields }))
    await client.expectBroken(0x81)
    await reader.expectNoMore()
  })
}

test('PUBLISH is answered by its QoS: nothing, PUBACK, PUBREC [MQTT-3.3.4-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic, payload: '0' }))
  await client.expectNoMore()
  client.send(v5.publish({ topic, qos: 1, id: 0x1234, payload: '1' }))
  await client.expect('puback', { id: 0x1234, code: 0 })
  await client.expectNoMore()
  client.send(v5.publish({ topic, qos: 2, id: 0x4321, payload: '2' }))
  await client.expect('pubrec', { id: 0x4321, code: 0 })
  await client.expectNoMore()
  client.send(v5.pubrel(0x4321))
  await client.expect('pubcomp', { id: 0x4321, code: 0 })
  await client.expectNoMore()
  for (const payload of ['0', '1', '2']) await reader.expect('publish', { payload, qos: Number(payload) })
})

test('PUBLISH that nobody subscribed to is answered with 0x10, or 0x00 [MQTT-3.3.4-1] [MQTT §3.4.2.1] [MQTT §3.5.2.1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: fresh(), qos: 1, id: 1 }), v5.publish({ topic: fresh(), qos: 2, id: 2 }))
  const [puback, pubrec] = [await client.expect('puback', { id: 1 }), await client.expect('pubrec', { id: 2 })]
  const allowed = broker.foreign ? [0x00, 0x10] : [0x10]
  for (const { code } of [puback, pubrec]) {
    if (!allowed.includes(code)) throw new Error(`the reason code is ${code}`)
  }
  client.send(v5.pubrel(2))
  await client.expect('pubcomp', { id: 2, code: 0 })
})

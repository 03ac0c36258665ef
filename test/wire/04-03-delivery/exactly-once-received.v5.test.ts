import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { Authorizer } from '../../../src/engine/ports.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const authorizer: Authorizer = {
  decide: (_client, action, topic) => ({
    allowed: action !== 'publish' || !topic.endsWith('denied'),
    why: 'it is denied',
  }),
}

const broker = useTarget({ authorizer, fakeClock: true })
const properties = { sessionExpiryInterval: 60 }

async function reading(qos = 2) {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: `${topic}/#`, qos })
  return { topic, reader }
}

for (const id of [1, 0x0100, 0xffff]) {
  test(`QoS 2 PUBLISH and PUBREL ${id} are answered by PUBREC and PUBCOMP ${id} [MQTT-4.3.3-8] [MQTT-4.3.3-11]`, async () => {
    const { topic, reader } = await reading()
    const writer = await broker.connect(v5)
    writer.send(v5.publish({ topic, qos: 2, id, payload: 'x' }))
    await writer.expect('pubrec', { id, code: 0 })
    writer.send(v5.pubrel(id))
    await writer.expect('pubcomp', { id, code: 0 })
    await writer.expectNoMore()
    await receive(reader, { payload: 'x', qos: 2 })
    await reader.expectNoMore()
  })
}

test('after a refusing PUBREC the identifier is of a new message [MQTT-4.3.3-9]', broker.ours, async () => {
  const { topic, reader } = await reading()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic: `${topic}/denied`, qos: 2, id: 5, payload: 'no' }))
  await writer.expect('pubrec', { id: 5, code: 0x87 })
  await publish(writer, { topic: `${topic}/a`, qos: 2, id: 5, payload: 'new' })
  await receive(reader, { topic: `${topic}/a`, payload: 'new' })
  await reader.expectNoMore()
})

test('after a refusing PUBREC the identifier is not released [MQTT-4.3.3-9]', broker.ours, async () => {
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic: 'denied', qos: 2, id: 5 }))
  await writer.expect('pubrec', { id: 5, code: 0x87 })
  writer.send(v5.pubrel(5))
  await writer.expect('pubcomp', { id: 5, code: 0x92 })
})

for (const dup of [true, false]) {
  test(`before PUBREL the same identifier with DUP ${Number(dup)} is answered, and delivered once [MQTT-4.3.3-10]`, async () => {
    const { topic, reader } = await reading()
    const writer = await broker.connect(v5)
    for (let round = 0; round < 3; round++) {
      writer.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x', dup: dup && round > 0 }))
      await writer.expect('pubrec', { id: 9 })
    }
    writer.send(v5.pubrel(9))
    await writer.expect('pubcomp', { id: 9, code: 0 })
    await receive(reader, { payload: 'x' })
    await reader.expectNoMore()
  })
}

test('before PUBREL the identifier stays taken over a reconnect [MQTT-4.3.3-10]', async () => {
  const { topic, reader } = await reading()
  const clientId = fresh()
  const writer = await broker.connect(v5, { clientId, properties })
  writer.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x' }))
  await writer.expect('pubrec', { id: 9, code: 0 })
  await writer.end()
  const again = await broker.resume(v5, { clientId, properties })
  again.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x', dup: true }))
  await again.expect('pubrec', { id: 9 })
  again.send(v5.pubrel(9))
  await again.expect('pubcomp', { id: 9, code: 0 })
  await receive(reader, { payload: 'x' })
  await reader.expectNoMore()
})

test('in a new session an identifier is free again [MQTT-4.3.3-10]', async () => {
  const { topic, reader } = await reading(0)
  const clientId = fresh()
  const writer = await broker.connect(v5, { clientId, properties })
  writer.send(v5.publish({ topic, qos: 2, id: 9, payload: 'first' }))
  await writer.expect('pubrec', { id: 9, code: 0 })
  await writer.end()
  const again = await broker.connect(v5, { clientId, clean: true })
  await publish(again, { topic, qos: 2, id: 9, payload: 'second' })
  const packets = await reader.drain()
  const payloads = packets.map((packet) => (packet.type === 'publish' ? packet.payload.toString() : packet.type))
  equal(payloads.at(-1), 'second')
})

test('PUBREL twice is answered twice, and the message delivered once [MQTT-4.3.3-11]', async () => {
  const { topic, reader } = await reading()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x' }))
  await writer.expect('pubrec', { id: 9 })
  writer.send(v5.pubrel(9), v5.pubrel(9))
  await writer.expect('pubcomp', { id: 9, code: 0 })
  await writer.expect('pubcomp', { id: 9 })
  await receive(reader, { payload: 'x' })
  await reader.expectNoMore()
})

for (const dup of [false, true]) {
  test(`after PUBCOMP the identifier is of a new message, with DUP ${Number(dup)} too [MQTT-4.3.3-12]`, async () => {
    const { topic, reader } = await reading()
    const writer = await broker.connect(v5)
    for (const [index, payload] of ['x', 'x', 'y'].entries()) {
      await publish(writer, { topic, qos: 2, id: 9, payload, dup: dup && index > 0 })
      await receive(reader, { payload })
    }
    await reader.expectNoMore()
  })
}

test('several messages may be between PUBREC and PUBREL, released in any order [MQTT-4.3.3-11]', async () => {
  const { topic, reader } = await reading(0)
  const writer = await broker.connect(v5)
  for (const id of [1, 2, 3]) writer.send(v5.publish({ topic, qos: 2, id, payload: `${id}` }))
  for (const id of [1, 2, 3]) await writer.expect('pubrec', { id, code: 0 })
  for (const id of [2, 3, 1]) writer.send(v5.pubrel(id))
  for (const id of [2, 3, 1]) await writer.expect('pubcomp', { id, code: 0 })
  equal((await reader.drain()).length, 3)
})

test('the handshake is completed though the message has expired [MQTT-4.3.3-13]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v5, { clientId, properties })
  await reader.subscribe({ filter: topic, qos: 2 })
  await reader.end()
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x', properties: { messageExpiryInterval: 1 } }))
  await writer.expect('pubrec', { id: 9, code: 0 })
  await broker.elapse(3_000)
  writer.send(v5.pubrel(9))
  await writer.expect('pubcomp', { id: 9, code: 0 })
  await writer.expectNoMore()
})

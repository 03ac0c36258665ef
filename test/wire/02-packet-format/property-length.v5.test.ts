import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('SUBACK without properties has Property Length 0 [MQTT-2.2.2-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.subscribe({ id: 0x0102, filters: [fresh()] }))
  await client.expectBytes(hex`90 04 0102 00 00`)
})

test('UNSUBACK without properties has Property Length 0 [MQTT-2.2.2-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  client.send(v5.unsubscribe({ id: 0x0102, filters: [topic] }))
  await client.expectBytes(hex`b0 04 0102 00 00`)
})

test('PUBLISH of the server without properties has Property Length 0 [MQTT-2.2.2-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, payload: 'x' }))
  await reader.expectBytes(hex`30 ${topic.length + 4} 00 ${topic.length} ${Buffer.from(topic)} 00 78`)
})

const without = {
  PUBLISH: v5.publish({ topic: 'a', properties: null }),
  'QoS 1 PUBLISH': v5.publish({ topic: 'a', qos: 1, id: 1, properties: null }),
  SUBSCRIBE: v5.subscribe({ filters: ['a'], properties: null }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['a'], properties: null }),
}

for (const [name, packet] of Object.entries(without)) {
  test(`${name} without Property Length is a Malformed Packet [MQTT-2.2.2-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  })
}

test('CONNECT without Property Length is refused [MQTT-2.2.2-1]', async () => {
  for (const fields of [{ properties: null }, { will: { topic: 'a', payload: 'x', properties: null } }]) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), ...fields }))
    await client.expectRefused()
  }
})

const acknowledgements = {
  'two bytes, for success': {},
  'three bytes, with a reason code': { reason: 0 },
  'four bytes, with an empty property section': { reason: 0, properties: {} },
  'a reason string': { reason: 0, properties: { reasonString: 'thank you' } },
  'user properties': {
    reason: 0,
    properties: {
      userProperty: [
        ['a', 'b'],
        ['a', 'c'],
      ] as const,
    },
  },
}

for (const [form, fields] of Object.entries(acknowledgements)) {
  test(`the acknowledgements of a client may have ${form} [MQTT-2.2.2-1] [MQTT §3.4.2.1] [MQTT §3.5.2.1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5, { properties: { receiveMaximum: 1 } })
    await reader.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, payload: 'first' })
    await publish(writer, { topic, qos: 2, payload: 'second' })
    await publish(writer, { topic, qos: 1, payload: 'third' })
    const first = await reader.expect('publish', { payload: 'first' })
    reader.send(v5.puback(first.id, fields))
    const second = await reader.expect('publish', { payload: 'second' })
    reader.send(v5.pubrec(second.id, fields))
    await reader.expect('pubrel', { id: second.id })
    reader.send(v5.pubcomp(second.id, fields))
    const third = await reader.expect('publish', { payload: 'third' })
    reader.send(v5.puback(third.id, fields))
    await reader.expectNoMore()
  })

  test(`PUBREL of a client may have ${form} [MQTT-2.2.2-1] [MQTT §3.6.2.1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    writer.send(v5.publish({ topic, qos: 2, id: 4, payload: 'x' }))
    await writer.expect('pubrec', { id: 4, code: 0 })
    writer.send(v5.pubrel(4, fields))
    await writer.expect('pubcomp', { id: 4, code: 0 })
    await reader.expect('publish', { topic, payload: 'x' })
  })

  test(`DISCONNECT of a client may have no byte, or ${form} [MQTT-2.2.2-1] [MQTT-3.1.2-8]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.connect(v5, { will: { topic } })
    client.send(v5.disconnect(fields))
    await client.expectClosed()
    await reader.expectNoMore()
  })
}

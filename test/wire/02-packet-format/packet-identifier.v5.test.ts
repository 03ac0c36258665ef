import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

test('a QoS 0 PUBLISH has no Packet Identifier, in or out [MQTT-2.2.1-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  const packet = v5.publish({ topic, payload: hex`0001 78` })
  writer.send(packet)
  await reader.expectBytes(packet)
})

test('a QoS 1 message has no Packet Identifier for a subscriber at QoS 0 [MQTT-2.2.1-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 0 })
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 1, id: 0x1234, payload: 'x' }))
  await reader.expectBytes(v5.publish({ topic, payload: 'x' }))
})

const withZero = {
  'QoS 1 PUBLISH': v5.publish({ topic: 'a', qos: 1, id: 0 }),
  'QoS 2 PUBLISH': v5.publish({ topic: 'a', qos: 2, id: 0 }),
  SUBSCRIBE: v5.subscribe({ id: 0, filters: ['a'] }),
  UNSUBSCRIBE: v5.unsubscribe({ id: 0, filters: ['a'] }),
}

for (const [name, packet] of Object.entries(withZero)) {
  test(`${name} with Packet Identifier 0 ends the connection [MQTT-2.2.1-3]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81, 0x82)
  })
}

test('the smallest and the largest Packet Identifier are taken [MQTT-2.2.1-3] [MQTT-2.2.1-5] [MQTT-2.2.1-6]', async () => {
  const client = await broker.connect(v5)
  for (const id of [1, 0x0100, 0xffff]) {
    client.send(v5.publish({ topic: fresh(), qos: 1, id }))
    await client.expect('puback', { id })
    client.send(v5.publish({ topic: fresh(), qos: 2, id }))
    await client.expect('pubrec', { id })
    client.send(v5.pubrel(id))
    await client.expect('pubcomp', { id, code: 0 })
    client.send(v5.subscribe({ id, filters: [fresh()] }))
    await client.expect('suback', { id, codes: [0] })
    client.send(v5.unsubscribe({ id, filters: [fresh()] }))
    await client.expect('unsuback', { id, codes: [0x11] })
  }
})

test('a Packet Identifier in use is answered with it, with 0x91 if with an error [MQTT-2.2.1-3]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: fresh(), qos: 2, id: 5 }))
  await client.expect('pubrec', { id: 5 })
  client.send(v5.subscribe({ id: 5, filters: [fresh()] }))
  const suback = await client.expect('suback', { id: 5 })
  equal([0, 0x91].includes(suback.codes[0] ?? -1), true, `SUBACK ${suback.codes.join()}`)
  client.send(v5.unsubscribe({ id: 5, filters: [fresh()] }))
  const unsuback = await client.expect('unsuback', { id: 5 })
  equal([0x11, 0x91].includes(unsuback.codes[0] ?? -1), true, `UNSUBACK ${unsuback.codes.join()}`)
  client.send(v5.publish({ topic: fresh(), qos: 1, id: 5 }))
  const puback = await client.expect('puback', { id: 5 })
  equal([0, 0x10, 0x91].includes(puback.code), true, `PUBACK ${puback.code}`)
  client.send(v5.pubrel(5))
  await client.expect('pubcomp', { id: 5, code: 0 })
})

test('a Packet Identifier is free again after the exchange it was for [MQTT-2.2.1-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  for (const payload of ['first', 'second']) {
    writer.send(v5.publish({ topic, qos: 2, id: 5, payload }))
    await writer.expect('pubrec', { id: 5, code: 0 })
    writer.send(v5.pubrel(5))
    await writer.expect('pubcomp', { id: 5, code: 0 })
    await reader.expect('publish', { topic, payload })
  }
})

async function publishMany(writer: WireClient, topic: string, qos: number, count: number): Promise<void> {
  for (let id = 1; id <= count; id++) writer.send(v5.publish({ topic, qos, id }))
  for (let id = 1; id <= count; id++) await writer.expect(qos === 1 ? 'puback' : 'pubrec', { id })
  if (qos === 1) return
  for (let id = 1; id <= count; id++) writer.send(v5.pubrel(id))
  for (let id = 1; id <= count; id++) await writer.expect('pubcomp', { id })
}

test('the Packet Identifiers of unacknowledged messages are not 0 and all differ [MQTT-2.2.1-4]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publishMany(writer, topic, 1, 5)
  await publishMany(writer, topic, 2, 5)
  const ids: number[] = []
  for (let count = 0; count < 10; count++) ids.push((await reader.expect('publish', { topic })).id)
  equal(new Set(ids).size, 10)
  equal(ids.includes(0), false)
})

test('a new message does not get an identifier in use, whatever was acknowledged [MQTT-2.2.1-4]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publishMany(writer, topic, 2, 3)
  const first = await reader.expect('publish')
  const second = await reader.expect('publish')
  const third = await reader.expect('publish')
  // The first waits for PUBCOMP, the second is done, the third waits for PUBREC.
  reader.send(v5.pubrec(first.id))
  await reader.expect('pubrel', { id: first.id })
  reader.send(v5.pubrec(second.id))
  await reader.expect('pubrel', { id: second.id })
  reader.send(v5.pubcomp(second.id))
  await reader.expectNoMore()
  await publishMany(writer, topic, 1, 3)
  const used = [first.id, third.id]
  for (let count = 0; count < 3; count++) {
    const { id } = await reader.expect('publish', { topic, qos: 1 })
    equal(used.includes(id), false, `identifier ${id} is in use`)
    used.push(id)
  }
})

test(
  'after 65,535 messages the identifiers start again without the one in use [MQTT-2.2.1-4]',
  broker.ours,
  async () => {
    const root = fresh()
    const writer = await broker.connect(v5)
    const batch = 500
    for (let number = 0; number < batch; number++)
      writer.send(v5.publish({ topic: `${root}/${number}`, retain: true, qos: 1, payload: 'x' }))
    for (let number = 0; number < batch; number++) await writer.expect('puback')
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: `${root}/0`, qos: 1 })
    const held = (await reader.expect('publish')).id
    const seen = new Set<number>()
    for (let got = 0; got < 65_535 + batch; got += batch) {
      await reader.subscribe({ filter: `${root}/+`, qos: 1 })
      const answers: Buffer[] = []
      for (let count = 0; count < batch; count++) {
        const { id } = await reader.expect('publish')
        notEqual(id, held)
        seen.add(id)
        answers.push(v5.puback(id))
      }
      reader.send(...answers)
    }
    equal(seen.has(0), false)
  },
)

test('PUBREL of the server carries the identifier of its PUBLISH [MQTT-2.2.1-5]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publishMany(writer, topic, 2, 3)
  const ids: number[] = []
  for (let count = 0; count < 3; count++) ids.push((await reader.expect('publish')).id)
  for (const id of ids) reader.send(v5.pubrec(id))
  const released: number[] = []
  for (let count = 0; count < 3; count++) released.push((await reader.expect('pubrel', { code: 0 })).id)
  deepEqual(released, ids)
})

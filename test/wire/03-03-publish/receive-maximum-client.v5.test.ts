import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

// The Receive Maximum of the client: what the server may send.
const broker = useTarget()

interface Scene {
  readonly topic: string
  readonly reader: WireClient
  readonly writer: WireClient
}

/** A reader with this Receive Maximum, and so many messages for it, with their number as payload. */
async function scene(receiveMaximum: number, qos: number, count: number): Promise<Scene> {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { receiveMaximum } })
  await reader.subscribe({ filter: topic, qos })
  const writer = await broker.connect(v5)
  for (let number = 1; number <= count; number++) await publish(writer, { topic, qos, payload: `${number}` })
  return { topic, reader, writer }
}

for (const receiveMaximum of [1, 2, 5]) {
  test(`QoS 1: no more than ${receiveMaximum} messages unacknowledged, PUBACK makes room for the next [MQTT-3.3.4-9]`, async () => {
    const { reader } = await scene(receiveMaximum, 1, 8)
    const ids: number[] = []
    for (let number = 1; number <= receiveMaximum; number++) {
      ids.push((await reader.expect('publish', { payload: `${number}`, qos: 1 })).id)
    }
    await reader.expectNoMore()
    for (let number = receiveMaximum + 1; number <= 8; number++) {
      reader.send(v5.puback(ids.shift() ?? 0))
      ids.push((await reader.expect('publish', { payload: `${number}`, dup: false })).id)
      await reader.expectNoMore()
    }
    for (const id of ids) reader.send(v5.puback(id))
    await reader.expectNoMore()
  })

  test(`QoS 2: no more than ${receiveMaximum} messages unacknowledged, PUBCOMP makes room for the next [MQTT-3.3.4-9]`, async () => {
    const { reader } = await scene(receiveMaximum, 2, 7)
    const ids: number[] = []
    for (let number = 1; number <= receiveMaximum; number++) {
      ids.push((await reader.expect('publish', { payload: `${number}`, qos: 2 })).id)
    }
    await reader.expectNoMore()
    for (let number = receiveMaximum + 1; number <= 7; number++) {
      const id = ids.shift() ?? 0
      reader.send(v5.pubrec(id))
      await reader.expect('pubrel', { id })
      await reader.expectNoMore()
      reader.send(v5.pubcomp(id))
      ids.push((await reader.expect('publish', { payload: `${number}` })).id)
      await reader.expectNoMore()
    }
  })
}

test('PUBREC with an error makes room, and is not followed by PUBREL [MQTT-3.3.4-9]', async () => {
  const { reader } = await scene(1, 2, 3)
  for (const payload of ['1', '2']) {
    const { id } = await reader.expect('publish', { payload })
    reader.send(v5.pubrec(id, { reason: 0x83 }))
  }
  await receive(reader, { payload: '3' })
  await reader.expectNoMore()
})

test('PUBACK with an error makes room, and the message does not come again [MQTT-3.3.4-9]', async () => {
  const { reader } = await scene(1, 1, 3)
  for (const payload of ['1', '2']) {
    const { id } = await reader.expect('publish', { payload })
    reader.send(v5.puback(id, { reason: 0x80 }))
  }
  await receive(reader, { payload: '3' })
  await reader.expectNoMore()
})

test('QoS 1 and QoS 2 messages share the Receive Maximum [MQTT-3.3.4-9]', async () => {
  const { reader, writer, topic } = await scene(2, 2, 0)
  for (const [index, qos] of [1, 2, 1].entries()) await publish(writer, { topic, qos, payload: `${index}` })
  const first = await reader.expect('publish', { payload: '0', qos: 1 })
  await reader.expect('publish', { payload: '1', qos: 2 })
  await reader.expectNoMore()
  reader.send(v5.puback(first.id))
  await reader.expect('publish', { payload: '2', qos: 1 })
})

test('QoS 0 messages do not count [MQTT-3.3.4-9] [MQTT-3.3.4-10]', async () => {
  const { reader, writer, topic } = await scene(1, 1, 2)
  await reader.expect('publish', { payload: '1' })
  for (const payload of ['a', 'b', 'c']) await publish(writer, { topic, payload })
  for (const payload of ['a', 'b', 'c']) await reader.expect('publish', { payload, qos: 0 })
  await reader.expectNoMore()
})

test('the Receive Maximum holds for the messages of a resumed session, and is that of the new CONNECT [MQTT-3.3.4-9]', async () => {
  const topic = fresh()
  const session = { sessionExpiryInterval: 60 }
  const clientId = fresh()
  const first = await broker.connect(v5, { clientId, properties: { ...session, receiveMaximum: 4 } })
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  for (const payload of ['1', '2', '3', '4']) await publish(writer, { topic, qos: 1, payload })
  for (const payload of ['1', '2', '3', '4']) await first.expect('publish', { payload })
  await first.end()
  await publish(writer, { topic, qos: 1, payload: '5' })
  const second = await broker.resume(v5, { clientId, properties: { ...session, receiveMaximum: 2 } })
  const got = [
    await second.expect('publish', { payload: '1', dup: true }),
    await second.expect('publish', { payload: '2' }),
  ]
  await second.expectNoMore()
  for (const { id } of got) second.send(v5.puback(id))
  for (const payload of ['3', '4', '5']) await receive(second, { payload })
  await second.expectNoMore()
})

test('retained messages are held back by the Receive Maximum too [MQTT-3.3.4-9]', async () => {
  const root = fresh()
  const writer = await broker.connect(v5)
  for (const name of ['a', 'b', 'c'])
    await publish(writer, { topic: `${root}/${name}`, qos: 1, retain: true, payload: name })
  const reader = await broker.connect(v5, { properties: { receiveMaximum: 1 } })
  await reader.subscribe({ filter: `${root}/+`, qos: 1 })
  for (let count = 0; count < 3; count++) {
    const { id } = await reader.expect('publish', { retain: true, qos: 1 })
    await reader.expectNoMore()
    reader.send(v5.puback(id))
  }
  await reader.expectNoMore()
})

test('with nothing left of the Receive Maximum all other packets are sent [MQTT-3.3.4-10]', async () => {
  const { reader } = await scene(1, 2, 3)
  const { id } = await reader.expect('publish', { payload: '1' })
  await reader.expectNoMore()
  const filter = fresh()
  reader.send(v5.subscribe({ id: 2, filters: [filter] }))
  await reader.expect('suback', { id: 2, codes: [0] })
  reader.send(v5.publish({ topic: filter, payload: 'own' }))
  await reader.expect('publish', { topic: filter, payload: 'own', qos: 0 })
  reader.send(v5.unsubscribe({ id: 3, filters: [filter] }))
  await reader.expect('unsuback', { id: 3, codes: [0] })
  await publish(reader, { topic: fresh(), qos: 1, id: 4 })
  await publish(reader, { topic: fresh(), qos: 2, id: 5 })
  reader.send(v5.pubrec(id))
  await reader.expect('pubrel', { id })
  await reader.expectNoMore()
  reader.send(v5.pubcomp(id))
  await receive(reader, { payload: '2' })
})

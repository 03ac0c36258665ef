import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const id of [1, 2, 0x00ff, 0x0100, 0x1234, 0xffff]) {
  test(`SUBSCRIBE ${id} is answered by SUBACK ${id} [MQTT-3.8.4-1] [MQTT-3.8.4-2]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id, filters: [fresh()] }))
    await client.expect('suback', { id, codes: [0] })
    await client.expectNoMore()
  })
}

test('each of several SUBSCRIBE packets in one write is answered in turn [MQTT-3.8.4-1] [MQTT-3.8.4-2]', async () => {
  const client = await broker.connect(v5)
  const topic = fresh()
  client.send(...[9, 4, 7].map((id) => v5.subscribe({ id, filters: [{ filter: `${topic}/${id}`, qos: 1 }] })))
  for (const id of [9, 4, 7]) await client.expect('suback', { id, codes: [1] })
  await client.expectNoMore()
})

test('several filters in one SUBSCRIBE are several subscriptions with one SUBACK [MQTT-3.8.4-5] [MQTT-3.8.4-6]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const filters = [0, 1, 2, 1, 0].map((qos, index) => ({ filter: `${topic}/${index}`, qos }))
  reader.send(v5.subscribe({ id: 3, filters }))
  await reader.expect('suback', { id: 3, codes: [0, 1, 2, 1, 0] })
  const writer = await broker.connect(v5)
  for (const [index, { filter, qos }] of filters.entries()) {
    await publish(writer, { topic: filter, qos: 2, payload: `${index}` })
    await receive(reader, { topic: filter, qos, payload: `${index}` })
  }
  await reader.expectNoMore()
})

test('one filter twice in a SUBSCRIBE has two codes, and the latter holds [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const filters = [
    { filter: topic, qos: 2 },
    { filter: topic, qos: 1 },
  ]
  reader.send(v5.subscribe({ id: 3, filters }))
  await reader.expect('suback', { id: 3, codes: [2, 1] })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2 })
  await receive(reader, { topic, qos: 1 })
  await reader.expectNoMore()
})

test('a SUBSCRIBE with a hundred filters has a hundred codes [MQTT-3.8.4-6] [MQTT-3.8.4-7]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  const filters = Array.from({ length: 100 }, (_, index) => ({ filter: `${topic}/${index}`, qos: index % 3 }))
  client.send(v5.subscribe({ id: 3, filters }))
  await client.expect('suback', { id: 3, codes: filters.map(({ qos }) => qos) })
})

for (const granted of [0, 1, 2]) {
  for (const published of [0, 1, 2]) {
    const qos = Math.min(granted, published)
    test(`a message of QoS ${published} for a subscription of QoS ${granted} comes with QoS ${qos} [MQTT-3.8.4-8] [MQTT-3.8.4-7]`, async () => {
      const topic = fresh()
      const reader = await broker.connect(v5)
      reader.send(v5.subscribe({ id: 3, filters: [{ filter: topic, qos: granted }] }))
      await reader.expect('suback', { id: 3, codes: [granted] })
      const writer = await broker.connect(v5)
      await publish(writer, { topic, qos: published, payload: 'x' })
      await receive(reader, { topic, qos, payload: 'x', dup: false, retain: false })
      await reader.expectNoMore()
    })
  }
}

test('the Subscription Identifier comes with each message of its subscription [MQTT §3.8.2.1.2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  for (const [index, subscriptionIdentifier] of [1, 127, 128, 16_384, 268_435_455].entries()) {
    const filters = [`${topic}/${index}`]
    reader.send(v5.subscribe({ id: 3, filters, properties: { subscriptionIdentifier } }))
    await reader.expect('suback', { id: 3, codes: [0] })
    const writer = await broker.connect(v5)
    await publish(writer, { topic: `${topic}/${index}` })
    await receive(reader, { properties: { subscriptionIdentifier: [subscriptionIdentifier] } })
  }
})

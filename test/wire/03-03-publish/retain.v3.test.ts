import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

async function subscriber(filter: string, qos = 2): Promise<WireClient> {
  const client = await broker.connect(v4)
  await client.subscribe({ filter, qos })
  return client
}

for (const qos of [0, 1, 2]) {
  test(`a retained message at QoS ${qos} is kept with its QoS for later subscribers [MQTT3-3.3.1-5] [MQTT3-3.3.1-6] [MQTT3-3.3.1-8]`, async () => {
    const topic = fresh()
    const writer = await broker.connect(v4)
    await publish(writer, { topic, qos, retain: true, payload: 'kept' })
    for (const granted of [0, 1, 2]) {
      const reader = await subscriber(topic, granted)
      await receive(reader, { topic, qos: Math.min(qos, granted), retain: true, dup: false, payload: 'kept' })
      await reader.expectNoMore()
    }
  })
}

test('only the last retained message of each matching topic is sent [MQTT3-3.3.1-6]', async () => {
  const root = fresh()
  const writer = await broker.connect(v4)
  for (const topic of ['a', 'a/b', 'a/c', 'b', '']) {
    await publish(writer, { topic: `${root}/${topic}`, qos: 1, retain: true, payload: 'old' })
    await publish(writer, { topic: `${root}/${topic}`, qos: 1, retain: true, payload: `last of ${topic}` })
  }
  await expectRetained(`${root}/#`, ['last of ', 'last of a', 'last of a/b', 'last of a/c', 'last of b'])
  await expectRetained(`${root}/+`, ['last of ', 'last of a', 'last of b'])
  await expectRetained(`${root}/a/#`, ['last of a', 'last of a/b', 'last of a/c'])
  await expectRetained(`${root}/+/b`, ['last of a/b'])
  await expectRetained(`${root}/a`, ['last of a'])
  await expectRetained(`${root}/c/#`, [])
})

async function expectRetained(filter: string, payloads: readonly string[]): Promise<void> {
  const reader = await subscriber(filter, 0)
  const got: string[] = []
  for (const packet of await reader.drain()) {
    if (packet.type !== 'publish' || !packet.retain) throw new Error(`unexpected ${packet.type}`)
    got.push(packet.payload.toString())
  }
  const missing = payloads.filter((payload) => !got.includes(payload))
  if (missing.length > 0 || got.length !== payloads.length) throw new Error(`${filter}: ${got.join()} came`)
}

test('a retained message at QoS 0 discards the one before [MQTT3-3.3.1-7]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, retain: true, payload: 'old' })
  await publish(writer, { topic, qos: 0, retain: true, payload: 'new' })
  const reader = await subscriber(topic)
  await reader.expect('publish', { qos: 0, retain: true, payload: 'new' })
  await reader.expectNoMore()
})

test('subscribers at the time get a retained message with RETAIN 0 [MQTT3-3.3.1-9]', async () => {
  const topic = fresh()
  const reader = await subscriber(topic)
  const writer = await broker.connect(v4)
  for (const qos of [0, 1, 2]) {
    await publish(writer, { topic, qos, retain: true, payload: 'x' })
    await receive(reader, { topic, qos, retain: false, payload: 'x' })
    await publish(writer, { topic, qos, retain: false, payload: 'y' })
    await receive(reader, { topic, qos, retain: false, payload: 'y' })
  }
})

test('a retained message kept for an absent subscriber comes with RETAIN 0 [MQTT3-3.3.1-9]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, retain: true, payload: 'x' })
  const again = await broker.resume(v4, { clientId })
  await receive(again, { topic, retain: false, payload: 'x' })
  await again.expectNoMore()
})

for (const qos of [0, 1, 2]) {
  test(`an empty retained message at QoS ${qos} is delivered and clears the topic [MQTT3-3.3.1-10] [MQTT3-3.3.1-11]`, async () => {
    const topic = fresh()
    const writer = await broker.connect(v4)
    await publish(writer, { topic, qos: 1, retain: true, payload: 'old' })
    const reader = await subscriber(topic)
    await receive(reader, { payload: 'old', retain: true })
    await publish(writer, { topic, qos, retain: true, payload: '' })
    await receive(reader, { topic, qos, retain: false, payload: '' })
    const later = await subscriber(topic)
    await later.expectNoMore()
  })
}

test('an empty retained message on a topic without one is not kept [MQTT3-3.3.1-11]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, retain: true, payload: '' })
  const later = await subscriber(topic)
  await later.expectNoMore()
})

test('a message without RETAIN is not kept and leaves the retained one [MQTT3-3.3.1-12]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic: `${topic}/none`, qos: 1, payload: 'passing' })
  await publish(writer, { topic: `${topic}/one`, qos: 1, retain: true, payload: 'kept' })
  await publish(writer, { topic: `${topic}/one`, qos: 1, payload: 'passing' })
  await publish(writer, { topic: `${topic}/one`, qos: 1, payload: '' })
  const reader = await subscriber(`${topic}/#`)
  await receive(reader, { topic: `${topic}/one`, retain: true, payload: 'kept' })
  await reader.expectNoMore()
})

test('the RETAIN flag of a retained message is on the wire as bit 0 [MQTT3-3.3.1-8]', async () => {
  const topic = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, retain: true, payload: 'x' })
  const reader = await subscriber(topic)
  await reader.expectBytes(hex`31 ${topic.length + 3} 00 ${topic.length} ${Buffer.from(topic)} 78`)
})

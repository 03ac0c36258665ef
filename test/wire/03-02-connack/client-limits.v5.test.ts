import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { type PublishFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const maximumPacketSize = 300
const broker = useTarget({ settings: { maximumPacketSize, topicAliasMaximum: 3 } })
const withoutAliases = useTarget({ settings: { topicAliasMaximum: 0 } })

test(
  'CONNACK says Maximum Packet Size and Topic Alias Maximum [MQTT-3.2.2-15] [MQTT-3.2.2-17]',
  broker.ours,
  async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh() }))
    await client.expect('connack', { code: 0, properties: { maximumPacketSize, topicAliasMaximum: 3 } })
  },
)

function sized(size: number, fields: PublishFields): Buffer {
  const overhead = v5.publish({ ...fields, payload: 'x'.repeat(200) }).length - 200
  const packet = v5.publish({ ...fields, payload: 'x'.repeat(size - overhead) })
  equal(packet.length, size)
  return packet
}

test('a packet of the Maximum Packet Size is accepted [MQTT-3.2.2-15]', broker.ours, async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(sized(maximumPacketSize, { topic, qos: 1, id: 8 }))
  await client.expect('puback', { id: 8, code: 0 })
  await reader.expect('publish', { topic })
})

for (const size of [maximumPacketSize + 1, maximumPacketSize * 2, 16_000]) {
  test(
    `a packet of ${size} bytes, over the Maximum Packet Size, is answered by DISCONNECT 0x95 [MQTT-3.2.2-15]`,
    broker.ours,
    async () => {
      const topic = fresh()
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      const client = await broker.connect(v5)
      client.send(sized(size, { topic, payload: 'x' }))
      await client.expectDisconnect(0x95)
      await reader.expectNoMore()
    },
  )
}

test(
  'the length alone of a packet over the Maximum Packet Size is enough for DISCONNECT 0x95 [MQTT-3.2.2-15]',
  broker.ours,
  async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), remainingLength: 268_435_455 }))
    await client.expectDisconnect(0x95)
  },
)

test('SUBSCRIBE over the Maximum Packet Size is answered by DISCONNECT 0x95 [MQTT-3.2.2-15]', broker.ours, async () => {
  const client = await broker.connect(v5)
  client.send(v5.subscribe({ filters: ['a'.repeat(150), 'b'.repeat(150)] }))
  await client.expectDisconnect(0x95)
})

test('CONNECT over the Maximum Packet Size is refused [MQTT-3.2.2-15] [MQTT-3.1.4-2]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), username: 'x'.repeat(300) }))
  await client.expectRefused()
})

test('an alias up to the Topic Alias Maximum is accepted, a larger one answered by DISCONNECT 0x94 [MQTT-3.2.2-17] [MQTT-3.3.2-9]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const { topicAliasMaximum = 0 } = (await client.expect('connack')).properties
  const topic = fresh()
  client.send(v5.publish({ topic, properties: { topicAlias: topicAliasMaximum } }))
  await client.expectNoMore()
  client.send(v5.publish({ topic, properties: { topicAlias: topicAliasMaximum + 1 } }))
  await client.expectBroken(0x94)
})

test('a message with an alias too large is not distributed [MQTT-3.2.2-17] [MQTT-3.3.2-9]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  for (const qos of [0, 1, 2]) {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic, qos, properties: { topicAlias: 65_535 } }))
    await client.expectBroken(0x94)
  }
  await reader.expectNoMore()
})

test(
  'without Topic Alias Maximum any alias is answered by DISCONNECT 0x94 [MQTT-3.2.2-18]',
  withoutAliases.ours,
  async () => {
    for (const topicAlias of [1, 2, 65_535]) {
      const client = await withoutAliases.open(v5)
      client.send(v5.connect({ clientId: fresh() }))
      const { topicAliasMaximum = 0 } = (await client.expect('connack')).properties
      equal(topicAliasMaximum, 0)
      await publish(client, { topic: fresh(), payload: 'no alias' })
      client.send(v5.publish({ topic: fresh(), properties: { topicAlias } }))
      await client.expectDisconnect(0x94)
    }
  },
)

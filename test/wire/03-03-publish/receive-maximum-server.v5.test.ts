import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, type Target, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

// The Receive Maximum of the server: what the client may send.
const broker = useTarget({
  settings: { receiveMaximum: 3 },
  authorizer: {
    decide: (_client, action, topic) => ({ allowed: !topic.includes(`no-${action}`), why: 'the rule of the test' }),
  },
})
const usual = useTarget()

/** A client that has sent as many QoS 2 messages as the server allows, and has not released them. */
async function exhausted(target: Target): Promise<{ client: WireClient; maximum: number }> {
  const client = await target.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const { receiveMaximum = 65_535 } = (await client.expect('connack')).properties
  const topic = fresh()
  for (let id = 1; id <= receiveMaximum; id++) client.send(v5.publish({ topic, qos: 2, id }))
  for (let id = 1; id <= receiveMaximum; id++) await client.expect('pubrec', { id })
  return { client, maximum: receiveMaximum }
}

test('CONNACK says Receive Maximum [MQTT-3.3.4-7]', broker.ours, async () => {
  equal((await exhausted(broker)).maximum, 3)
  equal((await exhausted(usual)).maximum, 1_000)
})

for (const qos of [1, 2]) {
  test(`a QoS ${qos} message over the Receive Maximum is answered by DISCONNECT 0x93 and not distributed [MQTT-3.3.4-7]`, async () => {
    const topic = fresh()
    const reader = await usual.connect(v5)
    await reader.subscribe({ filter: topic, qos: 2 })
    const { client, maximum } = await exhausted(usual)
    await client.expectNoMore()
    client.send(v5.publish({ topic, qos, id: maximum + 1 }))
    await client.expectBroken(0x93)
    await reader.expectNoMore()
  })
}

test('as many messages as the Receive Maximum are served, and QoS 0 beside them [MQTT-3.3.4-7]', async () => {
  const topic = fresh()
  const reader = await usual.connect(v5)
  await reader.subscribe(topic)
  const { client } = await exhausted(usual)
  await publish(client, { topic, payload: 'QoS 0' })
  await reader.expect('publish', { payload: 'QoS 0' })
})

test('PUBCOMP makes room for the next message [MQTT-3.3.4-7]', async () => {
  const { client, maximum } = await exhausted(usual)
  for (let round = 0; round < 3; round++) {
    client.send(v5.pubrel(round + 1))
    await client.expect('pubcomp', { id: round + 1, code: 0 })
    client.send(v5.publish({ topic: fresh(), qos: 2, id: maximum + round + 1 }))
    await client.expect('pubrec', { id: maximum + round + 1 })
  }
  client.send(v5.publish({ topic: fresh(), qos: 2, id: maximum + 10 }))
  await client.expectBroken(0x93)
})

test('PUBACK makes room: any number of QoS 1 messages one after the other [MQTT-3.3.4-7]', broker.ours, async () => {
  const client = await broker.connect(v5)
  for (let id = 1; id <= 20; id++) await publish(client, { topic: fresh(), qos: 1, id })
})

test('a PUBREC with an error makes room [MQTT-3.3.4-7]', broker.ours, async () => {
  const client = await broker.connect(v5)
  for (let id = 1; id <= 10; id++) {
    client.send(v5.publish({ topic: `${fresh()}/no-publish`, qos: 2, id }))
    await client.expect('pubrec', { id, code: 0x87 })
  }
  for (let id = 1; id <= 3; id++) client.send(v5.publish({ topic: fresh(), qos: 2, id }))
  for (let id = 1; id <= 3; id++) await client.expect('pubrec', { id })
  await client.expectNoMore()
})

test('a message sent again takes no more room [MQTT-3.3.4-7]', broker.ours, async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  for (let count = 0; count < 10; count++) {
    client.send(v5.publish({ topic, qos: 2, id: 1, dup: count > 0, payload: 'once' }))
    await client.expect('pubrec', { id: 1, code: 0 })
  }
  client.send(v5.pubrel(1))
  await client.expect('pubcomp', { id: 1, code: 0 })
  await reader.expect('publish', { payload: 'once' })
  await reader.expectNoMore()
})

test(
  'a client over the Receive Maximum loses its Will to the subscribers [MQTT-3.3.4-7] [MQTT-3.1.2-8]',
  broker.ours,
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.connect(v5, { will: { topic, payload: 'will' } })
    for (let id = 1; id <= 4; id++) client.send(v5.publish({ topic: fresh(), qos: 2, id }))
    for (let id = 1; id <= 3; id++) await client.expect('pubrec', { id })
    await client.expectDisconnect(0x93)
    await reader.expect('publish', { payload: 'will' })
  },
)

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

async function watch(topic: string): Promise<WireClient> {
  const watcher = await broker.connect(v4)
  await watcher.subscribe({ filter: topic, qos: 2 })
  return watcher
}

const losses: Record<string, (client: WireClient) => void> = {
  'the connection is reset': (client) => client.destroy(),
  'the connection is closed without DISCONNECT': (client) => void client.end(),
  'a packet breaks the protocol': (client) => client.send(v4.publish({ topic: 'a', qos: 3 })),
  'a packet is cut by the end of the connection': (client) => {
    client.send(hex`30 20 0001`)
    void client.end()
  },
}

for (const [name, lose] of Object.entries(losses)) {
  test(`the Will is published once when ${name} [MQTT3-3.1.2-8] [MQTT3-3.1.2-10]`, async () => {
    const topic = fresh()
    const watcher = await watch(topic)
    const client = await broker.connect(v4, { will: { topic, payload: 'gone', qos: 1 } })
    await watcher.expectNoMore()
    lose(client)
    await receive(watcher, { topic, payload: 'gone', qos: 1, retain: false })
    await watcher.expectNoMore()
  })
}

test('the Will of a persistent session is published once, and not when the client comes back [MQTT3-3.1.2-8] [MQTT3-3.1.2-10]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await watch(topic)
  const client = await broker.connect(v4, { clientId, clean: false, will: { topic, payload: 'gone' } })
  await client.end()
  await receive(watcher, { payload: 'gone' })
  const again = await broker.resume(v4, { clientId })
  await again.end()
  await broker.connect(v4, { clientId })
  await watcher.expectNoMore()
})

test('DISCONNECT removes the Will [MQTT3-3.1.2-10] [MQTT3-3.14.4-3]', async () => {
  const topic = fresh()
  const watcher = await watch(topic)
  const client = await broker.connect(v4, { will: { topic, payload: 'gone', retain: true } })
  await client.disconnect()
  await watcher.expectNoMore()
  const later = await watch(topic)
  await later.expectNoMore()
})

test('DISCONNECT removes the Will also when the connection is reset right after [MQTT3-3.1.2-10] [MQTT3-3.14.4-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await watch(topic)
  const client = await broker.connect(v4, { clientId, clean: false, will: { topic, payload: 'gone' } })
  client.send(v4.disconnect(), v4.publish({ topic: 'a', qos: 3 }))
  await client.expectClosed()
  await broker.resume(v4, { clientId })
  await watcher.expectNoMore()
})

test('without a Will Flag nothing is published at the end [MQTT3-3.1.2-12]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await watch(`${topic}/#`)
  const withWill = await broker.connect(v4, { clientId, clean: false, will: { topic, payload: 'first' } })
  await withWill.end()
  await receive(watcher, { payload: 'first' })
  const without = await broker.resume(v4, { clientId })
  await without.end()
  await watcher.expectNoMore()
})

test('the Will of the latest CONNECT counts [MQTT3-3.1.2-8]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await watch(topic)
  const first = await broker.connect(v4, { clientId, clean: false, will: { topic, payload: 'first' } })
  await first.disconnect()
  const second = await broker.resume(v4, { clientId, will: { topic, payload: 'second' } })
  await second.end()
  await receive(watcher, { payload: 'second' })
  await watcher.expectNoMore()
})

test('a Will without Will Retain is not retained [MQTT3-3.1.2-16]', async () => {
  const topic = fresh()
  const watcher = await watch(topic)
  const client = await broker.connect(v4, { will: { topic, payload: 'gone', qos: 1, retain: false } })
  await client.end()
  await receive(watcher, { payload: 'gone', retain: false })
  const later = await watch(topic)
  await later.expectNoMore()
})

test('a Will with Will Retain is retained [MQTT3-3.1.2-17]', async () => {
  const topic = fresh()
  const watcher = await watch(topic)
  const client = await broker.connect(v4, { will: { topic, payload: 'gone', qos: 1, retain: true } })
  await client.end()
  await receive(watcher, { payload: 'gone', qos: 1, retain: false })
  const later = await watch(topic)
  await receive(later, { topic, payload: 'gone', qos: 1, retain: true })
})

test('a retained Will with an empty message clears the topic [MQTT3-3.1.2-17] [MQTT3-3.3.1-10]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4, { will: { topic, payload: '', retain: true } })
  await publish(client, { topic, retain: true, payload: 'alive' })
  const watcher = await watch(topic)
  await watcher.expect('publish', { payload: 'alive', retain: true })
  await client.end()
  await watcher.expect('publish', { payload: '', retain: false })
  const later = await watch(topic)
  await later.expectNoMore()
})

test('a refused CONNECT leaves no Will behind [MQTT3-3.1.2-8]', async () => {
  const topic = fresh()
  const watcher = await watch(topic)
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: '', clean: false, will: { topic, payload: 'never' } }))
  await client.expectRefused(2)
  await watcher.expectNoMore()
})

test('a Will Topic with a wildcard, or none, is not accepted [MQTT3-4.7.1-1] [MQTT3-4.7.3-1]', async () => {
  for (const topic of ['a/+', 'a/#', '#', '+', '']) {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: fresh(), will: { topic, payload: 'x' } }))
    await client.expectRefused()
  }
})

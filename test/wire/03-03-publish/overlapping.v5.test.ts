import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketOf } from '../../kit/decode.ts'
import { acknowledge, publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

interface Subscription {
  readonly filter: string
  readonly qos: number
  readonly identifier?: number
}

async function subscribe(reader: WireClient, { filter, qos, identifier }: Subscription): Promise<void> {
  const properties = identifier === undefined ? {} : { subscriptionIdentifier: identifier }
  reader.send(v5.subscribe({ id: 1, filters: [{ filter, qos }], properties }))
  await reader.expect('suback', { id: 1, codes: [qos] })
}

/** All copies of one message that come to a client with these subscriptions. */
async function copies(
  topic: string,
  qos: number,
  subscriptions: readonly Subscription[],
): Promise<PacketOf<'publish'>[]> {
  const reader = await broker.connect(v5)
  for (const subscription of subscriptions) await subscribe(reader, subscription)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos, payload: 'x' })
  const found = (await reader.drain()).filter((packet) => packet.type === 'publish')
  for (const packet of found) equal(packet.topic, topic)
  return found
}

const identifiersOf = (packet: PacketOf<'publish'>): readonly number[] => packet.properties.subscriptionIdentifier ?? []

for (const qos of [0, 1, 2]) {
  for (const granted of [
    [0, 1],
    [1, 0],
    [2, 0, 1],
    [0, 0, 2],
    [1, 1],
  ]) {
    test(`overlapping subscriptions at QoS ${granted.join()} get a QoS ${qos} message at the highest of them [MQTT-3.3.4-2]`, async () => {
      const root = fresh()
      const filters = [`${root}/a`, `${root}/+`, `${root}/#`]
      const subscriptions = granted.map((one, index) => ({ filter: filters[index] ?? '', qos: one }))
      const found = await copies(`${root}/a`, qos, subscriptions)
      const highest = Math.max(...found.map((packet) => packet.qos))
      equal(highest, Math.min(qos, Math.max(...granted)))
      if (!broker.foreign) equal(found.length, 1)
    })
  }
}

test('overlapping subscriptions have their identifiers in what is delivered [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]', async () => {
  const root = fresh()
  const subscriptions = [
    { filter: `${root}/a`, qos: 1, identifier: 7 },
    { filter: `${root}/+`, qos: 0, identifier: 268_435_455 },
    { filter: `${root}/#`, qos: 2 },
    { filter: `${root}/b`, qos: 2, identifier: 9 },
  ]
  const found = await copies(`${root}/a`, 2, subscriptions)
  const all = found.flatMap(identifiersOf)
  deepEqual(
    all.toSorted((a, b) => a - b),
    [7, 268_435_455],
  )
  if (found.length > 1) ok(found.every((packet) => identifiersOf(packet).length <= 1))
})

test('one copy carries the identifiers of all matching subscriptions [MQTT-3.3.4-4]', broker.ours, async () => {
  const root = fresh()
  const subscriptions = [3, 1, 2, 1].map((identifier, index) => ({
    filter: [`${root}/a`, `${root}/+`, `${root}/#`, `+/+/${'#'}`][index] ?? '',
    qos: 1,
    identifier,
  }))
  const [packet, ...more] = await copies(`${root}/a`, 1, subscriptions)
  equal(more.length, 0)
  ok(packet !== undefined)
  deepEqual([...new Set(identifiersOf(packet))].toSorted(), [1, 2, 3])
})

test('a subscription without identifier has none in its messages [MQTT-3.3.4-3]', async () => {
  const topic = fresh()
  const [packet] = await copies(topic, 0, [{ filter: topic, qos: 0 }])
  ok(packet !== undefined)
  deepEqual(identifiersOf(packet), [])
})

test('subscribing again replaces the identifier, and removes it [MQTT-3.3.4-3] [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const writer = await broker.connect(v5)
  for (const identifier of [5, 6, undefined]) {
    await subscribe(reader, { filter: topic, qos: 0, ...(identifier && { identifier }) })
    await publish(writer, { topic, payload: 'x' })
    const packet = await reader.expect('publish', { payload: 'x' })
    deepEqual(identifiersOf(packet), identifier === undefined ? [] : [identifier])
    await reader.expectNoMore()
  }
})

test('several filters of one SUBSCRIBE have the same identifier [MQTT-3.3.4-3] [MQTT §3.8.2.1.2]', async () => {
  const [one, two] = [fresh(), fresh()]
  const reader = await broker.connect(v5)
  reader.send(v5.subscribe({ filters: [one, two], properties: { subscriptionIdentifier: 12 } }))
  await reader.expect('suback', { codes: [0, 0] })
  const writer = await broker.connect(v5)
  for (const topic of [one, two]) {
    await publish(writer, { topic })
    await reader.expect('publish', { topic, properties: { subscriptionIdentifier: [12] } })
  }
})

test('identifiers go with queued and retained messages too [MQTT-3.3.4-3] [MQTT-3.3.4-4]', async () => {
  const topic = fresh()
  const fields = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, fields)
  await subscribe(first, { filter: topic, qos: 1, identifier: 21 })
  await first.end()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, retain: true, payload: 'x' })
  const second = await broker.resume(v5, fields)
  await receive(second, { payload: 'x', retain: false, properties: { subscriptionIdentifier: [21] } })
  await subscribe(second, { filter: topic, qos: 1, identifier: 22 })
  await receive(second, { payload: 'x', retain: true, properties: { subscriptionIdentifier: [22] } })
})

test('the identifiers of one client are not those of another [MQTT-3.3.4-3]', async () => {
  const topic = fresh()
  const readers = []
  for (const identifier of [31, 32]) {
    const reader = await broker.connect(v5)
    await subscribe(reader, { filter: topic, qos: 1, identifier })
    readers.push({ reader, identifier })
  }
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1 })
  for (const { reader, identifier } of readers) {
    await acknowledge(reader, await reader.expect('publish', { properties: { subscriptionIdentifier: [identifier] } }))
  }
})

for (const qos of [0, 1, 2]) {
  test(`a Subscription Identifier in a QoS ${qos} PUBLISH of a client is a Protocol Error [MQTT-3.3.4-6]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    for (const subscriptionIdentifier of [1, 128, [1, 2]]) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic, qos, properties: { subscriptionIdentifier } }))
      await client.expectBroken(0x82)
    }
    await reader.expectNoMore()
  })
}

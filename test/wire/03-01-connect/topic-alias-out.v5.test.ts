import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketOf } from '../../kit/decode.ts'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

const rounds = 4

/** Publishes to so many topics in turn, several times; returns what the reader got. */
async function exchange(reader: WireClient, topics: readonly string[]): Promise<PacketOf<'publish'>[]> {
  const writer = await broker.connect(v5)
  const got: PacketOf<'publish'>[] = []
  for (let round = 0; round < rounds; round++) {
    for (const topic of topics) {
      await publish(writer, { topic, payload: topic })
      got.push(await reader.expect('publish', { payload: topic }))
    }
  }
  return got
}

/** The topics as the receiver understands them. Throws at an alias above `maximum`, or one not established. */
function resolve(packets: readonly PacketOf<'publish'>[], maximum: number): string[] {
  const aliases = new Map<number, string>()
  return packets.map(({ topic, properties: { topicAlias } }) => {
    if (topicAlias === undefined) return topic
    ok(topicAlias >= 1 && topicAlias <= maximum, `alias ${topicAlias} is not in 1 to ${maximum}`)
    if (topic !== '') aliases.set(topicAlias, topic)
    const resolved = aliases.get(topicAlias)
    ok(resolved !== undefined, `alias ${topicAlias} is not established`)
    return resolved
  })
}

function topicNames(count: number): string[] {
  const root = fresh()
  return Array.from({ length: count }, (_, index) => `${root}/a/topic/name/of/some/length/${index}`)
}

for (const topicAliasMaximum of [1, 2, 5, 65_535]) {
  for (const count of [1, 2, 7]) {
    test(`the server uses aliases 1 to ${topicAliasMaximum} for ${count} topics, and they mean the right ones [MQTT-3.1.2-26] [MQTT-3.3.2-11] [MQTT-3.3.2-8]`, async () => {
      const topics = topicNames(count)
      const reader = await broker.connect(v5, { properties: { topicAliasMaximum } })
      await reader.subscribe(...topics)
      const got = await exchange(reader, topics)
      deepEqual(
        resolve(got, topicAliasMaximum),
        got.map(({ payload }) => payload.toString()),
      )
    })
  }
}

test('an alias saves the topic from its second use [MQTT §3.3.2.3.4]', broker.ours, async () => {
  const [topic = ''] = topicNames(1)
  const reader = await broker.connect(v5, { properties: { topicAliasMaximum: 1 } })
  await reader.subscribe(topic)
  const got = await exchange(reader, [topic])
  ok(got.slice(1).some((packet) => packet.topic === '' && packet.properties.topicAlias === 1))
})

for (const [kind, properties] of Object.entries({ absent: {}, '0': { topicAliasMaximum: 0 } })) {
  test(`with Topic Alias Maximum ${kind} the server sends no alias [MQTT-3.1.2-27]`, async () => {
    const topics = topicNames(3)
    const reader = await broker.connect(v5, { properties })
    await reader.subscribe(...topics)
    for (const { topic, payload, properties } of await exchange(reader, topics)) {
      equal(topic, payload.toString())
      equal(properties.topicAlias, undefined)
    }
  })
}

test('the aliases of one connection are not used on the next [MQTT-3.3.2-7] [MQTT-3.1.2-26]', async () => {
  const topics = topicNames(2)
  const fields = { clientId: fresh(), properties: { topicAliasMaximum: 5, sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, fields)
  await first.subscribe(...topics)
  await exchange(first, topics)
  await first.disconnect()
  const second = await broker.resume(v5, fields)
  const got = await exchange(second, topics)
  deepEqual(
    resolve(got, 5),
    got.map(({ payload }) => payload.toString()),
  )
  await second.disconnect()
  const third = await broker.resume(v5, { ...fields, properties: { sessionExpiryInterval: 60 } })
  for (const packet of await exchange(third, topics)) equal(packet.properties.topicAlias, undefined)
})

test('a message sent again on a new connection has its topic [MQTT-3.3.2-7]', async () => {
  const [topic = ''] = topicNames(1)
  const fields = { clientId: fresh(), properties: { topicAliasMaximum: 5, sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, fields)
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  for (const payload of ['1', '2', '3']) await publish(writer, { topic, qos: 1, payload })
  for (const payload of ['1', '2', '3']) await first.expect('publish', { payload })
  await first.end()
  const second = await broker.resume(v5, fields)
  const got: PacketOf<'publish'>[] = []
  for (const payload of ['1', '2', '3']) got.push(await second.expect('publish', { payload, dup: true }))
  deepEqual(resolve(got, 5), [topic, topic, topic])
})

test('the aliases of one client are not those of another [MQTT-3.3.2-7] [MQTT-3.1.2-26]', async () => {
  const topics = topicNames(2)
  const one = await broker.connect(v5, { properties: { topicAliasMaximum: 5 } })
  await one.subscribe(...topics)
  await exchange(one, topics)
  const other = await broker.connect(v5, { properties: { topicAliasMaximum: 5 } })
  await other.subscribe(...topics)
  const got = await exchange(other, topics)
  deepEqual(
    resolve(got, 5),
    got.map(({ payload }) => payload.toString()),
  )
})

test('an alias of the publisher does not reach the subscribers [MQTT-3.3.2-7] [MQTT-3.1.2-27]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, payload: '1', properties: { topicAlias: 1 } }))
  writer.send(v5.publish({ topic: '', payload: '2', properties: { topicAlias: 1 } }))
  await reader.expect('publish', { topic, payload: '1', properties: { topicAlias: undefined } })
  await reader.expect('publish', { topic, payload: '2', properties: { topicAlias: undefined } })
})

test('an alias is not established by a message too large to be sent [MQTT-3.1.2-26] [MQTT-3.1.2-25]', async () => {
  const [topic = ''] = topicNames(1)
  const reader = await broker.connect(v5, { properties: { topicAliasMaximum: 5, maximumPacketSize: 100 } })
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x'.repeat(200) })
  const got: PacketOf<'publish'>[] = []
  for (const payload of ['1', '2', '3']) {
    await publish(writer, { topic, payload })
    got.push(await reader.expect('publish', { payload }))
  }
  deepEqual(resolve(got, 5), [topic, topic, topic])
})

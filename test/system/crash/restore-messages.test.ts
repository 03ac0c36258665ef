import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v4, v5 } from '../../kit/packets.ts'
import type { BuildProperties } from '../../kit/properties.ts'
import type { WireClient } from '../../kit/wire-client.ts'
import { receiveAll } from './arrivals.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const down = 3_000
const lasting = { sessionExpiryInterval: 600 }

const passed: BuildProperties = {
  payloadFormatIndicator: 1,
  contentType: 'text/plain; charset=ünï',
  responseTopic: 'answers/here',
  correlationData: Buffer.from([0, 1, 0xfe, 0xff]),
  userProperty: [
    ['b', '2'],
    ['a', '1'],
    ['b', ''],
  ],
}

/** A session with a subscription, whose client is away. */
async function absent(stage: Stage, clientId: string, filter: string, qos: number): Promise<void> {
  const client = await stage.connect(v5, { clientId, properties: lasting }, false)
  await client.subscribe({ filter, qos })
  await client.disconnect()
}

async function returned(stage: Stage, clientId: string): Promise<WireClient> {
  return await stage.connect(v5, { clientId, properties: lasting }, true)
}

/** The seconds left of so many, after the broker was down. */
function assertLeft(left: number | undefined, of: number): void {
  assert.ok(left !== undefined && left > 0 && left <= of - down / 1_000, `${left} of ${of} s are left`)
}

const aspects: readonly Aspect[] = [
  {
    title: 'queued messages come in their order, at their QoS, byte for byte [MQTT-4.6.0-5]',
    prepare: async (stage) => {
      await absent(stage, 'queue1', 'queue', 1)
      await absent(stage, 'queue2', 'queue', 2)
      const writer = await stage.visitor()
      const sizes = [0, 1, 20, 300, 4_000, 4_096, 70_000, 1_500_000]
      const messages = Array.from({ length: 40 }, (_, index) => ({
        payload: Buffer.alloc(sizes[index % sizes.length] ?? 0, index),
        qos: 1 + (index % 2),
      }))
      for (const message of messages) await publish(writer, { topic: 'queue', ...message })
      return async () => {
        const one = await returned(stage, 'queue1')
        const first = { qos: 1, dup: false, retain: false }
        await receiveAll(
          one,
          messages.map(({ payload }) => ({ payload, ...first })),
        )
        const two = await returned(stage, 'queue2')
        const got = await receiveAll(
          two,
          messages.map(() => ({ dup: false, retain: false })),
        )
        for (const qos of [1, 2]) {
          const wanted = messages.filter((message) => message.qos === qos).map(({ payload }) => payload)
          const came = got.filter((packet) => packet.qos === qos).map(({ payload }) => payload)
          assert.deepEqual(came, wanted)
        }
      }
    },
  },
  {
    title: 'queued messages keep all their properties, and the identifiers of the subscriptions they came through',
    prepare: async (stage) => {
      const client = await stage.connect(v5, { clientId: 'properties', properties: lasting }, false)
      for (const [subscriptionIdentifier, filter] of [
        [7, 'properties/+'],
        [300_000, 'properties/#'],
      ] as const) {
        client.send(v5.subscribe({ id: 1, filters: [{ filter, qos: 1 }], properties: { subscriptionIdentifier } }))
        await client.expect('suback', { codes: [1] })
      }
      await client.disconnect()
      await publish(await stage.visitor(), { topic: 'properties/x', qos: 1, payload: 'text', properties: passed })
      await publish(await stage.visitor(), { topic: 'properties/x', qos: 1, payload: 'bare' })
      return async () => {
        const back = await returned(stage, 'properties')
        const [first, second] = await receiveAll(back, [{ payload: 'text' }, { payload: 'bare' }])
        const { subscriptionIdentifier, ...properties } = first?.properties ?? {}
        assert.deepEqual(new Set(subscriptionIdentifier), new Set([7, 300_000]))
        assert.deepEqual(properties, passed)
        assert.deepEqual(Object.keys(second?.properties ?? {}), ['subscriptionIdentifier'])
      }
    },
  },
  {
    title: 'the expiry of queued messages goes on while the broker is down [MQTT-3.3.2-5] [MQTT-3.3.2-6]',
    prepare: async (stage) => {
      await absent(stage, 'expiring', 'expiring', 1)
      const writer = await stage.visitor()
      for (const messageExpiryInterval of [2, 100, 1, 0xffff_ffff]) {
        const properties = { messageExpiryInterval }
        await publish(writer, { topic: 'expiring', qos: 1, payload: `${messageExpiryInterval}`, properties })
      }
      return async () => {
        const back = await returned(stage, 'expiring')
        const [first, second] = await receiveAll(back, [{ payload: '100' }, { payload: `${0xffff_ffff}` }])
        assertLeft(first?.properties.messageExpiryInterval, 100)
        assertLeft(second?.properties.messageExpiryInterval, 0xffff_ffff)
      }
    },
  },
  {
    title: 'what was acknowledged to the end does not come again',
    prepare: async (stage) => {
      const client = await stage.connect(v4, { clientId: 'settled' }, false)
      await client.subscribe({ filter: 'settled', qos: 2 })
      const writer = await stage.visitor()
      for (const qos of [1, 2]) {
        await publish(writer, { topic: 'settled', qos })
        await receive(client, { topic: 'settled', qos })
      }
      await client.expectNoMore()
      return async () => {
        const back = await stage.connect(v4, { clientId: 'settled' }, true)
        await back.expectNoMore()
      }
    },
  },
  {
    title: 'retained messages are there with QoS, properties and the rest of their expiry [MQTT-3.3.1-5]',
    prepare: async (stage) => {
      const writer = await stage.visitor()
      const properties = { ...passed, messageExpiryInterval: 100 }
      await publish(writer, { topic: 'kept/all', qos: 2, retain: true, payload: 'all', properties })
      await publish(writer, {
        topic: 'kept/short',
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: 2 },
        payload: 'x',
      })
      await publish(writer, { topic: 'kept/large', qos: 1, retain: true, payload: 'l'.repeat(300_000) })
      return async () => {
        const reader = await stage.visitor()
        const packets = await retained(reader, 'kept/+')
        const [all, large] = ['kept/all', 'kept/large'].map((name) => packets.find(({ topic }) => topic === name))
        assert.equal(packets.length, 2)
        assert.deepEqual([all?.qos, all?.payload.toString()], [2, 'all'])
        const { messageExpiryInterval, ...rest } = all?.properties ?? {}
        assert.deepEqual(rest, passed)
        assertLeft(messageExpiryInterval, 100)
        assert.deepEqual([large?.qos, large?.payload.length, large?.properties], [1, 300_000, {}])
      }
    },
  },
  {
    title: 'of each topic the last retained message is there, and none where it was cleared [MQTT-3.3.1-6]',
    prepare: async (stage) => {
      const writer = await stage.visitor()
      const say = async (topic: string, ...payloads: readonly string[]) => {
        for (const payload of payloads) await publish(writer, { topic, qos: 1, retain: true, payload })
      }
      const long = `last/${'long'.repeat(900)}`
      await say('last/changed', 'one', 'two', 'three')
      await say('last/cleared', 'one', '')
      await say('last/back', 'one', '', 'two')
      await say('last', 'parent')
      await say('last//', 'empty levels')
      await say(`${long}1`, 'long 1')
      await say(`${long}2`, 'long 2')
      return async () => {
        const packets = await retained(await stage.visitor(), 'last/#')
        const found = new Map(packets.map(({ topic, payload }) => [topic, payload.toString()]))
        const wanted = { last: 'parent', 'last//': 'empty levels', 'last/back': 'two', 'last/changed': 'three' }
        assert.deepEqual(found, new Map([...Object.entries(wanted), [`${long}1`, 'long 1'], [`${long}2`, 'long 2']]))
      }
    },
  },
]

/** What a new subscription is sent, sorted by topic. */
async function retained(reader: WireClient, filter: string) {
  await reader.subscribe({ filter, qos: 2 })
  const packets = (await reader.drain()).filter((packet) => packet.type === 'publish')
  assert.ok(packets.every(({ retain }) => retain))
  return packets.sort((one, other) => (one.topic < other.topic ? -1 : 1))
}

outlive(down, aspects, (title, look) => test(title, look))

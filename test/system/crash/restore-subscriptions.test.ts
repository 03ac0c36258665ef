import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Publish } from '../../kit/decode.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const lasting = { sessionExpiryInterval: 600 }

const aspects: readonly Aspect[] = [
  {
    title: 'each subscription has the maximum QoS it was granted',
    prepare: async (stage) => {
      const client = await stage.connect(v4, { clientId: 'granted' }, false)
      const filters = [0, 1, 2].map((qos) => ({ filter: `granted/${qos}/+`, qos }))
      await client.subscribe(...filters)
      return async () => {
        const back = await stage.connect(v4, { clientId: 'granted' }, true)
        for (const qos of [0, 1, 2]) {
          await publish(await stage.visitor(), { topic: `granted/${qos}/a`, qos: 2, payload: 'x' })
          await receive(back, { topic: `granted/${qos}/a`, qos, payload: 'x' })
        }
      }
    },
  },
  {
    title: 'No Local is still set, and only where it was [MQTT-3.8.3-3]',
    prepare: async (stage) => {
      const client = await stage.connect(v5, { clientId: 'local', properties: lasting }, false)
      await client.subscribe({ filter: 'local/no', noLocal: true }, { filter: 'local/yes' })
      return async () => {
        const back = await stage.connect(v5, { clientId: 'local', properties: lasting }, true)
        back.send(v5.publish({ topic: 'local/no' }), v5.publish({ topic: 'local/yes', payload: 'mine' }))
        await back.expect('publish', { topic: 'local/yes', payload: 'mine' })
        await publish(await stage.visitor(), { topic: 'local/no', payload: 'of another' })
        await back.expect('publish', { topic: 'local/no', payload: 'of another' })
      }
    },
  },
  {
    title: 'Retain As Published is still set, and only where it was [MQTT-3.3.1-12]',
    prepare: async (stage) => {
      const client = await stage.connect(v5, { clientId: 'published', properties: lasting }, false)
      await client.subscribe({ filter: 'published/as', retainAsPublished: true }, { filter: 'published/not' })
      return async () => {
        const back = await stage.connect(v5, { clientId: 'published', properties: lasting }, true)
        const writer = await stage.visitor()
        await publish(writer, { topic: 'published/as', retain: true, payload: 'x' })
        await publish(writer, { topic: 'published/not', retain: true, payload: 'x' })
        await back.expect('publish', { topic: 'published/as', retain: true })
        await back.expect('publish', { topic: 'published/not', retain: false })
      }
    },
  },
  {
    title: 'Retain Handling 1 knows that the subscription was there before [MQTT-3.3.1-10]',
    prepare: async (stage) => {
      await publish(await stage.visitor(), { topic: 'handled/a', qos: 1, retain: true, payload: 'x' })
      await publish(await stage.visitor(), { topic: 'handled/b', qos: 1, retain: true, payload: 'y' })
      const client = await stage.connect(v5, { clientId: 'handled', properties: lasting }, false)
      await client.subscribe({ filter: 'handled/a', retainHandling: 1 })
      await client.expect('publish', { topic: 'handled/a', retain: true })
      return async () => {
        const back = await stage.connect(v5, { clientId: 'handled', properties: lasting }, true)
        await back.subscribe({ filter: 'handled/a', retainHandling: 1 }, { filter: 'handled/b', retainHandling: 1 })
        await back.expect('publish', { topic: 'handled/b', retain: true, payload: 'y' })
        await back.expectNoMore()
      }
    },
  },
  {
    title:
      'subscription identifiers come with the messages, the highest too, and none where none was given [MQTT-3.3.4-3]',
    prepare: async (stage) => {
      const client = await stage.connect(v5, { clientId: 'numbered', properties: lasting }, false)
      const given = { 'numbered/low': 1, 'numbered/high': 268_435_455, 'numbered/none': undefined }
      for (const [filter, subscriptionIdentifier] of Object.entries(given)) {
        const properties = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }
        client.send(v5.subscribe({ id: 9, filters: [filter], properties }))
        await client.expect('suback', { id: 9, codes: [0] })
      }
      return async () => {
        const back = await stage.connect(v5, { clientId: 'numbered', properties: lasting }, true)
        const writer = await stage.visitor()
        for (const [topic, identifier] of Object.entries(given)) {
          await publish(writer, { topic, payload: 'x' })
          const subscriptionIdentifier = identifier === undefined ? undefined : [identifier]
          await back.expect('publish', { topic, properties: { subscriptionIdentifier } })
        }
      }
    },
  },
  {
    title: 'what was subscribed to again has the later options, and what was unsubscribed from is gone [MQTT-3.8.4-3]',
    prepare: async (stage) => {
      const client = await stage.connect(v4, { clientId: 'changed' }, false)
      await client.subscribe({ filter: 'changed/qos', qos: 0 }, { filter: 'changed/gone', qos: 1 })
      await client.subscribe({ filter: 'changed/qos', qos: 2 })
      client.send(v4.unsubscribe({ id: 3, filters: ['changed/gone'] }))
      await client.expect('unsuback', { id: 3 })
      return async () => {
        const back = await stage.connect(v4, { clientId: 'changed' }, true)
        const writer = await stage.visitor()
        await publish(writer, { topic: 'changed/gone', qos: 1 })
        await publish(writer, { topic: 'changed/qos', qos: 2 })
        await receive(back, { topic: 'changed/qos', qos: 2 })
        await back.expectNoMore()
      }
    },
  },
  {
    title: 'filters of every shape match as before: wildcards, empty levels, beyond ASCII, very long ones',
    prepare: async (stage) => {
      const long = `shapes/${'long'.repeat(700)}`
      const shapes = [
        ['shapes/+/end', 'shapes/between/end'],
        ['shapes/tree/#', 'shapes/tree'],
        ['shapes//empty/', 'shapes//empty/'],
        ['shapes/ünï/🦟', 'shapes/ünï/🦟'],
        [`${long}1`, `${long}1`],
        [`${long}2/#`, `${long}2/leaf`],
      ] as const
      const client = await stage.connect(v4, { clientId: 'shapes' }, false)
      await client.subscribe(...shapes.map(([filter]) => ({ filter, qos: 1 })))
      return async () => {
        const back = await stage.connect(v4, { clientId: 'shapes' }, true)
        const writer = await stage.visitor()
        for (const [, topic] of shapes) {
          await publish(writer, { topic, qos: 1 })
          await receive(back, { topic, qos: 1 })
        }
        await publish(writer, { topic: `${long}3`, qos: 1 })
        await back.expectNoMore()
      }
    },
  },
  {
    title: 'the members of a shared subscription still share, at their own QoS [MQTT-4.8.2-3]',
    prepare: async (stage) => {
      await member(stage, 'member1', 1, false)
      await member(stage, 'member2', 2, false)
      return async () => {
        const readers = [await member(stage, 'member1', 1, true), await member(stage, 'member2', 2, true)]
        const writer = await stage.visitor()
        for (let id = 1; id <= 20; id++) await publish(writer, { topic: 'shared/x', qos: 2, id, payload: `${id}` })
        const got = readers.map((): Publish[] => [])
        while (got.flat().length < 20) {
          for (const [index, reader] of readers.entries()) {
            const packets = await reader.drain()
            got[index]?.push(...packets.filter((packet) => packet.type === 'publish'))
          }
        }
        const numbers = got.flat().map(({ payload }) => Number(payload.toString()))
        assert.deepEqual(new Set(numbers), new Set(Array.from({ length: 20 }, (_, index) => index + 1)))
        assert.equal(numbers.length, 20)
        const granted = got.map((packets) => [...new Set(packets.map(({ qos }) => qos))])
        assert.deepEqual(granted, [[1], [2]])
      }
    },
  },
]

async function member(stage: Stage, clientId: string, qos: number, present: boolean) {
  const client = await stage.connect(v5, { clientId, properties: lasting }, present)
  if (!present) await client.subscribe({ filter: '$share/group/shared/+', qos })
  return client
}

outlive(0, aspects, (title, look) => test(title, look))

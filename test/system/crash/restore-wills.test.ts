import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { receive } from '../../kit/exchange.ts'
import { v4, v5, type WillFields } from '../../kit/packets.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const properties = { sessionExpiryInterval: 600 }

/** A session that waits for wills to `will/<name>`, and the client that leaves one. */
async function testator(stage: Stage, name: string, will: Partial<WillFields>, session: object = properties) {
  const heir = await stage.connect(v4, { clientId: `heir of ${name}` }, false)
  await heir.subscribe({ filter: `will/${name}`, qos: 1 })
  await heir.disconnect()
  const fields = { topic: `will/${name}`, payload: name, qos: 1, ...will }
  return await stage.connect(v5, { clientId: name, properties: session, will: fields }, false)
}

async function heirOf(stage: Stage, name: string) {
  return await stage.connect(v4, { clientId: `heir of ${name}` }, true)
}

const aspects: readonly Aspect[] = [
  {
    title: 'the will of a connected client is published [MQTT-3.1.2-8]',
    prepare: async (stage) => {
      const passed = { contentType: 'a/b', userProperty: [['k', 'v']] } as const
      await testator(stage, 'connected', { properties: passed, retain: true })
      await testator(stage, 'brief', {}, {})
      return async () => {
        const visitor = await stage.visitor()
        await visitor.subscribe('will/connected')
        await visitor.expect('publish', { topic: 'will/connected', retain: true, properties: passed })
        for (const name of ['connected', 'brief']) {
          const heir = await heirOf(stage, name)
          await receive(heir, { topic: `will/${name}`, payload: name, qos: 1 })
          await heir.expectNoMore()
        }
      }
    },
  },
  {
    title: 'a will whose delay was not over is published when it is, once',
    prepare: async (stage) => {
      const lost = await testator(stage, 'delayed', { properties: { willDelayInterval: 3 } })
      await lost.end()
      return async () => {
        const heir = await heirOf(stage, 'delayed')
        await receive(heir, { payload: 'delayed' })
        await heir.expectNoMore()
      }
    },
  },
  {
    title: 'a client that said DISCONNECT has no will published [MQTT-3.1.2-10]',
    prepare: async (stage) => {
      await (await testator(stage, 'leaving', {})).disconnect()
      return async () => await (await heirOf(stage, 'leaving')).expectNoMore()
    },
  },
  {
    title: 'a will that was published is not published again [MQTT-3.1.2-10]',
    prepare: async (stage) => {
      await (await testator(stage, 'published', {})).end()
      const heir = await heirOf(stage, 'published')
      await receive(heir, { payload: 'published' })
      return async () => await (await heirOf(stage, 'published')).expectNoMore()
    },
  },
]

/** Seconds; the broker must be back sooner. */
const delay = 6

const inTime: readonly Aspect[] = [
  {
    title: 'a client that returns before its will delay is over has no will published [MQTT-3.1.3-9]',
    prepare: async (stage) => {
      await testator(stage, 'here', { properties: { willDelayInterval: delay } })
      const lost = await testator(stage, 'lost', { properties: { willDelayInterval: delay } })
      await lost.end()
      return async () => {
        await stage.connect(v5, { clientId: 'here', properties }, true)
        await stage.connect(v5, { clientId: 'lost', properties }, true)
        await sleep(delay * 1_000)
        for (const name of ['here', 'lost']) await (await heirOf(stage, name)).expectNoMore()
      }
    },
  },
]

outlive(500, aspects, (title, look) => test(title, look))
outlive(0, inTime, (title, look) => test(title, look))

import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { v4, v5 } from '../../kit/packets.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const down = 3_000

/** Makes an MQTT 5 session with this expiry interval, which begins to run. */
async function leave(stage: Stage, clientId: string, seconds: number, last?: number): Promise<void> {
  const client = await stage.connect(v5, { clientId, properties: { sessionExpiryInterval: seconds } }, false)
  await client.disconnect(last === undefined ? {} : { properties: { sessionExpiryInterval: last } })
}

const aspects: readonly Aspect[] = [
  {
    title: 'the expiry of a session goes on where it was, not from its beginning [MQTT-3.1.2-23]',
    prepare: async (stage) => {
      await leave(stage, 'rest', down / 1_000 + 2)
      return async () => {
        await sleep(3_000)
        await stage.connect(v5, { clientId: 'rest', properties: { sessionExpiryInterval: 0 } }, false)
      }
    },
  },
  {
    title: 'a session whose time was over meanwhile is gone, one with time left is there',
    prepare: async (stage) => {
      await leave(stage, 'short', 2)
      await leave(stage, 'long', 600)
      await leave(stage, 'endless', 0xffff_ffff)
      return async () => {
        await stage.connect(v5, { clientId: 'short' }, false)
        await stage.connect(v5, { clientId: 'long' }, true)
        await stage.connect(v5, { clientId: 'endless' }, true)
      }
    },
  },
  {
    title: 'the expiry interval a client gave with DISCONNECT counts',
    prepare: async (stage) => {
      await leave(stage, 'shortened', 600, 1)
      await leave(stage, 'lengthened', 1, 600)
      return async () => {
        await stage.connect(v5, { clientId: 'shortened' }, false)
        await stage.connect(v5, { clientId: 'lengthened' }, true)
      }
    },
  },
  {
    title: 'the session of a connected client is there [MQTT-4.1.0-1]',
    prepare: async (stage) => {
      await stage.connect(v4, { clientId: 'here4' }, false)
      await stage.connect(v5, { clientId: 'here5', properties: { sessionExpiryInterval: 600 } }, false)
      return async () => {
        await stage.connect(v4, { clientId: 'here4' }, true)
        await stage.connect(v5, { clientId: 'here5' }, true)
      }
    },
  },
  {
    title: 'the session of a connected client with expiry 0, or Clean Session, is gone [MQTT-3.1.2-23]',
    prepare: async (stage) => {
      await stage.connect(v4, { clientId: 'clean4', clean: true }, false)
      await stage.connect(v5, { clientId: 'clean5' }, false)
      return async () => {
        await stage.connect(v4, { clientId: 'clean4' }, false)
        await stage.connect(v5, { clientId: 'clean5' }, false)
      }
    },
  },
  {
    title: 'a session that Clean Start ended does not come back [MQTT-3.1.2-4]',
    prepare: async (stage) => {
      const first = await stage.connect(
        v5,
        { clientId: 'restarted', properties: { sessionExpiryInterval: 600 } },
        false,
      )
      await first.subscribe({ filter: 'restarted', qos: 1 })
      await first.disconnect()
      const properties = { sessionExpiryInterval: 600 }
      await stage.connect(v5, { clientId: 'restarted', clean: true, properties }, false)
      return async () => {
        const client = await stage.connect(v5, { clientId: 'restarted' }, true)
        const publisher = await stage.visitor()
        publisher.send(v5.publish({ topic: 'restarted', qos: 1, id: 1 }))
        await publisher.expect('puback', { code: 0x10 })
        await client.expectNoMore()
      }
    },
  },
]

outlive(down, aspects, (title, look) => test(title, look))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { type Packets, v4, v5 } from '../../kit/packets.ts'
import type { WireClient } from '../../kit/wire-client.ts'
import { receiveAll } from './arrivals.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const properties = { sessionExpiryInterval: 600 }

/** A connected subscriber with a session, and one who publishes to it. */
async function pair(stage: Stage, clientId: string, packets: Packets = v4, receiveMaximum = 100) {
  const fields = { clientId, properties: { ...properties, receiveMaximum } }
  const reader = await stage.connect(packets, fields, false)
  await reader.subscribe({ filter: clientId, qos: 2 })
  return { reader, writer: await stage.visitor() }
}

async function publishAll(writer: WireClient, topic: string, qos: number, payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) await publish(writer, { topic, qos, payload })
}

const aspects: readonly Aspect[] = [
  {
    title: 'a QoS 1 message sent and not acknowledged comes again with DUP and its identifier [MQTT-4.4.0-1]',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'sent1')
      await publishAll(writer, 'sent1', 1, ['a', 'b', 'c'])
      const [a, b, c] = [await reader.expect('publish'), await reader.expect('publish'), await reader.expect('publish')]
      return async () => {
        const back = await stage.connect(v4, { clientId: 'sent1' }, true)
        const again = { qos: 1, dup: true }
        await receiveAll(back, [
          { payload: 'a', id: a.id, ...again },
          { payload: 'b', id: b.id, ...again },
          { payload: 'c', id: c.id, ...again },
        ])
      }
    },
  },
  {
    title: 'a QoS 2 message without PUBREC comes again with DUP and its identifier [MQTT-4.4.0-1]',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'sent2')
      await publishAll(writer, 'sent2', 2, ['a', 'b'])
      const [a, b] = [await reader.expect('publish'), await reader.expect('publish')]
      return async () => {
        const back = await stage.connect(v4, { clientId: 'sent2' }, true)
        const again = { qos: 2, dup: true }
        await receiveAll(back, [
          { payload: 'a', id: a.id, ...again },
          { payload: 'b', id: b.id, ...again },
        ])
      }
    },
  },
  {
    title: 'after PUBREC only PUBREL comes again, never the QoS 2 message [MQTT-4.3.3-6]',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'released')
      await publishAll(writer, 'released', 2, ['a', 'b'])
      const [a, b] = [await reader.expect('publish'), await reader.expect('publish')]
      reader.send(v4.pubrec(a.id))
      await reader.expect('pubrel', { id: a.id })
      return async () => {
        const back = await stage.connect(v4, { clientId: 'released' }, true)
        // PUBREL and PUBLISH may come in either order.
        const came = [await back.next(), await back.next()]
        const kinds = came.map((packet) => packet !== null && 'id' in packet && `${packet.type} ${packet.id}`)
        assert.deepEqual(kinds.sort(), [`publish ${b.id}`, `pubrel ${a.id}`])
        back.send(v4.pubcomp(a.id), v4.pubrec(b.id))
        await back.expect('pubrel', { id: b.id })
        back.send(v4.pubcomp(b.id))
        await back.expectNoMore()
      }
    },
  },
  {
    title: 'the identifier of a message the client still holds is not given to another [MQTT-2.2.1-4]',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'identified', v5, 2)
      await publishAll(writer, 'identified', 2, ['a', 'b'])
      const [a, b] = [await reader.expect('publish'), await reader.expect('publish')]
      reader.send(v5.pubrec(a.id), v5.pubrec(b.id))
      await reader.expect('pubrel', { id: a.id })
      await reader.expect('pubrel', { id: b.id })
      return async () => {
        const fields = { clientId: 'identified', properties }
        const back = await stage.connect(v5, fields, true)
        await back.expect('pubrel', { id: a.id })
        await back.expect('pubrel', { id: b.id })
        const again = await stage.visitor()
        for (let left = 0; left < 5; left++) {
          await publish(again, { topic: 'identified', qos: 2, payload: 'c' })
          const { id } = await back.expect('publish', { payload: 'c', dup: false })
          assert.ok(id !== a.id && id !== b.id, `identifier ${id} is in use`)
        }
      }
    },
  },
  {
    title: 'what was sent comes again before what was waiting, all in the first order [MQTT-4.6.0-5]',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'window', v5, 3)
      const payloads = Array.from({ length: 10 }, (_, index) => `${index}`)
      await publishAll(writer, 'window', 1, payloads)
      const ids: number[] = []
      for (const payload of payloads.slice(0, 3)) ids.push((await reader.expect('publish', { payload })).id)
      await reader.expectNoMore()
      return async () => {
        const back = await stage.connect(
          v5,
          { clientId: 'window', properties: { ...properties, receiveMaximum: 2 } },
          true,
        )
        await receiveAll(
          back,
          payloads.map((payload, index) => {
            const id = ids[index]
            return id === undefined ? { payload } : { payload, id, dup: true }
          }),
        )
      }
    },
  },
  {
    title: 'an unacknowledged message keeps its properties and the rest of its expiry',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'expiring', v5)
      const given = { contentType: 'a/b', messageExpiryInterval: 100 }
      await publish(writer, { topic: 'expiring', qos: 1, payload: 'x', properties: given })
      const { id } = await reader.expect('publish')
      return async () => {
        const back = await stage.connect(v5, { clientId: 'expiring', properties }, true)
        const again = await receive(back, { payload: 'x', dup: true, id, properties: { contentType: 'a/b' } })
        const left = again.properties.messageExpiryInterval ?? 0
        assert.ok(left >= 1 && left <= 99, `${left} of 100 s are left`)
      }
    },
  },
  {
    title: 'what was acknowledged before its turn does not come again, what stood before and after it does',
    prepare: async (stage) => {
      const { reader, writer } = await pair(stage, 'partly')
      await publishAll(writer, 'partly', 1, ['a', 'b', 'c'])
      const [a, b, c] = [await reader.expect('publish'), await reader.expect('publish'), await reader.expect('publish')]
      reader.send(v4.puback(b.id))
      await reader.expectNoMore()
      return async () => {
        const back = await stage.connect(v4, { clientId: 'partly' }, true)
        await receiveAll(back, [
          { payload: 'a', dup: true, id: a.id },
          { payload: 'c', dup: true, id: c.id },
        ])
      }
    },
  },
]

outlive(1_100, aspects, (title, look) => test(title, look))

import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { receiveAll } from './arrivals.ts'
import { type Aspect, outlive } from './aspects.ts'
import type { Stage } from './broker-process.ts'

const properties = { sessionExpiryInterval: 600 }

/** A subscriber that is away, and a publisher with a session. */
async function pair(stage: Stage, name: string) {
  const reader = await stage.connect(v4, { clientId: `to ${name}` }, false)
  await reader.subscribe({ filter: name, qos: 2 })
  await reader.disconnect()
  return await stage.connect(v5, { clientId: name, properties }, false)
}

async function returned(stage: Stage, name: string) {
  const reader = await stage.connect(v4, { clientId: `to ${name}` }, true)
  return { reader, writer: await stage.connect(v5, { clientId: name, properties }, true) }
}

const aspects: readonly Aspect[] = [
  {
    title: 'a QoS 2 message sent again after PUBREC is not delivered twice, and PUBREL ends it [MQTT-4.3.3-10]',
    prepare: async (stage) => {
      const writer = await pair(stage, 'repeated')
      const message = { topic: 'repeated', qos: 2, payload: 'x', id: 4_711 }
      writer.send(v5.publish(message))
      await writer.expect('pubrec', { id: 4_711, code: 0 })
      return async () => {
        const back = await returned(stage, 'repeated')
        back.writer.send(v5.publish({ ...message, dup: true }))
        await back.writer.expect('pubrec', { id: 4_711, code: 0 })
        back.writer.send(v5.pubrel(4_711))
        await back.writer.expect('pubcomp', { id: 4_711, code: 0 })
        await receiveAll(back.reader, [{ payload: 'x', qos: 2 }])
      }
    },
  },
  {
    title: 'PUBREL for a message received before is answered with success [MQTT-4.3.3-11]',
    prepare: async (stage) => {
      const writer = await pair(stage, 'received')
      for (const id of [1, 65_535]) {
        writer.send(v5.publish({ topic: 'received', qos: 2, payload: `${id}`, id }))
        await writer.expect('pubrec', { id, code: 0 })
      }
      return async () => {
        const { reader, writer: back } = await returned(stage, 'received')
        for (const id of [1, 65_535]) {
          back.send(v5.pubrel(id))
          await back.expect('pubcomp', { id, code: 0 })
        }
        await receiveAll(reader, [
          { payload: '1', qos: 2 },
          { payload: '65535', qos: 2 },
        ])
      }
    },
  },
  {
    title: 'an identifier given back by PUBCOMP is free: what uses it is a new message [MQTT-4.3.3-12]',
    prepare: async (stage) => {
      const writer = await pair(stage, 'free')
      await publish(writer, { topic: 'free', qos: 2, payload: 'first', id: 7 })
      return async () => {
        const back = await returned(stage, 'free')
        await publish(back.writer, { topic: 'free', qos: 2, payload: 'second', id: 7 })
        await receiveAll(back.reader, [
          { payload: 'first', qos: 2 },
          { payload: 'second', qos: 2 },
        ])
      }
    },
  },
  {
    title: 'a QoS 2 message nobody receives keeps its identifier all the same',
    prepare: async (stage) => {
      const writer = await stage.connect(v5, { clientId: 'lonely', properties }, false)
      writer.send(v5.publish({ topic: 'lonely', qos: 2, id: 9 }))
      await writer.expect('pubrec', { id: 9, code: 0x10 })
      return async () => {
        const reader = await stage.visitor()
        await reader.subscribe({ filter: 'lonely', qos: 2 })
        const back = await stage.connect(v5, { clientId: 'lonely', properties }, true)
        back.send(v5.publish({ topic: 'lonely', qos: 2, id: 9, dup: true }))
        await back.expect('pubrec', { id: 9 })
        back.send(v5.pubrel(9))
        await back.expect('pubcomp', { id: 9, code: 0 })
        await reader.expectNoMore()
      }
    },
  },
]

outlive(0, aspects, (title, look) => test(title, look))

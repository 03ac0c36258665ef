import { test } from 'node:test'
import type { Authorizer } from '../../../src/engine/ports.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const authorizer: Authorizer = {
  decide: (_client, action, topic) => ({
    allowed: action !== 'subscribe' || !topic.includes('secret'),
    why: 'nobody may subscribe to secret topics',
  }),
}

const broker = useTarget({ authorizer, settings: { maximumSubscriptions: 5 } })

for (const order of [
  [0, 1, 2],
  [2, 1, 0],
  [1, 1, 0, 2, 0],
]) {
  test(`the filters with QoS ${order.join()} have their codes in this order [MQTT-3.9.3-1] [MQTT-3.9.3-2]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id: 3, filters: order.map((qos) => ({ filter: fresh(), qos })) }))
    await client.expect('suback', { id: 3, codes: order })
  })
}

test('granted and refused filters have their codes in order [MQTT-3.9.3-1] [MQTT-3.9.3-2]', broker.ours, async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  const filters = [
    { filter: `${topic}/a`, qos: 2 },
    { filter: `${topic}/#/b`, qos: 2 },
    { filter: `${topic}/secret`, qos: 1 },
    { filter: `${topic}/c`, qos: 0 },
    { filter: '$share//x', qos: 0 },
    { filter: `${topic}/d`, qos: 1 },
  ]
  client.send(v5.subscribe({ id: 3, filters }))
  await client.expect('suback', { id: 3, codes: [2, 0x8f, 0x87, 0, 0x8f, 1] })
  const writer = await broker.connect(v5)
  await publish(writer, { topic: `${topic}/a`, qos: 1 })
  await receive(client, { topic: `${topic}/a`, qos: 1 })
  writer.send(v5.publish({ topic: `${topic}/secret` }))
  await publish(writer, { topic: `${topic}/d`, qos: 1 })
  await receive(client, { topic: `${topic}/d`, qos: 1 })
  await client.expectNoMore()
})

test(
  'a filter the client may not subscribe to has code 0x87, and gets nothing [MQTT-3.9.3-2]',
  broker.ours,
  async () => {
    const topic = `${fresh()}/secret`
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id: 3, filters: [topic] }))
    await client.expect('suback', { id: 3, codes: [0x87] })
    const writer = await broker.connect(v5)
    await publish(writer, { topic })
    await client.expectNoMore()
  },
)

test('an invalid filter has code 0x8F, and the connection stays [MQTT-3.9.3-2]', broker.ours, async () => {
  const client = await broker.connect(v5)
  client.send(v5.subscribe({ id: 3, filters: ['a/#/b'] }))
  await client.expect('suback', { id: 3, codes: [0x8f] })
  await client.expectNoMore()
})

test('a filter over the number a client may have has code 0x97 [MQTT-3.9.3-2]', broker.ours, async () => {
  const client = await broker.connect(v5)
  const topics = Array.from({ length: 5 }, () => fresh())
  await client.subscribe(...topics)
  client.send(v5.subscribe({ id: 3, filters: [fresh()] }))
  await client.expect('suback', { id: 3, codes: [0x97] })
  client.send(v5.subscribe({ id: 4, filters: [{ filter: topics[0] ?? '', qos: 1 }] }))
  await client.expect('suback', { id: 4, codes: [1] })
  client.send(v5.unsubscribe({ id: 5, filters: [topics[1] ?? ''] }))
  await client.expect('unsuback', { id: 5, codes: [0] })
  await client.subscribe(fresh())
})

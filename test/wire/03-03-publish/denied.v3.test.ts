import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  authorizer: {
    decide: (_client, action, topic) => ({ allowed: !topic.includes(`no ${action}`), why: 'rule of the test' }),
  },
})

for (const packets of [v3, v4]) {
  for (const qos of [0, 1, 2]) {
    test(
      `a denied PUBLISH at QoS ${qos} closes the connection and is not distributed (level ${packets.version}) [MQTT3-3.3.5-2]`,
      broker.ours,
      async () => {
        const topic = `${fresh()}/no publish`
        const reader = await broker.connect(packets)
        await reader.subscribe({ filter: topic, qos: 2 })
        const client = await broker.connect(packets)
        client.send(packets.publish({ topic, qos, payload: 'x', retain: true }))
        await client.expectClosed()
        await reader.expectNoMore()
        const later = await broker.connect(packets)
        await later.subscribe(topic)
        await later.expectNoMore()
      },
    )
  }
}

test('an allowed PUBLISH beside a denied one is distributed [MQTT3-3.3.5-2]', broker.ours, async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(`${root}/#`)
  const client = await broker.connect(v4)
  await publish(client, { topic: `${root}/yes`, qos: 1, payload: 'x' })
  await reader.expect('publish', { topic: `${root}/yes` })
})

test(
  'a denied SUBSCRIBE is answered by 0x80, beside the codes of the others [MQTT3-3.8.4-5] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2]',
  broker.ours,
  async () => {
    const root = fresh()
    const client = await broker.connect(v4)
    const filters = [`${root}/a`, `${root}/no subscribe`, `${root}/b`].map((filter, qos) => ({ filter, qos }))
    client.send(v4.subscribe({ id: 3, filters }))
    await client.expect('suback', { id: 3, codes: [0, 0x80, 2] })
    const writer = await broker.connect(v4)
    await publish(writer, { topic: `${root}/no subscribe`, qos: 1, payload: 'x' })
    await client.expectNoMore()
  },
)

test('a denied SUBSCRIBE leaves the subscription held before as it is [MQTT3-3.8.4-5]', broker.ours, async () => {
  const root = fresh()
  const client = await broker.connect(v4)
  await client.subscribe(`${root}/a`)
  client.send(v4.subscribe({ id: 3, filters: [`${root}/no subscribe`] }))
  await client.expect('suback', { id: 3, codes: [0x80] })
  const writer = await broker.connect(v4)
  await publish(writer, { topic: `${root}/a`, payload: 'x' })
  await client.expect('publish', { topic: `${root}/a` })
})

test(
  'MQTT 3.1 has no failure code: a denied SUBSCRIBE gets a QoS but no messages, or the connection is closed [MQTT3 §3.9.3]',
  broker.ours,
  async () => {
    const topic = `${fresh()}/no subscribe`
    const client = await broker.connect(v3)
    client.send(v3.subscribe({ id: 3, filters: [{ filter: topic, qos: 1 }] }))
    const answer = await client.next()
    if (answer === null) return
    if (answer.type !== 'suback') throw new Error(`SUBSCRIBE was answered by ${answer.type}`)
    const writer = await broker.connect(v3)
    await publish(writer, { topic, qos: 1, payload: 'x' })
    await client.expectNoMore()
  },
)

test('a Will that may not be published is not [MQTT3 §5.4.2]', broker.ours, async () => {
  const root = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(`${root}/#`)
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh(), will: { topic: `${root}/no will`, payload: 'x' } }))
  const answer = await client.next()
  if (answer !== null) await client.end()
  await watcher.expectNoMore()
})

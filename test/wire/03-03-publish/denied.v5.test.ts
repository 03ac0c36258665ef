import { notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  authorizer: {
    decide: (_client, action, topic) => {
      const verdict = { allowed: !topic.includes(`no-${action}`), why: 'the rule of the test' }
      return topic.includes('later') ? Promise.resolve(verdict) : verdict
    },
  },
})

for (const kind of ['now', 'later']) {
  test(
    `a denied QoS 0 PUBLISH is dropped, and the connection stays, decided ${kind} [MQTT §3.3.5] [MQTT-3.3.4-1]`,
    broker.ours,
    async () => {
      const topic = `${fresh()}/${kind}/no-publish`
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic, payload: 'x', retain: true }))
      await client.expectNoMore()
      await reader.expectNoMore()
      const later = await broker.connect(v5)
      await later.subscribe(topic)
      await later.expectNoMore()
    },
  )

  test(
    `a denied QoS 1 or 2 PUBLISH is answered with 0x87 and why, and the connection stays, decided ${kind} [MQTT §3.3.5] [MQTT-3.3.4-1]`,
    broker.ours,
    async () => {
      const topic = `${fresh()}/${kind}/no-publish`
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic, qos: 1, id: 1 }), v5.publish({ topic, qos: 2, id: 2 }))
      for (const answer of [
        await client.expect('puback', { id: 1, code: 0x87 }),
        await client.expect('pubrec', { id: 2, code: 0x87 }),
      ]) {
        notEqual(answer.properties.reasonString ?? '', '')
      }
      await client.expectNoMore()
      await reader.expectNoMore()
    },
  )

  test(
    `the identifier of a denied QoS 2 PUBLISH is free at once, decided ${kind} [MQTT-2.2.1-3] [MQTT §3.5.2.1]`,
    broker.ours,
    async () => {
      const topic = `${fresh()}/${kind}`
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: `${topic}/no-publish`, qos: 2, id: 2 }))
      await client.expect('pubrec', { id: 2, code: 0x87 })
      await publish(client, { topic, qos: 2, id: 2, payload: 'x' })
      await reader.expect('publish', { topic, payload: 'x' })
    },
  )

  test(
    `packets behind one whose permission is decided ${kind} are answered in their order [MQTT-4.6.0-2]`,
    broker.ours,
    async () => {
      const root = `${fresh()}/${kind}`
      const reader = await broker.connect(v5)
      await reader.subscribe({ filter: `${root}/#`, qos: 1 })
      const client = await broker.connect(v5)
      const names = ['a', 'no-publish', 'b', 'c']
      client.send(
        ...names.map((name, index) => v5.publish({ topic: `${root}/${name}`, qos: 1, id: index + 1, payload: name })),
      )
      for (const [index, name] of names.entries()) {
        await client.expect('puback', { id: index + 1, code: name === 'no-publish' ? 0x87 : 0 })
      }
      for (const payload of ['a', 'b', 'c']) await receive(reader, { payload })
      await reader.expectNoMore()
    },
  )
}

test('an alias is established by a PUBLISH that is denied too [MQTT-3.3.2-12]', broker.ours, async () => {
  const topic = `${fresh()}/no-publish`
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic, qos: 1, id: 1, properties: { topicAlias: 1 } }))
  await client.expect('puback', { id: 1, code: 0x87 })
  client.send(v5.publish({ topic: '', qos: 1, id: 2, properties: { topicAlias: 1 } }))
  await client.expect('puback', { id: 2, code: 0x87 })
  await client.expectNoMore()
})

test('a Will that is denied is not published [MQTT §3.1.4]', broker.ours, async () => {
  const root = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(`${root}/#`)
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), will: { topic: `${root}/no-will`, payload: 'x' } }))
  const answer = await client.next()
  if (answer?.type !== 'connack' || (answer.code !== 0 && answer.code !== 0x87)) throw new Error(`${answer?.type} came`)
  await client.end()
  await reader.expectNoMore()
})

import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const qos of [0, 1, 2]) {
  test(`Topic Alias 0 in a QoS ${qos} PUBLISH is answered by DISCONNECT 0x94 [MQTT-3.3.2-8]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    for (const name of [topic, '']) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: name, qos, properties: { topicAlias: 0 } }))
      await client.expectBroken(0x94)
    }
    await reader.expectNoMore()
  })

  test(`a Topic Alias not established is answered by DISCONNECT 0x82 at QoS ${qos} [MQTT-3.3.2-7] [MQTT §3.3.2.1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), properties: { topicAlias: 1 } }))
    await client.expectNoMore()
    client.send(v5.publish({ topic: '', qos, properties: { topicAlias: 2 } }))
    await client.expectBroken(0x82)
  })
}

test('every alias up to the maximum the server names can be established and used [MQTT-3.3.2-12] [MQTT-3.3.2-9]', async () => {
  const root = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(`${root}/+`)
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const { topicAliasMaximum = 0 } = (await client.expect('connack')).properties
  for (let topicAlias = 1; topicAlias <= topicAliasMaximum; topicAlias++) {
    client.send(v5.publish({ topic: `${root}/${topicAlias}`, payload: 'first', properties: { topicAlias } }))
    await reader.expect('publish', { topic: `${root}/${topicAlias}`, payload: 'first' })
  }
  for (let topicAlias = topicAliasMaximum; topicAlias >= 1; topicAlias--) {
    client.send(v5.publish({ topic: '', payload: 'second', properties: { topicAlias } }))
    await reader.expect('publish', { topic: `${root}/${topicAlias}`, payload: 'second' })
  }
  await client.expectNoMore()
})

test('our server accepts aliases [MQTT-3.3.2-12]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const { topicAliasMaximum = 0 } = (await client.expect('connack')).properties
  if (topicAliasMaximum === 0) throw new Error('Topic Alias Maximum is 0')
})

test('an alias may be given another topic [MQTT-3.3.2-12]', async () => {
  const root = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(`${root}/+`)
  const client = await broker.connect(v5)
  const properties = { topicAlias: 1 }
  for (const name of ['a', '', 'b', '', '', 'a', '']) {
    client.send(v5.publish({ topic: name && `${root}/${name}`, payload: name, properties }))
  }
  for (const name of ['a', 'a', 'b', 'b', 'b', 'a', 'a']) await reader.expect('publish', { topic: `${root}/${name}` })
  await reader.expectNoMore()
})

test('two aliases may stand for one topic, and a topic be sent without its alias [MQTT-3.3.2-12]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(
    v5.publish({ topic, payload: '1', properties: { topicAlias: 1 } }),
    v5.publish({ topic, payload: '2', properties: { topicAlias: 2 } }),
    v5.publish({ topic, payload: '3' }),
    v5.publish({ topic: '', payload: '4', properties: { topicAlias: 1 } }),
    v5.publish({ topic: '', payload: '5', properties: { topicAlias: 2 } }),
  )
  for (const payload of ['1', '2', '3', '4', '5']) await reader.expect('publish', { topic, payload })
})

test('aliases end with the connection, not with the session [MQTT-3.3.2-7]', async () => {
  const topic = fresh()
  const fields = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, fields)
  await publish(first, { topic, properties: { topicAlias: 1 } })
  await first.disconnect()
  const second = await broker.resume(v5, fields)
  second.send(v5.publish({ topic: '', payload: 'x', properties: { topicAlias: 1 } }))
  await second.expectBroken(0x82)
})

test('the aliases of one connection are unknown to another [MQTT-3.3.2-7]', async () => {
  const [one, other] = [fresh(), fresh()]
  const reader = await broker.connect(v5)
  await reader.subscribe(one, other)
  const first = await broker.connect(v5)
  const second = await broker.connect(v5)
  const properties = { topicAlias: 1 }
  await publish(first, { topic: one, payload: 'one', properties })
  await publish(second, { topic: other, payload: 'other', properties })
  await reader.expect('publish', { topic: one })
  await reader.expect('publish', { topic: other })
  await publish(first, { topic: '', payload: 'one again', properties })
  await reader.expect('publish', { topic: one, payload: 'one again' })
  const third = await broker.connect(v5)
  third.send(v5.publish({ topic: '', properties }))
  await third.expectBroken(0x82)
})

test('an alias holds for retained messages and is not kept with them [MQTT-3.3.2-12] [MQTT-3.3.1-5]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  const properties = { topicAlias: 1 }
  await publish(client, { topic, payload: 'first', properties })
  await publish(client, { topic: '', payload: 'kept', retain: true, properties })
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  await reader.expect('publish', { topic, payload: 'kept', properties: { topicAlias: undefined } })
})

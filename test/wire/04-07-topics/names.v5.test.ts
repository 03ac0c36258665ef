import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ settings: { maximumTopicBytes: 65_535 } })

const wildcards = ['#', '+', '/#', '/+', '/a+', '/a#', '/+/b', '/#/b', '+#']
for (const end of wildcards) {
  test(`the topic name …${end} has a wildcard: refused [MQTT-4.7.0-1]`, async () => {
    for (const qos of [0, 1, 2]) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: `${fresh()}${end}`, qos }))
      await client.expectDisconnect(0x81, 0x82, 0x90)
    }
  })

  test(`the Will Topic …${end} has a wildcard: refused [MQTT-4.7.0-1]`, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), will: { topic: `${fresh()}${end}` } }))
    await client.expectRefused()
  })

  test(`the Response Topic …${end} has a wildcard: refused [MQTT-4.7.0-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), properties: { responseTopic: `${fresh()}${end}` } }))
    await client.expectDisconnect(0x81, 0x82, 0x90)
  })
}

test('a topic name with a wildcard is refused with 0x90 [MQTT-4.7.0-1] [MQTT §3.3.2.1]', broker.ours, async () => {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: `${fresh()}/+` }))
  await client.expectDisconnect(0x90)
})

test('a topic with a wildcard reaches nobody [MQTT-4.7.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(`${topic}/+`, `${topic}/#`)
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: `${topic}/+` }))
  await client.expectDisconnect(0x81, 0x82, 0x90)
  await reader.expectNoMore()
})

for (const qos of [0, 1, 2]) {
  test(`an empty topic name without alias is refused at QoS ${qos} [MQTT-4.7.3-1] [MQTT §3.3.2.1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: '', qos, payload: 'x' }))
    await client.expectDisconnect(0x82)
  })
}

test('an empty topic name with an alias in use is that topic [MQTT-4.7.3-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  await publish(client, { topic, payload: 'a', properties: { topicAlias: 1 } })
  await publish(client, { topic: '', payload: 'b', properties: { topicAlias: 1 } })
  await receive(reader, { topic, payload: 'a' })
  await receive(reader, { topic, payload: 'b' })
})

test('an empty Will Topic is refused [MQTT-4.7.3-1]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), will: { topic: '' } }))
  await client.expectRefused()
})

for (const name of [hex`00`, hex`61 00 62`, hex`61 2f 00`]) {
  test(`U+0000 in the topic name ${name.toString('hex')} is malformed [MQTT-4.7.3-2]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: name }))
    await client.expectDisconnect(0x81)
  })

  test(`U+0000 in the topic filter ${name.toString('hex')} is malformed [MQTT-4.7.3-2]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ filters: [{ filter: name }] }))
    await client.expectDisconnect(0x81)
  })

  test(`U+0000 in the Will Topic ${name.toString('hex')} is refused [MQTT-4.7.3-2]`, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), will: { topic: name } }))
    await client.expectRefused()
  })
}

test('a topic of 65535 bytes is delivered unaltered [MQTT §4.7.3]', async () => {
  const topic = fresh().padEnd(65_535, 'x')
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await receive(reader, { topic, qos: 1, payload: 'x' })
})

import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const topic of ['#', '+', 'a/#', 'a/+', '+/a', 'a/+/b', 'a#', 'a+b', '$SYS/#']) {
  test(`PUBLISH to ${topic} closes the connection [MQTT3-3.3.2-2] [MQTT3-4.7.1-1]`, async () => {
    for (const packets of [v3, v4]) {
      const client = await broker.connect(packets)
      client.send(packets.publish({ topic, payload: 'x' }))
      await client.expectClosed()
    }
  })
}

test('PUBLISH to a topic with a wildcard is not distributed [MQTT3-3.3.2-2]', async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(`${root}/#`)
  for (const qos of [0, 1, 2]) {
    const client = await broker.connect(v4)
    client.send(v4.publish({ topic: `${root}/+`, qos, payload: 'x' }))
    await client.expectClosed()
  }
  await reader.expectNoMore()
})

test('PUBLISH to an empty topic closes the connection [MQTT3-4.7.3-1]', async () => {
  for (const qos of [0, 1, 2]) {
    const client = await broker.connect(v4)
    client.send(v4.publish({ topic: '', qos, payload: 'x' }))
    await client.expectClosed()
  }
})

test('a topic of one character, and of one slash, is good [MQTT3-4.7.3-1]', async () => {
  for (const topic of ['x', '/', ' ', '//']) {
    const client = await broker.connect(v4)
    await client.subscribe({ filter: topic, qos: 0 })
    client.send(v4.publish({ topic, payload: 'y' }))
    await client.expect('publish', { topic, payload: 'y' })
  }
})

test('a message is delivered under its own topic to each filter that matches, and to no other [MQTT3-3.3.2-3] [MQTT3-3.3.2-1]', async () => {
  const root = fresh()
  const topic = `${root}/a/${root}`
  const writer = await broker.connect(v4)
  const matching = [topic, `${root}/+/${root}`, `${root}/a/+`, `${root}/#`, `${root}/a/#`, `${topic}/#`, `+/a/${root}`]
  const others = [
    root,
    `${root}/a`,
    `${root}/+`,
    `${topic}/c`,
    `${topic}/+`,
    `/${topic}`,
    `${root}/A/${root}`,
    `+/${root}`,
  ]
  for (const filter of [...matching, ...others]) {
    const reader = await broker.connect(v4)
    await reader.subscribe({ filter, qos: 1 })
    await publish(writer, { topic, qos: 1, payload: 'x' })
    if (matching.includes(filter)) await receive(reader, { topic, payload: 'x' })
    await reader.expectNoMore()
  }
})

test('overlapping subscriptions deliver at the highest QoS of them [MQTT3-3.3.5-1]', async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(
    { filter: `${root}/#`, qos: 0 },
    { filter: `${root}/+`, qos: 2 },
    { filter: `${root}/a`, qos: 1 },
  )
  const writer = await broker.connect(v4)
  await publish(writer, { topic: `${root}/a`, qos: 2, payload: 'x' })
  const copies = []
  for (const packet of await reader.drain()) if (packet.type === 'publish') copies.push(packet.qos)
  if (!copies.includes(2) || copies.length > 3) throw new Error(`copies at QoS ${copies.join()}`)
})

test('overlapping subscriptions deliver one copy [MQTT3-3.3.5-1]', broker.ours, async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(
    { filter: `${root}/#`, qos: 2 },
    { filter: `${root}/+`, qos: 1 },
    { filter: `${root}/a`, qos: 0 },
  )
  const writer = await broker.connect(v4)
  for (const qos of [0, 1, 2]) {
    await publish(writer, { topic: `${root}/a`, qos, payload: 'x' })
    await receive(reader, { qos, payload: 'x' })
    await reader.expectNoMore()
  }
})

test('a client gets what it publishes itself, if it subscribed [MQTT3-3.3.2-3]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  await client.subscribe(topic)
  client.send(v4.publish({ topic, payload: 'x' }))
  await client.expect('publish', { topic, payload: 'x' })
  await client.expectNoMore()
})

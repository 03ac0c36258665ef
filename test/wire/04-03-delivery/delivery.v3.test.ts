import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

async function subscriber(topic: string, qos = 2, clientId = fresh()): Promise<WireClient> {
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos })
  return reader
}

test('QoS 0 to a subscriber: sent once, DUP 0, forgotten [MQTT3-4.3.1-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await subscriber(topic, 0, clientId)
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  await reader.expect('publish', { qos: 0, dup: false, id: 0, payload: 'x' })
  await reader.end()
  const again = await broker.resume(v4, { clientId })
  await again.expectNoMore()
})

test('QoS 1 from the client: after PUBACK the identifier is a new message, DUP or not [MQTT3-4.3.2-2]', async () => {
  const topic = fresh()
  const reader = await subscriber(topic)
  const writer = await broker.connect(v4)
  for (const dup of [false, true, true]) {
    await publish(writer, { topic, qos: 1, id: 5, dup, payload: 'x' })
    await receive(reader, { qos: 1, payload: 'x', dup: false })
  }
  await reader.expectNoMore()
})

test('QoS 1 to the client: unacknowledged until PUBACK with its identifier [MQTT3-4.3.2-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await subscriber(topic, 2, clientId)
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'a' })
  await publish(writer, { topic, qos: 1, payload: 'b' })
  const a = await reader.expect('publish', { qos: 1, dup: false, payload: 'a' })
  const b = await reader.expect('publish', { qos: 1, dup: false, payload: 'b' })
  reader.send(v4.puback(b.id))
  await reader.expectNoMore()
  await reader.end()
  const again = await broker.resume(v4, { clientId })
  await receive(again, { qos: 1, dup: true, payload: 'a', id: a.id })
  await again.expectNoMore()
  await again.end()
  const third = await broker.resume(v4, { clientId })
  await third.expectNoMore()
})

for (const packets of [v3, v4]) {
  test(`QoS 2 from the client: delivered once, however often it is sent before PUBREL (level ${packets.version}) [MQTT3-4.3.3-2]`, async () => {
    const topic = fresh()
    const reader = await subscriber(topic)
    const writer = await broker.connect(packets)
    for (const dup of [false, true, true]) {
      writer.send(packets.publish({ topic, qos: 2, id: 6, dup, payload: 'once' }))
      await writer.expect('pubrec', { id: 6 })
    }
    writer.send(packets.pubrel(6))
    await writer.expect('pubcomp', { id: 6 })
    await receive(reader, { qos: 2, payload: 'once' })
    await reader.expectNoMore()
    await publish(writer, { topic, qos: 2, id: 6, dup: true, payload: 'new' })
    await receive(reader, { qos: 2, payload: 'new', dup: false })
    await reader.expectNoMore()
  })
}

test('PUBREL is answered by PUBCOMP with its identifier, also when sent again [MQTT3-4.3.3-2]', async () => {
  const writer = await broker.connect(v4)
  await publish(writer, { topic: fresh(), qos: 2, id: 0x7fff, payload: 'x' })
  writer.send(v4.pubrel(0x7fff))
  await writer.expect('pubcomp', { id: 0x7fff })
})

test('QoS 2 identifiers of the client are apart from each other and from those of the server [MQTT3-4.3.3-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, id: 1, payload: 'from the server' })
  const { id } = await client.expect('publish', { payload: 'from the server' })
  client.send(v4.publish({ topic: `${topic}/other`, qos: 2, id, payload: 'x' }))
  await client.expect('pubrec', { id })
  client.send(v4.publish({ topic: `${topic}/other`, qos: 2, id: id + 1, payload: 'y' }))
  await client.expect('pubrec', { id: id + 1 })
  client.send(v4.pubrec(id))
  await client.expect('pubrel', { id })
  client.send(v4.pubrel(id + 1), v4.pubrel(id))
  await client.expect('pubcomp', { id: id + 1 })
  await client.expect('pubcomp', { id })
  client.send(v4.pubcomp(id))
  await client.expectNoMore()
})

test('QoS 2 to the client: PUBLISH until PUBREC, then PUBREL until PUBCOMP, and no PUBLISH after PUBREL [MQTT3-4.3.3-1] [MQTT3-4.4.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const first = await subscriber(topic, 2, clientId)
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  const { id } = await first.expect('publish', { qos: 2, dup: false, payload: 'x' })
  await first.end()

  const second = await broker.resume(v4, { clientId })
  await second.expect('publish', { qos: 2, dup: true, payload: 'x', id })
  second.send(v4.pubrec(id))
  await second.expect('pubrel', { id })
  await second.end()

  const third = await broker.resume(v4, { clientId })
  await third.expect('pubrel', { id })
  await third.expectNoMore()
  await third.end()

  const fourth = await broker.resume(v4, { clientId })
  await fourth.expect('pubrel', { id })
  fourth.send(v4.pubcomp(id))
  await fourth.expectNoMore()
  await fourth.end()
  const fifth = await broker.resume(v4, { clientId })
  await fifth.expectNoMore()
})

test('a repeated PUBREC is answered by PUBREL again, never by PUBLISH [MQTT3-4.3.3-1]', async () => {
  const topic = fresh()
  const reader = await subscriber(topic)
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  const { id } = await reader.expect('publish', { qos: 2 })
  reader.send(v4.pubrec(id))
  await reader.expect('pubrel', { id })
  reader.send(v4.pubrec(id))
  await reader.expect('pubrel', { id })
  reader.send(v4.pubcomp(id))
  await reader.expectNoMore()
})

test('PUBREC lost with the connection: the PUBLISH comes again, and a PUBREC for it goes on [MQTT3-4.4.0-1] [MQTT3-4.1.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const first = await subscriber(topic, 2, clientId)
  const writer = await broker.connect(v4)
  for (const payload of ['a', 'b', 'c']) await publish(writer, { topic, qos: 2, payload })
  const a = await first.expect('publish', { payload: 'a' })
  const b = await first.expect('publish', { payload: 'b' })
  const c = await first.expect('publish', { payload: 'c' })
  first.send(v4.pubrec(a.id))
  await first.expect('pubrel', { id: a.id })
  await first.end()
  const second = await broker.resume(v4, { clientId })
  const packets = await second.drain()
  const seen = packets.map((packet) => (packet.type === 'publish' ? `${packet.payload}` : packet.type))
  if (seen.toSorted().join() !== 'b,c,pubrel') throw new Error(`${seen.join()} came`)
  second.send(v4.pubcomp(a.id), v4.pubrec(b.id), v4.pubrec(c.id))
  await second.expect('pubrel', { id: b.id })
  await second.expect('pubrel', { id: c.id })
})

test('a PUBACK for nothing sent is taken without harm [MQTT3-4.3.2-1]', async () => {
  const client = await broker.connect(v4)
  client.send(v4.puback(99), v4.pubcomp(98))
  await client.expectNoMore()
})

test('a message is added to the session of every matching client, there or away [MQTT3-4.5.0-1]', async () => {
  const topic = fresh()
  const ids = Array.from({ length: 6 }, () => fresh())
  const readers: WireClient[] = []
  for (const clientId of ids) readers.push(await subscriber(topic, 1, clientId))
  for (const away of readers.slice(0, 3)) await away.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'to all' })
  for (const here of readers.slice(3)) await receive(here, { payload: 'to all' })
  for (const clientId of ids.slice(0, 3)) await receive(await broker.resume(v4, { clientId }), { payload: 'to all' })
})

test('a reader that acknowledges nothing does not hold up the others [MQTT3-4.5.0-1]', async () => {
  const topic = fresh()
  const silent = await subscriber(topic, 2)
  const reader = await subscriber(topic, 2)
  const writer = await broker.connect(v4)
  for (let count = 0; count < 50; count++) {
    await publish(writer, { topic, qos: 2, payload: String(count) })
    await receive(reader, { payload: String(count) })
  }
  await silent.expect('publish', { payload: '0' })
})

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('MQIsdp level 3 is answered by CONNACK 0x00', async () => {
  const client = await broker.open(v3)
  client.send(hex`10 12 0006 4d5149736470 03 02 0000 0004 ${Buffer.from('m31a')}`)
  await client.expectBytes(hex`20 02 00 00`)
  client.send(hex`c0 00`)
  await client.expectBytes(hex`d0 00`)
})

test('MQIsdp at a level other than 3 is not served', async () => {
  for (const protocolLevel of [0, 1, 2, 4, 5, 6]) {
    const client = await broker.open(v3)
    client.send(v3.connect({ protocolLevel, clientId: fresh() }), v3.pingreq())
    await client.expectRefused()
  }
})

test('an empty client identifier is refused with 0x02, with and without Clean Session', async () => {
  for (const clean of [true, false]) {
    const client = await broker.open(v3)
    client.send(v3.connect({ clientId: '', clean }))
    await client.expectRefused(2)
  }
})

test('a client identifier of more than 23 bytes is accepted', async () => {
  await broker.connect(v3, { clientId: `${fresh()}${'x'.repeat(40)}` })
})

test('CONNACK has no Session Present flag, although the session is resumed', async () => {
  const topic = fresh()
  const clientId = fresh()
  const first = await broker.connect(v3, { clientId, clean: false })
  await first.subscribe({ filter: topic, qos: 1 })
  await first.end()
  const writer = await broker.connect(v3)
  await publish(writer, { topic, qos: 1, payload: 'kept' })
  const second = await broker.open(v3)
  second.send(v3.connect({ clientId, clean: false }))
  await second.expectBytes(hex`20 02 00 00`)
  await receive(second, { topic, qos: 1, payload: 'kept' })
})

test('Clean Session discards the session', async () => {
  const topic = fresh()
  const clientId = fresh()
  const first = await broker.connect(v3, { clientId, clean: false })
  await first.subscribe({ filter: topic, qos: 1 })
  await first.disconnect()
  const writer = await broker.connect(v3)
  await publish(writer, { topic, qos: 1, payload: 'kept' })
  const second = await broker.connect(v3, { clientId })
  await second.expectNoMore()
})

test('each QoS is answered, delivered and completed', async () => {
  const topic = fresh()
  const reader = await broker.connect(v3)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v3)
  for (const qos of [0, 1, 2]) {
    await publish(writer, { topic, qos, id: 300 + qos, payload: `at ${qos}` })
    await receive(reader, { topic, qos, dup: false, retain: false, payload: `at ${qos}` })
  }
  await reader.expectNoMore()
})

test('unacknowledged PUBLISH and PUBREL are sent again with their identifiers, PUBLISH with DUP', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v3, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v3)
  await publish(writer, { topic, qos: 1, payload: 'one' })
  await publish(writer, { topic, qos: 2, payload: 'two' })
  const one = await reader.expect('publish', { payload: 'one' })
  const two = await reader.expect('publish', { payload: 'two' })
  reader.send(v3.pubrec(two.id))
  await reader.expect('pubrel', { id: two.id })
  await reader.end()
  const again = await broker.resume(v3, { clientId })
  const seen = (await again.drain()).map((packet) => packet.bytes[0])
  const wanted = [0x3a, 0x62]
  if (seen.toSorted().join() !== wanted.join()) throw new Error(`first bytes ${seen.join()} came`)
  again.send(v3.puback(one.id), v3.pubcomp(two.id))
  await again.expectNoMore()
})

// In MQTT 3.1 a PUBREL, SUBSCRIBE or UNSUBSCRIBE is itself a QoS 1 packet and may be sent again with DUP.
test('PUBREL, SUBSCRIBE and UNSUBSCRIBE with DUP are accepted', async () => {
  const topic = fresh()
  const client = await broker.connect(v3)
  client.send(v3.subscribe({ id: 1, filters: [topic], header: 0x8a }))
  await client.expect('suback', { id: 1, codes: [0] })
  client.send(v3.unsubscribe({ id: 2, filters: [topic], header: 0xaa }))
  await client.expect('unsuback', { id: 2 })
  client.send(v3.publish({ topic, qos: 2, id: 3 }))
  await client.expect('pubrec', { id: 3 })
  client.send(v3.pubrel(3, { header: 0x6a }))
  await client.expect('pubcomp', { id: 3 })
})

test('retained messages and Wills pass between MQTT 3.1 and 3.1.1', async () => {
  const topic = fresh()
  const old = await broker.connect(v3, { will: { topic: `${topic}/will`, payload: 'gone', qos: 1, retain: true } })
  await publish(old, { topic: `${topic}/kept`, qos: 1, retain: true, payload: 'kept' })
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: `${topic}/#`, qos: 1 })
  await receive(reader, { topic: `${topic}/kept`, retain: true, payload: 'kept' })
  await old.end()
  await receive(reader, { topic: `${topic}/will`, qos: 1, retain: false, payload: 'gone' })
  const later = await broker.connect(v3)
  await later.subscribe(`${topic}/will`)
  await later.expect('publish', { retain: true, payload: 'gone' })
})

test('a session of MQTT 3.1 may be resumed by MQTT 3.1.1 and back', async () => {
  const topic = fresh()
  const clientId = fresh()
  const old = await broker.connect(v3, { clientId, clean: false })
  await old.subscribe({ filter: topic, qos: 1 })
  await old.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const newer = await broker.resume(v4, { clientId })
  await receive(newer, { payload: 'x' })
  await newer.disconnect()
  await publish(writer, { topic, qos: 1, payload: 'y' })
  await receive(await broker.resume(v3, { clientId }), { payload: 'y' })
})

test('a packet that makes no sense closes the connection and publishes the Will', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v3)
  await watcher.subscribe(topic)
  for (const bytes of [
    v3.publish({ topic: 'a', qos: 3 }),
    v3.publish({ topic: 'a/#' }),
    hex`f0 00`,
    hex`30 ff ff ff ff 01`,
  ]) {
    const client = await broker.connect(v3, { will: { topic, payload: 'gone' } })
    client.send(bytes)
    await client.expectClosed()
    await watcher.expect('publish', { payload: 'gone' })
  }
})

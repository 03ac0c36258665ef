import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })

const lasting = { sessionExpiryInterval: 1 }

for (const [what, properties] of [
  ['1', lasting],
  ['0', { sessionExpiryInterval: 0 }],
  ['none', {}],
] as const) {
  test(`a session of expiry ${what} lives while it is connected [MQTT-4.1.0-1]`, async () => {
    const topic = fresh()
    const client = await broker.connect(v5, { properties })
    await client.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 2, payload: 'before' })
    const { id } = await client.expect('publish', { payload: 'before' })
    await broker.elapse(3_500)
    client.send(v5.pubrec(id))
    await client.expect('pubrel', { id, code: 0 })
    client.send(v5.pubcomp(id))
    await publish(writer, { topic, qos: 2, payload: 'after' })
    await receive(client, { payload: 'after', qos: 2 })
  })
}

test('a resumed session lives while it is connected, past the expiry of its absence [MQTT-4.1.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const before = await broker.connect(v5, { clientId, properties: { sessionExpiryInterval: 2 } })
  await before.subscribe({ filter: topic, qos: 1 })
  await before.end()
  const client = await broker.resume(v5, { clientId, properties: { sessionExpiryInterval: 2 } })
  await broker.elapse(3_500)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await receive(client, { payload: 'x' })
})

test('the state of a connected QoS 2 sender lives as long as its connection [MQTT-4.1.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5, { properties: lasting })
  client.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x' }))
  await client.expect('pubrec', { id: 9, code: 0 })
  await broker.elapse(3_500)
  client.send(v5.publish({ topic, qos: 2, id: 9, payload: 'x', dup: true }))
  await client.expect('pubrec', { id: 9 })
  client.send(v5.pubrel(9))
  await client.expect('pubcomp', { id: 9, code: 0 })
  await receive(reader, { payload: 'x' })
  await reader.expectNoMore()
})

test('a session is there before its expiry has passed, with its messages [MQTT-4.1.0-2]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 60 }
  const before = await broker.connect(v5, { clientId, properties })
  await before.subscribe({ filter: topic, qos: 1 })
  await before.end()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await broker.elapse(1_000)
  const again = await broker.resume(v5, { clientId, properties })
  await receive(again, { payload: 'x', qos: 1 })
})

for (const [how, leave] of [
  ['DISCONNECT', v5.disconnect()],
  ['a lost connection', v5.pingreq()],
] as const) {
  test(`a session is gone once its expiry has passed after ${how} [MQTT-4.1.0-2]`, async () => {
    const topic = fresh()
    const clientId = fresh()
    const before = await broker.connect(v5, { clientId, properties: lasting })
    await before.subscribe({ filter: topic, qos: 1 })
    before.send(leave)
    await before.end()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, payload: 'x' })
    await broker.elapse(3_500)
    const again = await broker.open(v5)
    again.send(v5.connect({ clientId, clean: false, properties: lasting }))
    await again.expect('connack', { code: 0, sessionPresent: false })
    await again.expectNoMore()
    writer.send(v5.publish({ topic, qos: 1, payload: 'later' }))
    await writer.expect('puback')
    await again.expectNoMore()
  })
}

test('a session of expiry 0 is gone with its connection [MQTT-4.1.0-2]', async () => {
  const clientId = fresh()
  const before = await broker.connect(v5, { clientId })
  await before.subscribe({ filter: fresh(), qos: 1 })
  await before.end()
  const again = await broker.open(v5)
  again.send(v5.connect({ clientId, clean: false }))
  await again.expect('connack', { code: 0, sessionPresent: false })
})

test('expiry counts from the end of the last connection [MQTT-4.1.0-2]', async () => {
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 3 }
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe(fresh())
  await first.end()
  await broker.elapse(1_500)
  const second = await broker.resume(v5, { clientId, properties })
  await second.end()
  await broker.elapse(2_000)
  await broker.resume(v5, { clientId, properties })
})

test('a session of expiry 0xFFFFFFFF is there after ten hours [MQTT-4.1.0-2]', broker.takes(36_000_000), async () => {
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 0xffff_ffff }
  const before = await broker.connect(v5, { clientId, properties })
  await before.end()
  await broker.elapse(36_000_000)
  await broker.resume(v5, { clientId, properties })
})

import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const properties = { sessionExpiryInterval: 60 }

for (const clean of [true, false]) {
  test(`a new connection with Clean Start ${clean ? 1 : 0} ends the old one with 0x8E [MQTT-3.1.4-3]`, async () => {
    const clientId = fresh()
    const first = await broker.connect(v5, { clientId, properties })
    const second = await broker.open(v5)
    second.send(v5.connect({ clientId, clean, properties }))
    await second.expect('connack', { code: 0, sessionPresent: !clean })
    await first.expectDisconnect(0x8e)
    await second.expectNoMore()
  })

  test(`the Will of the connection taken over is published, with Clean Start ${clean ? 1 : 0} [MQTT-3.1.4-3] [MQTT-3.1.2-8]`, async () => {
    const [clientId, topic] = [fresh(), fresh()]
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const first = await broker.connect(v5, { clientId, properties, will: { topic, payload: 'first' } })
    const second = await broker.connect(v5, { clientId, clean, properties, will: { topic, payload: 'second' } })
    await first.expectBroken(0x8e)
    await reader.expect('publish', { payload: 'first' })
    await second.expectNoMore()
    await reader.expectNoMore()
  })
}

test('messages in flight on the old connection go on, on the new one only [MQTT-3.1.4-3] [MQTT-3.1.2-5]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'a' })
  await first.expect('publish', { payload: 'a', dup: false })
  const second = await broker.resume(v5, { clientId, properties })
  await receive(second, { payload: 'a', dup: true })
  await first.expectBroken(0x8e)
  await publish(writer, { topic, qos: 1, payload: 'b' })
  await receive(second, { payload: 'b', dup: false })
  await second.expectNoMore()
})

test('subscriptions are still there for the connection that takes over [MQTT-3.1.4-3] [MQTT-3.2.2-3]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe(topic)
  const second = await broker.resume(v5, { clientId, properties })
  await first.expectBroken(0x8e)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await second.expect('publish', { payload: 'x' })
})

test('a client of MQTT 3.1.1 takes over from one of MQTT 5, and the other way round [MQTT-3.1.4-3]', async () => {
  const clientId = fresh()
  const first = await broker.connect(v5, { clientId, properties })
  const second = await broker.connect(v4, { clientId })
  await first.expectBroken(0x8e)
  const third = await broker.connect(v5, { clientId, properties })
  await second.expectClosed()
  await third.expectNoMore()
})

test('ten connections with one identifier leave the last one [MQTT-3.1.4-3]', async () => {
  const clientId = fresh()
  let last = await broker.connect(v5, { clientId, properties })
  for (let count = 0; count < 10; count++) {
    const next = await broker.resume(v5, { clientId, properties })
    await last.expectBroken(0x8e)
    last = next
  }
  await last.expectNoMore()
})

test('other clients are left alone [MQTT-3.1.4-3] [MQTT-3.1.3-2]', async () => {
  const clientId = fresh()
  const other = await broker.connect(v5, { clientId: `${clientId}x` })
  await broker.connect(v5, { clientId })
  await broker.connect(v5, { clientId })
  await other.expectNoMore()
})

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const packets of [v3, v4]) {
  const version = packets.version === 3 ? '3.1' : '3.1.1'
  test(`a second connection with the same client identifier closes the first (${version}) [MQTT3-3.1.4-2]`, async () => {
    const clientId = fresh()
    const first = await broker.connect(packets, { clientId })
    const second = await broker.connect(packets, { clientId })
    await first.expectClosed()
    await second.expectNoMore()
    await broker.connect(packets, { clientId })
    await second.expectClosed()
  })
}

test('the Will of the connection taken over is published [MQTT3-3.1.4-2] [MQTT3-3.1.2-8]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const first = await broker.connect(v4, { clientId, will: { topic, payload: 'taken over' } })
  const second = await broker.connect(v4, { clientId })
  await first.expectClosed()
  await watcher.expect('publish', { topic, payload: 'taken over' })
  await second.expectNoMore()
  await watcher.expectNoMore()
})

test('a session taken over goes on with its subscriptions and messages [MQTT3-3.1.4-2] [MQTT3-3.1.2-4]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const first = await broker.connect(v4, { clientId, clean: false })
  await first.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'a' })
  const { id } = await first.expect('publish', { payload: 'a' })
  const second = await broker.open(v4)
  second.send(v4.connect({ clientId, clean: false }))
  await second.expectBytes(hex`20 02 01 00`)
  await first.expectClosed()
  await second.expect('publish', { payload: 'a', dup: true, id })
  second.send(v4.puback(id))
  await publish(writer, { topic, qos: 1, payload: 'b' })
  await receive(second, { payload: 'b', dup: false })
})

test('taking over with Clean Session 1 discards the session [MQTT3-3.1.4-2] [MQTT3-3.1.2-6]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const first = await broker.connect(v4, { clientId, clean: false })
  await first.subscribe({ filter: topic, qos: 1 })
  const second = await broker.connect(v4, { clientId, clean: true })
  await first.expectClosed()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await second.expectNoMore()
})

test('packets behind the take-over from the old connection have no effect [MQTT3-3.1.4-2]', async () => {
  const clientId = fresh()
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const first = await broker.connect(v4, { clientId })
  await broker.connect(v4, { clientId })
  first.send(v4.publish({ topic, payload: 'too late' }))
  await first.expectClosed()
  await watcher.expectNoMore()
})

test('a client refused at CONNECT takes nothing over [MQTT3-3.1.4-2]', async () => {
  const clientId = fresh()
  const first = await broker.connect(v4, { clientId })
  const second = await broker.open(v4)
  second.send(v4.connect({ clientId, protocolLevel: 1 }))
  await second.expectRefused(1)
  await first.expectNoMore()
})

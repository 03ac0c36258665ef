import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const properties = { sessionExpiryInterval: 600 }

test('Clean Start 1 discards the session: subscriptions and queued messages [MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.2.2-2]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 1 })
  await first.disconnect()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'queued' })
  const second = await broker.open(v5)
  second.send(v5.connect({ clientId, clean: true, properties }))
  await second.expect('connack', { code: 0, sessionPresent: false })
  await second.expectNoMore()
  await publish(writer, { topic, qos: 1, payload: 'new' })
  await second.expectNoMore()
})

test('Clean Start 1 discards messages in flight both ways [MQTT-3.1.2-4] [MQTT-3.1.4-4]', async () => {
  const [clientId, topic, other] = [fresh(), fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'in flight' })
  await first.expect('publish', { payload: 'in flight' })
  first.send(v5.publish({ topic: other, qos: 2, id: 9, payload: 'half' }))
  await first.expect('pubrec', { id: 9 })
  await first.end()
  const second = await broker.connect(v5, { clientId, clean: true })
  await second.expectNoMore()
  // Of the old session this would be the same message again, and not go out a second time.
  const watcher = await broker.connect(v5)
  await watcher.subscribe(other)
  await publish(second, { topic: other, qos: 2, id: 9, payload: 'new' })
  await watcher.expect('publish', { payload: 'new' })
  await watcher.expectNoMore()
})

test('Clean Start 1 discards the session of a connected client too [MQTT-3.1.2-4] [MQTT-3.1.4-4]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe(topic)
  const second = await broker.open(v5)
  second.send(v5.connect({ clientId, clean: true, properties }))
  await second.expect('connack', { code: 0, sessionPresent: false })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await second.expectNoMore()
})

test('the session discarded by Clean Start 1 takes no messages of a shared subscription any more [MQTT-3.1.2-4]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: `$share/group/${topic}`, qos: 1 })
  await first.end()
  await broker.connect(v5, { clientId, clean: true, properties })
  const other = await broker.connect(v5)
  await other.subscribe({ filter: `$share/group/${topic}`, qos: 1 })
  const writer = await broker.connect(v5)
  for (const payload of ['1', '2', '3', '4']) {
    await publish(writer, { topic, qos: 1, payload })
    await receive(other, { payload })
  }
})

test('the session begun with Clean Start 1 is a whole one [MQTT-3.1.2-4]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, clean: true, properties })
  await first.subscribe(topic)
  await first.disconnect()
  const second = await broker.resume(v5, { clientId, properties })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await second.expect('publish', { payload: 'x' })
})

test('Clean Start 0 resumes subscriptions with their options and identifiers [MQTT-3.1.2-5] [MQTT-3.1.4-4] [MQTT-3.2.2-3]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  const filters = [{ filter: topic, qos: 1, noLocal: true, retainAsPublished: true }]
  first.send(v5.subscribe({ filters, properties: { subscriptionIdentifier: 77 } }))
  await first.expect('suback', { codes: [1] })
  await first.disconnect()
  const second = await broker.resume(v5, { clientId, properties })
  const writer = await broker.connect(v5)
  await publish(second, { topic, qos: 1, payload: 'own' })
  await publish(writer, { topic, qos: 1, payload: 'other', retain: true })
  await receive(second, { payload: 'other', qos: 1, retain: true, properties: { subscriptionIdentifier: [77] } })
  await second.expectNoMore()
})

test('Clean Start 0 resumes queued messages in their order [MQTT-3.1.2-5]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 2 })
  await first.end()
  const writer = await broker.connect(v5)
  for (const payload of ['1', '2', '3']) await publish(writer, { topic, qos: 1, payload })
  await publish(writer, { topic, qos: 2, payload: '4' })
  const second = await broker.resume(v5, { clientId, properties })
  for (const payload of ['1', '2', '3', '4']) await receive(second, { payload, dup: false })
  await second.expectNoMore()
})

test('Clean Start 0 resumes messages in flight both ways [MQTT-3.1.2-5] [MQTT-3.3.1-1]', async () => {
  const [clientId, topic, other] = [fresh(), fresh(), fresh()]
  const first = await broker.connect(v5, { clientId, properties })
  await first.subscribe({ filter: topic, qos: 2 })
  const watcher = await broker.connect(v5)
  await watcher.subscribe(other)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'in flight' })
  const { id } = await first.expect('publish', { payload: 'in flight', dup: false })
  first.send(v5.publish({ topic: other, qos: 2, id: 9, payload: 'half' }))
  await first.expect('pubrec', { id: 9 })
  await first.end()
  const second = await broker.resume(v5, { clientId, properties })
  await second.expect('publish', { payload: 'in flight', id, dup: true })
  second.send(v5.puback(id))
  second.send(v5.pubrel(9))
  await second.expect('pubcomp', { id: 9, code: 0 })
  await watcher.expect('publish', { topic: other, payload: 'half' })
  await second.expectNoMore()
  await watcher.expectNoMore()
})

test('Clean Start 0 without a session begins one [MQTT-3.1.2-6] [MQTT-3.2.2-3]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const first = await broker.open(v5)
  first.send(v5.connect({ clientId, clean: false, properties }))
  await first.expect('connack', { code: 0, sessionPresent: false })
  await first.subscribe(topic)
  await first.disconnect()
  const second = await broker.resume(v5, { clientId, properties })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await second.expect('publish', { payload: 'x' })
})

test('one Client Identifier is one session, another another, to the letter [MQTT-3.1.3-2]', async () => {
  const clientId = fresh()
  const first = await broker.connect(v5, { clientId, properties })
  await first.disconnect()
  for (const other of [clientId.toUpperCase(), `${clientId}x`, `${clientId} `]) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: other, clean: false }))
    await client.expect('connack', { code: 0, sessionPresent: false })
  }
  await broker.resume(v5, { clientId })
})

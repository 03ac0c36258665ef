import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/index.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Arena } from './arena.ts'

test('a flood of messages is read at the rate that is allowed, in order, and the canary does not wait', async () => {
  await using arena = await Arena.open({ settings: { messageRate: 100 } })
  const listener = await arena.client(v4)
  await listener.subscribe('flood')
  const flood = await arena.client(v4, { clientId: 'flood' })
  const messages = Array.from({ length: 1_000 }, (_, index) => v4.publish({ topic: 'flood', payload: String(index) }))
  flood.send(...messages)
  const got: string[] = []
  for (let second = 0; second < 12; second++) {
    await arena.canary.sing(20)
    const now = (await listener.drain()).map((packet) => (packet.type === 'publish' ? packet.payload.toString() : ''))
    assert.ok(now.length <= 202, `${now.length} in one second`)
    got.push(...now)
    arena.clock.advance(1_000)
  }
  assert.deepEqual(
    got,
    messages.map((_, index) => String(index)),
  )
})

test('a flood of bytes is held back, too', async () => {
  await using arena = await Arena.open({ settings: { byteRate: 100_000 } })
  const flood = await arena.client(v4, { clientId: 'flood' })
  const before = arena.broker.counters.publishReceived
  flood.send(...Array.from({ length: 1_000 }, () => v4.publish({ topic: 'flood', payload: Buffer.alloc(10_000) })))
  await arena.canary.sing(50)
  const own = arena.broker.counters.publishReceived - before - 50
  assert.ok(own < 20, `${own} messages of 10,000 bytes within the first second`)
  assert.deepEqual(arena.ends('flood'), [])
})

test('a flood without limits is served beside the canary, whose messages all come in order', async () => {
  await using arena = await Arena.open()
  const flood = await arena.socket()
  flood.write(v4.connect({ clientId: 'flood' }))
  const chunk = Buffer.concat(
    Array.from({ length: 1_000 }, () => v4.publish({ topic: 'flood/x', payload: 'x'.repeat(50) })),
  )
  for (let round = 0; round < 50; round++) {
    flood.write(chunk)
    await arena.canary.sing(5)
  }
  await arena.until('all is read', () => arena.broker.counters.publishReceived === 50_250)
})

test('clients that take over from each other in a storm are told so, and one is left [MQTT-3.1.4-3]', async () => {
  await using arena = await Arena.open()
  const clients: WireClient[] = []
  for (let count = 0; count < 200; count++) {
    clients.push(
      await arena.client(v5, { clientId: 'storm', clean: false, properties: { sessionExpiryInterval: 100 } }),
    )
    if (count % 20 === 0) await arena.canary.sing(2)
  }
  const last = clients.pop()
  for (const client of clients) await client.expectDisconnect(Reason.SessionTakenOver)
  await last?.expectNoMore()
  assert.equal(arena.broker.counters.connections, 3)
  assert.equal(arena.broker.counters.sessions, 3)
})

test('a QoS 1 flood to an absent session ends at the limit of all queues', async () => {
  await using arena = await Arena.open({ settings: { queueBytesTotal: 200_000, queueBytes: 10_000_000 } })
  const absent = await arena.client(v4, { clientId: 'absent', clean: false })
  await absent.subscribe({ filter: 'flood', qos: 1 })
  await absent.end()
  const flood = await arena.client(v4)
  const payload = Buffer.alloc(1_000)
  flood.send(
    ...Array.from({ length: 2_000 }, (_, index) => v4.publish({ topic: 'flood', qos: 1, id: index + 1, payload })),
  )
  for (let index = 0; index < 2_000; index++) await flood.expect('puback', { id: index + 1 })
  assert.ok(arena.broker.counters.queuedBytes <= 200_000)
  await arena.canary.sing(10)
})

test('retained messages, subscriptions and sessions end at their limits, each with its reason', async () => {
  const settings = { maximumRetained: 100, maximumSubscriptions: 50, maximumSessions: 12, sysInterval: 0 }
  await using arena = await Arena.open({ settings })
  const client = await arena.client(v5)
  for (let index = 0; index < 300; index++) client.send(v5.publish({ topic: `r/${index}`, retain: true, payload: 'x' }))
  await client.expectNoMore()
  assert.equal(arena.broker.counters.retained, 100)
  const filters = Array.from({ length: 60 }, (_, index) => `s/${index}`)
  client.send(v5.subscribe({ id: 1, filters }))
  const codes = filters.map((_, index) => (index < 50 ? 0 : Reason.QuotaExceeded))
  await client.expect('suback', { codes })
  for (let count = 0; count < 9; count++) await arena.client(v5)
  const surplus = new WireClient(await arena.socket(), v5)
  surplus.send(v5.connect({ clientId: 'surplus' }))
  await surplus.expectRefused(Reason.QuotaExceeded)
  await arena.canary.sing(10)
})

test('more filters in a SUBSCRIBE, and more user properties, than the limit end the connection', async () => {
  await using arena = await Arena.open({ settings: { maximumFiltersPerSubscribe: 10, maximumUserProperties: 10 } })
  const many = await arena.client(v5)
  many.send(v5.subscribe({ id: 1, filters: Array.from({ length: 11 }, (_, index) => `s/${index}`) }))
  await many.expectDisconnect(Reason.QuotaExceeded)
  const rich = await arena.client(v5)
  const userProperty = Array.from({ length: 11 }, (): [string, string] => ['a', 'b'])
  rich.send(v5.publish({ topic: 'a', properties: { userProperty } }))
  await rich.expectDisconnect(Reason.QuotaExceeded)
  assert.equal(arena.broker.counters.subscriptions, 1)
  await arena.canary.sing(10)
})

test('more unreleased QoS 2 messages than announced end the connection [MQTT-3.3.4-7]', async () => {
  await using arena = await Arena.open({ settings: { receiveMaximum: 5 } })
  const client = await arena.client(v5)
  for (let id = 1; id <= 6; id++) client.send(v5.publish({ topic: 'a', qos: 2, id }))
  for (let id = 1; id <= 5; id++) await client.expect('pubrec', { id })
  await client.expectDisconnect(Reason.ReceiveMaximumExceeded)
  await arena.canary.sing(10)
})

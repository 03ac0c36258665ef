import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v4, v5 } from '../../kit/packets.ts'
import { Bench, type BenchClient, turn } from './kit.ts'

const keeper = { clientId: 'keeper', clean: false } as const

/** A session with a QoS 1 subscription to `t` that nobody is connected to. */
async function absent(bench: Bench): Promise<void> {
  const client = await (await bench.connect(v4, keeper)).subscribe('t', 1)
  client.lose()
}

/** What a message with so many bytes of payload counts for. */
function weightOf(size: number): number {
  using bench = new Bench()
  return bench.message('t', 'x'.repeat(size)).weight
}

async function publish(bench: Bench, ...payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) bench.core.router.route(bench.message('t', payload, { qos: 1 }))
  await turn()
}

/** What the session gets when its client is back. */
async function waiting(bench: Bench): Promise<readonly string[]> {
  const client = await back(bench)
  return client.published().map(({ payload }) => payload.toString())
}

async function back(bench: Bench): Promise<BenchClient> {
  const { BenchClient } = await import('./kit.ts')
  const client = new BenchClient(bench.reception, v4)
  client.send(v4.connect(keeper))
  await turn()
  return client
}

test('messages for an absent client wait in order', async () => {
  using bench = new Bench()
  await absent(bench)
  await publish(bench, 'a', 'b', 'c')
  assert.equal(bench.core.counters.queued, 3)
  assert.deepEqual(await waiting(bench), ['a', 'b', 'c'])
  assert.equal(bench.core.counters.queued, 0)
  assert.equal(bench.core.counters.queuedBytes, 0)
})

test('a full queue that drops the oldest keeps the latest', async () => {
  using bench = new Bench({ queueMessages: 2, queuePolicy: 'drop-oldest' })
  await absent(bench)
  await publish(bench, 'a', 'b', 'c', 'd')
  assert.deepEqual(bench.drops, ['queue full', 'queue full'])
  assert.deepEqual(await waiting(bench), ['c', 'd'])
})

test('a full queue that drops the newest keeps the first', async () => {
  using bench = new Bench({ queueMessages: 2, queuePolicy: 'drop-newest' })
  await absent(bench)
  await publish(bench, 'a', 'b', 'c', 'd')
  assert.deepEqual(bench.drops, ['queue full', 'queue full'])
  assert.deepEqual(await waiting(bench), ['a', 'b'])
})

test('a full queue that disconnects tells the client so, and keeps what it has', async () => {
  using bench = new Bench({ queueMessages: 2, queuePolicy: 'disconnect' })
  const lasting = { clientId: 'slow', clean: false, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } }
  const client = await (await bench.connect(v5, lasting)).subscribe('t', 1)
  await publish(bench, 'sent', 'a', 'b')
  assert.equal(client.wire.closed, false)
  await publish(bench, 'c')
  assert.equal(client.wire.closed, true)
  const last = client.take().at(-1)
  assert.equal(last?.type === 'disconnect' && last.code, 0x97)
  assert.equal(bench.core.sessions.get('slow')?.queued, 2)
})

test('a queue is limited in bytes, too', async () => {
  using bench = new Bench({ queueBytes: 3 * weightOf(10) })
  await absent(bench)
  await publish(bench, ...Array.from({ length: 5 }, (_, index) => `${index}`.padEnd(10, '-')))
  assert.deepEqual(await waiting(bench), ['2---------', '3---------', '4---------'])
})

test('a message larger than the queue may be is dropped and pushes nothing out', async () => {
  using bench = new Bench({ queueBytes: 2 * weightOf(5) })
  await absent(bench)
  await publish(bench, 'small', 'x'.repeat(2_000))
  assert.deepEqual(bench.drops, ['queue full'])
  assert.deepEqual(await waiting(bench), ['small'])
})

test('all queues together are limited in bytes', async () => {
  using bench = new Bench({ queueBytesTotal: 3 * weightOf(14) - 1 })
  for (const clientId of ['one', 'two']) {
    const client = await (await bench.connect(v4, { clientId, clean: false })).subscribe('t', 1)
    client.lose()
  }
  await publish(bench, 'x'.repeat(14), 'y'.repeat(14))
  assert.deepEqual(bench.drops, ['memory limit', 'memory limit'])
  assert.equal(bench.core.counters.queuedBytes, 2 * weightOf(14))
})

test('QoS 0 messages are queued for absent clients only where that is wanted', async () => {
  for (const queueQos0 of [false, true]) {
    using bench = new Bench({ queueQos0 })
    await absent(bench)
    bench.core.router.route(bench.message('t', 'x'))
    assert.deepEqual(await waiting(bench), queueQos0 ? ['x'] : [])
  }
})

test('a message that expires in the queue is not sent [MQTT-3.3.2-5]', async () => {
  using bench = new Bench()
  await absent(bench)
  const expiresAt = bench.clock.now() + 5_000
  bench.core.router.route(bench.message('t', 'short', { qos: 1, expiresAt }))
  await publish(bench, 'long')
  bench.clock.advance(5_000)
  assert.deepEqual(await waiting(bench), ['long'])
  assert.deepEqual(bench.drops, ['expired'])
})

test('no more than Receive Maximum are sent without an acknowledgement [MQTT-3.3.4-9]', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v5, { properties: { receiveMaximum: 2 } })).subscribe('t', 1)
  await publish(bench, 'a', 'b', 'c', 'd')
  const first = client.published()
  assert.deepEqual(
    first.map(({ payload }) => payload.toString()),
    ['a', 'b'],
  )
  client.send(v5.puback(first[0]?.id ?? 0))
  await turn()
  assert.deepEqual(
    client.published().map(({ payload }) => payload.toString()),
    ['c'],
  )
})

test('a queued message holds only its own bytes, not what it was read in', async () => {
  using bench = new Bench()
  await (await bench.connect(v5, { properties: { receiveMaximum: 1 } })).subscribe('t', 1)
  await publish(bench, 'first')
  const read = Buffer.alloc(65_536, 'x')
  const message = bench.message('t', read, { qos: 1 })
  message.payloadEnd = 30_000
  bench.core.router.route(message)
  assert.equal(message.bytes.buffer.byteLength, 30_000)
  assert.equal(message.payload.toString(), 'x'.repeat(30_000))
})

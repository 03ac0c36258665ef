import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outbox } from '../../../src/engine/outbox.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { Bench, BenchClient, RecordingWire, turn } from './kit.ts'

const payloadsOf = (packets: readonly { payload: Buffer }[]) => packets.map(({ payload }) => payload.toString())

test('a large payload is written from where it is, whole, between what is before and behind it', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v4)).subscribe('t')
  const large = Buffer.alloc(100_000, 'x')
  for (const payload of ['before', large, 'behind']) bench.core.router.route(bench.message('t', payload))
  await turn()
  const packets = client.published()
  assert.deepEqual(
    packets.map(({ payload }) => payload.length),
    [6, 100_000, 6],
  )
  assert.ok(packets[1]?.payload.equals(large))
})

test('a large payload is copied once, however many get it', async () => {
  using bench = new Bench()
  const clients = []
  for (let count = 0; count < 5; count++) clients.push(await (await bench.connect(v4)).subscribe('t'))
  bench.core.router.route(bench.message('t', Buffer.alloc(100_000, 'x')))
  await turn()
  const memories = clients.map(({ wire }) => wire.writes.find(({ length }) => length === 100_000)?.buffer)
  assert.equal(new Set(memories).size, 1)
  assert.notEqual(memories[0], undefined)
})

test('receivers of one message get their own packet identifier, QoS and flags', async () => {
  using bench = new Bench()
  const ahead = await (await bench.connect(v4)).subscribe('#', 1)
  bench.core.router.route(bench.message('other', 'x', { qos: 1 }))
  const behind = await (await bench.connect(v4)).subscribe('t', 1)
  const unassured = await (await bench.connect(v5)).subscribe('t', 0)
  ahead.take()
  bench.core.router.route(bench.message('t', 'y', { qos: 2 }))
  await turn()
  assert.deepEqual(
    [ahead, behind, unassured].map((client) => client.published().map(({ qos, id }) => [qos, id])),
    [[[1, 2]], [[1, 1]], [[0, 0]]],
  )
})

test('a receiver that is behind loses QoS 0 and keeps QoS 1, in order', async () => {
  using bench = new Bench({ outboxBytes: 100 })
  const client = await (await bench.connect(v4)).subscribe('t', 1)
  client.wire.takes = false
  const send = async (payload: string, qos: 0 | 1) => {
    bench.core.router.route(bench.message('t', payload.padEnd(60, '.'), { qos }))
    await turn()
  }
  for (const payload of ['a', 'b', 'c']) await send(payload, 0)
  await send('d', 0)
  await send('e', 1)
  await send('f', 1)
  assert.deepEqual(bench.drops, ['receiver behind'])
  assert.equal(bench.core.counters.queued, 2)
  client.drain()
  await turn()
  assert.deepEqual(
    payloadsOf(client.published()).map((payload) => payload[0]),
    ['a', 'b', 'c', 'e', 'f'],
  )
})

test('nothing is written to a wire that is behind until it takes more', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v4)).subscribe('t')
  client.wire.takes = false
  bench.core.router.route(bench.message('t', 'a'))
  await turn()
  const before = client.wire.writes.length
  for (const payload of ['b', 'c']) bench.core.router.route(bench.message('t', payload))
  await turn()
  assert.equal(client.wire.writes.length, before)
  client.drain()
  assert.deepEqual(payloadsOf(client.published()), ['a', 'b', 'c'])
})

test('one receiver that is behind does not change what others get', async () => {
  using bench = new Bench({ outboxBytes: 100 })
  const slow = await (await bench.connect(v4)).subscribe('t')
  const quick = await (await bench.connect(v4)).subscribe('t')
  slow.wire.takes = false
  const payloads = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(60, '.'))
  for (const payload of payloads) {
    bench.core.router.route(bench.message('t', payload))
    await turn()
  }
  assert.deepEqual(payloadsOf(quick.published()), payloads)
})

test('what waits for a receiver stays as it was, whatever is sent to others meanwhile', async () => {
  using bench = new Bench()
  const slow = await (await bench.connect(v4)).subscribe('t')
  const quick = await (await bench.connect(v4)).subscribe('#')
  slow.wire.takes = false
  const payloads = Array.from({ length: 200 }, (_, index) => `${index}`.repeat(100))
  for (const payload of payloads) {
    bench.core.router.route(bench.message('t', payload))
    bench.core.router.route(bench.message('other', 'noise'.repeat(50)))
    await turn()
  }
  assert.equal(quick.published().length, 400)
  slow.drain()
  await turn()
  assert.deepEqual(payloadsOf(slow.published()), payloads)
})

test('much in a turn leaves in a few large writes, in order', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v4)).subscribe('t')
  const payloads = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(1_000, '.'))
  for (const payload of payloads) bench.core.router.route(bench.message('t', payload))
  await turn()
  assert.ok(client.wire.writes.length < 30)
  assert.deepEqual(payloadsOf(client.published()), payloads)
})

test('a topic alias is set with the first packet and used with the next ones [MQTT-3.3.2-12]', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v5, { properties: { topicAliasMaximum: 1 } })).subscribe('#')
  for (const topic of ['long/topic', 'other/topic', 'long/topic']) bench.core.router.route(bench.message(topic, 'x'))
  await turn()
  assert.deepEqual(
    client.published().map(({ topic, properties }) => [topic, properties.topicAlias]),
    [
      ['long/topic', 1],
      ['other/topic', undefined],
      ['', 1],
    ],
  )
})

test('a packet is never over the maximum size of its client, with whatever properties [MQTT-3.1.2-24]', async () => {
  for (const topicAliasMaximum of [0, 10]) {
    for (let maximumPacketSize = 20; maximumPacketSize < 60; maximumPacketSize++) {
      using bench = new Bench()
      const wire = new RecordingWire()
      const outbox = new Outbox(bench.core, wire, 1_000)
      outbox.suit(5, maximumPacketSize, topicAliasMaximum)
      for (const identifiers of [null, [1], [1, 200, 20_000]]) {
        const message = bench.message('long/topic', 'payload', { expiresAt: bench.clock.now() + 5_000 })
        if (!outbox.fits(message, true, identifiers)) continue
        outbox.publish(message, 1, false, false, 1, identifiers, true, bench.clock.now())
        outbox.flush()
        const size = wire.writes.at(-1)?.length ?? 0
        assert.ok(size <= maximumPacketSize, `${size} bytes for a client that takes ${maximumPacketSize}`)
      }
    }
  }
})

test('a client without a maximum takes any packet', () => {
  using bench = new Bench()
  const outbox = new Outbox(bench.core, new RecordingWire(), 1_000)
  assert.ok(outbox.fits(bench.message('t', Buffer.alloc(1_000_000)), true, null))
})

test('a closed outbox writes nothing more', async () => {
  using bench = new Bench()
  const client = await (await bench.connect(v4)).subscribe('t')
  bench.core.router.route(bench.message('t', 'late'))
  client.lose()
  const writes = client.wire.writes.length
  await turn()
  assert.equal(client.wire.writes.length, writes)
})

test('a client is told that it is connected at once, before the turn ends', () => {
  using bench = new Bench()
  const client = new BenchClient(bench.reception, v4)
  client.send(v4.connect({ clientId: 'c' }))
  assert.deepEqual(
    client.wire.writes.map((bytes) => [...bytes]),
    [[0x20, 2, 0, 0]],
  )
})

test('what is written at once does not overtake what waits', () => {
  using bench = new Bench()
  const wire = new RecordingWire()
  const outbox = new Outbox(bench.core, wire, 1_000)
  outbox.raw(Buffer.from('waits '))
  outbox.first(Buffer.from('at once'))
  assert.equal(wire.writes.length, 0)
  outbox.flush()
  assert.equal(Buffer.concat(wire.writes).toString(), 'waits at once')
  wire.takes = false
  outbox.first(Buffer.from('taken'))
  outbox.first(Buffer.from('behind'))
  assert.deepEqual([wire.writes.at(-1)?.toString(), outbox.pending], ['taken', 6])
  wire.takes = true
  outbox.drained()
  assert.deepEqual([wire.writes.at(-1)?.toString(), outbox.pending], ['behind', 0])
})

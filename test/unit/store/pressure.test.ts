import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Core } from '../../../src/engine/core.ts'
import { Message, never } from '../../../src/engine/message.ts'
import { v4, v5 } from '../../kit/packets.ts'
import type { BenchClient } from '../engine/kit.ts'
import { FaultBench, kept, settled, until } from './kit.ts'

const megabyte = 1_048_576
/** What is staged may be this much, and what is on its way as much again. */
const bound = 24 * megabyte

/** Sends the packet as often as it is read, at most `count` times; returns how often. */
function push(client: BenchClient, packet: (count: number) => Buffer, count: number): number {
  let sent = 0
  while (sent < count && !client.wire.paused && !client.wire.closed) client.send(packet(sent++))
  return sent
}

test('publishers wait when much is staged, go on when it is safe, and nothing is lost', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  keeper.lose()
  const payload = Buffer.alloc(256 * 1_024)
  const publishers = await Promise.all([v4, v5, v4, v5].map((packets) => bench.connect(packets)))
  bench.tables.hang()
  let sent = 0
  for (const each of publishers)
    sent += push(each, (count) => each.packets.publish({ topic: 'a/b', qos: 1, id: count + 1, payload }), 300)
  assert.ok(sent * payload.length < bound, `${sent} messages were taken`)
  assert.ok(publishers.every(({ wire }) => wire.paused))
  const reader = await bench.connect(v5)
  reader.send(v5.pingreq())
  await until(() => reader.take().some(({ type }) => type === 'pingresp'))
  bench.tables.go()
  let acknowledged = 0
  await until(() => {
    for (const each of publishers) acknowledged += each.take().filter(({ type }) => type === 'puback').length
    return acknowledged === sent
  })
  assert.ok(publishers.every(({ wire }) => !wire.paused))
  assert.equal(bench.core.sessions.get('keeper')?.queued, Math.min(sent, 255))
})

test('a QoS 0 publisher of retained messages does not fill the memory while the disk takes nothing', async () => {
  await using bench = new FaultBench()
  const publisher = await bench.connect(v4)
  await bench.failing()
  const payload = Buffer.alloc(megabyte)
  push(publisher, (count) => v4.publish({ topic: `r/${count}`, retain: true, payload }), 60)
  bench.clock.advance(1_000)
  await settled()
  await bench.heal()
  await bench.safe()
  assert.ok(bench.tables.largest < bound, `${bench.tables.largest} bytes were staged`)
})

test('a client that comes back with large wills does not fill the memory while the disk takes nothing', async () => {
  await using bench = new FaultBench()
  await bench.connect(v5, kept(v5, 'willing'))
  await bench.failing()
  const payload = Buffer.alloc(60_000)
  for (let round = 0; round < 800; round++) {
    const client = bench.begin(v5, { ...kept(v5, 'willing'), will: { topic: 'w', payload } })
    client.send(v5.disconnect())
    client.lose()
  }
  await settled()
  await bench.heal()
  await bench.safe()
  assert.ok(bench.tables.largest < bound, `${bench.tables.largest} bytes were staged`)
})

test('a client cannot make the broker hold back acknowledgements without end', async () => {
  for (const packets of [v4, v5]) {
    await using bench = new FaultBench()
    const publisher = await bench.connect(packets, kept(packets, 'publisher'))
    bench.tables.hang()
    publisher.send(packets.publish({ topic: 'nobody', qos: 2, id: 1 }))
    const few = Buffer.concat(
      Array.from({ length: 1_000 }, (_, at) => packets.publish({ topic: 'nobody', qos: 1, id: at + 2 })),
    )
    push(publisher, () => few, 200)
    assert.ok(publisher.wire.paused || publisher.wire.closed, `MQTT ${packets.version}: 200,000 are held back`)
  }
})

test('queues of kept sessions do not grow in memory while the disk takes nothing', async () => {
  await using bench = new FaultBench({ queueQos0: true })
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  keeper.lose()
  const publisher = await bench.connect(v5)
  await bench.failing()
  push(publisher, () => v5.publish({ topic: 'a/1', qos: 0, payload: Buffer.alloc(megabyte) }), 60)
  await settled()
  assert.equal(bench.core.sessions.get('keeper')?.queued, 0)
  assert.equal(bench.core.counters.queuedBytes, 0)
  await bench.heal()
  await bench.safe()
  assert.ok(bench.tables.largest < bound)
})

test('a slow disk makes durable publishers wait, and nobody else', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  keeper.lose()
  const durable = await bench.connect(v5)
  const live = await bench.connect(v5)
  const reader = await bench.connect(v5)
  await reader.subscribe('live/#', 1)
  bench.tables.slow(200)
  const order: string[] = []
  for (let id = 1; id <= 20; id++) {
    durable.send(v5.publish({ topic: 'a/1', qos: 1, id, payload: 'x' }))
    live.send(v5.publish({ topic: 'live/1', qos: 1, id, payload: 'x' }))
    await new Promise((resolve) => setImmediate(resolve))
    order.push(
      ...reader.take().map(() => 'live'),
      ...live.take().map(({ type }) => type),
      ...durable.take().map(() => 'durable'),
    )
  }
  assert.deepEqual(order, Array.from({ length: 20 }, () => ['live', 'puback']).flat())
  let answers = 0
  await until(() => (answers += durable.take().length) === 20)
})

test('what the program itself publishes does not fill the memory while the disk is slow', async () => {
  await using bench = new FaultBench({ queueBytes: 500 * megabyte, maximumRetainedBytes: 500 * megabyte })
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  keeper.lose()
  const { router, names, counters } = bench.core
  const topic = names.of('a/1')
  assert.ok(topic !== null)
  bench.tables.hang()
  for (let round = 0; round < 150; round++) {
    const bytes = Buffer.alloc(megabyte)
    router.route(new Message(topic, 1, round % 2 === 0, null, never, '', bytes, 0, bytes.length))
  }
  assert.equal(bench.core.store.condition, 'failing')
  assert.ok(bench.events.some((event) => event.kind === 'dropped' && event.why === 'store failing'))
  assert.ok(counters.queuedBytes < 70 * megabyte, `${counters.queuedBytes} bytes are queued`)
  bench.tables.go()
  await bench.safe()
  assert.ok(bench.tables.largest < 70 * megabyte, `${bench.tables.largest} bytes were staged`)
  assert.equal(bench.core.store.condition, 'ok')
})

test('settling goes on while the disk takes nothing, and counts when it is well', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v5)
  publisher.send(
    ...Array.from({ length: 50 }, (_, at) => v5.publish({ topic: 'a/1', qos: 1, id: at + 1, payload: `${at}` })),
  )
  const ids: number[] = []
  await until(() => {
    for (const packet of keeper.take()) if (packet.type === 'publish') ids.push(packet.id)
    return ids.length === 50
  })
  await bench.failing()
  for (const id of ids.slice(0, 30)) keeper.send(v5.puback(id))
  await settled()
  const underWay = ({ core }: { core: Core }) =>
    ids.filter((id) => (core.sessions.get('keeper')?.underWay(id) ?? null) !== null).length
  assert.equal(underWay(bench), 20)
  await bench.heal()
  await bench.safe()
  const after = bench.crash()
  assert.equal(underWay(after), 20)
  await after.core.close()
})

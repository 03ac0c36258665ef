import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/index.ts'
import { arrayBuffers } from '../../fuzz/heap.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Arena } from './arena.ts'

const kilobyte = Buffer.alloc(1_000, 0x78)

test('a receiver of QoS 0 that stops reading loses messages; nobody else does and memory stays bounded', async () => {
  await using arena = await Arena.open({ settings: { outboxBytes: 100_000 } })
  await arena.deafClient(v4, { clientId: 'deaf' }, [{ filter: 'flood', qos: 0 }])
  const listener = await arena.client(v4)
  await listener.subscribe({ filter: 'flood', qos: 0 })
  const before = arrayBuffers()
  for (let round = 0; round < 60; round++) {
    for (let count = 0; count < 500; count++) arena.broker.publish('flood', kilobyte)
    const got = await listener.drain()
    assert.equal(got.length, 500, 'the other receiver gets them all')
    await arena.canary.sing(3)
  }
  const dropped = arena.events.filter((event) => event.kind === 'dropped' && event.clientId === 'deaf')
  assert.ok(dropped.length > 0)
  assert.ok(dropped.every((event) => event.kind === 'dropped' && event.why === 'receiver behind'))
  const grown = arrayBuffers() - before
  assert.ok(grown < 15_000_000, `${grown} bytes more after 30,000,000 for one who does not read`)
  assert.deepEqual(arena.ends('deaf'), [])
})

test('a receiver of QoS 1 that stops reading gets as many as its queue holds, and the oldest go first', async () => {
  await using arena = await Arena.open({ settings: { queueMessages: 100, maximumInflight: 10, outboxBytes: 50_000 } })
  await arena.deafClient(v4, { clientId: 'deaf' }, [{ filter: 'flood', qos: 1 }])
  for (let round = 0; round < 20; round++) {
    for (let count = 0; count < 50; count++) arena.broker.publish('flood', kilobyte, { qos: 1 })
    await arena.canary.sing(5)
  }
  const { queued, queuedBytes } = arena.broker.counters
  assert.equal(queued, 100)
  assert.ok(queuedBytes < 200_000)
  const dropped = arena.events.filter((event) => event.kind === 'dropped')
  assert.equal(dropped.length, 1_000 - 100 - 10)
  assert.ok(dropped.every((event) => event.kind === 'dropped' && event.why === 'queue full'))
})

test('a receiver that reads again after a long pause gets every QoS 1 message it is owed, once and in order', async () => {
  await using arena = await Arena.open({ settings: { outboxBytes: 50_000, maximumInflight: 5_000 } })
  for (const size of [10, 1_000, 20_000]) {
    const socket = await arena.socket()
    const sleeper = new WireClient(socket, v4)
    sleeper.send(v4.connect({ clientId: `sleeper${size}` }))
    await sleeper.expect('connack', { code: 0 })
    await sleeper.subscribe({ filter: `flood/${size}`, qos: 1 })
    socket.pause()
    const count = Math.min(4_000, 20_000_000 / size)
    for (let index = 0; index < count; index++) {
      const payload = Buffer.concat([Buffer.from(`${index} `), Buffer.alloc(size)])
      arena.broker.publish(`flood/${size}`, payload, { qos: 1 })
      if (index % 200 === 0) await arena.canary.sing(2)
    }
    socket.resume()
    for (let index = 0; index < count; index++) {
      const { id, payload } = await sleeper.expect('publish', { qos: 1, dup: false })
      assert.equal(payload.subarray(0, payload.indexOf(0x20)).toString(), String(index))
      sleeper.send(v4.puback(id))
    }
    await sleeper.expectNoMore()
  }
})

test('with the policy `disconnect` a receiver whose queue is full is cut off for its quota', async () => {
  await using arena = await Arena.open({
    settings: { queueMessages: 20, maximumInflight: 5, queuePolicy: 'disconnect' },
  })
  const slow = await arena.client(v5, { clientId: 'slow' })
  await slow.subscribe({ filter: 'flood', qos: 1 })
  for (let count = 0; count < 30; count++) arena.broker.publish('flood', 'x', { qos: 1 })
  await arena.canary.sing(10)
  for (let count = 0; count < 5; count++) await slow.expect('publish', { qos: 1 })
  await slow.expectDisconnect(Reason.QuotaExceeded)
  assert.deepEqual(arena.ends('slow'), [Reason.QuotaExceeded])
})

test('a client that asks and does not read the answers is not read from either, and cut off when its time is over', async () => {
  await using arena = await Arena.open({ settings: { outboxBytes: 100_000, stallTimeout: 15 } })
  const deaf = await arena.deafClient(v5, { clientId: 'deaf', keepAlive: 10 }, [])
  const pings = Buffer.alloc(40_000_000)
  for (let at = 0; at < pings.length; at += 2) pings[at] = 0xc0
  const before = arena.broker.counters.bytesReceived
  deaf.write(pings)
  // Three times, as the system may be slow to hand over what is on its way.
  for (let quiet = 0; quiet < 3; ) {
    const taken = arena.broker.counters.bytesReceived
    await arena.canary.sing(50)
    // The canary itself is good for some thousand bytes.
    quiet = arena.broker.counters.bytesReceived > taken + 30_000 ? 0 : quiet + 1
  }
  const taken = arena.broker.counters.bytesReceived - before
  assert.ok(taken < pings.length, `${taken} of ${pings.length} bytes were taken`)
  arena.clock.advance(16_000)
  await arena.until('the client is cut off', () => arena.ends('deaf').length > 0)
  assert.deepEqual(arena.ends('deaf'), [Reason.QuotaExceeded])
  await arena.canary.sing(10)
})

test('retained messages replayed to a client that does not read wait for it, and cost the others nothing', async () => {
  await using arena = await Arena.open({ settings: { outboxBytes: 50_000, sysInterval: 0 } })
  for (let count = 0; count < 5_000; count++) arena.broker.publish(`r/${count}`, kilobyte, { retain: true })
  const deaf = await arena.deafClient(v4, { clientId: 'deaf' }, [])
  const sent = arena.broker.counters.publishSent
  const subscribes = Array.from({ length: 20 }, (_, id) =>
    v4.subscribe({ id: id + 1, filters: [{ filter: 'r/+', qos: 0 }] }),
  )
  deaf.write(Buffer.concat(subscribes))
  for (let round = 0; round < 10; round++) await arena.canary.sing(20)
  const replayed = arena.broker.counters.publishSent - sent - 200
  assert.ok(replayed < 60_000, `${replayed} of 100,000 were sent to one who does not read`)
  assert.deepEqual(arena.ends('deaf'), [])
})

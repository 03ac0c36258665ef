import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Reason } from '../../../src/index.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Arena } from './arena.ts'

test('fifty clients that send a byte at a time are served as soon as they are complete, and nobody waits for them', async () => {
  await using arena = await Arena.open()
  const clients: WireClient[] = []
  for (let count = 0; count < 50; count++) clients.push(new WireClient(await arena.socket(), v5))
  const streams = clients.map((_, index) => Buffer.concat([v5.connect({ clientId: `dribble${index}` }), v5.pingreq()]))
  const longest = Math.max(...streams.map((stream) => stream.length))
  for (let at = 0; at < longest; at++) {
    for (const [index, client] of clients.entries())
      client.send(streams[index]?.subarray(at, at + 1) ?? Buffer.alloc(0))
    if (at % 5 === 0) await arena.canary.sing(2)
    else await turn()
  }
  for (const client of clients) {
    await client.expect('connack', { code: 0 })
    await client.expect('pingresp')
  }
})

test('a CONNECT that is not complete in time is cut off, however busily it dribbles', async () => {
  await using arena = await Arena.open({ listener: { connectTimeout: 5_000 } })
  const client = new WireClient(await arena.socket(), v4)
  const packet = v4.connect({ clientId: 'a'.repeat(100) })
  for (let at = 0; at < 40; at++) {
    client.send(packet.subarray(at, at + 1))
    await arena.canary.sing(1)
    if (at % 10 === 0) arena.clock.advance(1_000)
  }
  assert.equal(client.closed, false)
  arena.clock.advance(2_000)
  await client.expectClosed()
  assert.deepEqual(arena.ends('').length, 1)
})

test('bytes of a packet that never ends do not keep a client alive', async () => {
  await using arena = await Arena.open()
  const client = await arena.client(v5, { clientId: 'dribbler', keepAlive: 10 })
  const packet = v5.publish({ topic: 'a', payload: Buffer.alloc(1_000) })
  for (let at = 0; at < 14; at++) {
    client.send(packet.subarray(at, at + 1))
    await arena.canary.sing(1)
    arena.clock.advance(1_000)
  }
  assert.equal(client.closed, false)
  arena.clock.advance(2_000)
  await client.expectDisconnect(Reason.KeepAliveTimeout)
  await arena.canary.sing(5)
})

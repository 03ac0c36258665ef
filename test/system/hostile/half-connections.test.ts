import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Arena } from './arena.ts'

const many = 2_000

async function open(arena: Arena, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(100, count - sockets.length) }, () => arena.socket())
    sockets.push(...(await Promise.all(batch)))
    await arena.canary.sing(2)
  }
  return sockets
}

function closedOf(sockets: readonly Socket[]): () => number {
  let closed = 0
  for (const socket of sockets) {
    socket.resume()
    socket.on('close', () => closed++)
  }
  return () => closed
}

/** Time passes, again for connections the operating system hands over only now. */
function passed(arena: Arena, ms: number): boolean {
  arena.clock.advance(ms)
  return true
}

test('2,000 connections that say nothing are cut off at the deadline; until then nobody notices them', async () => {
  await using arena = await Arena.open({ listener: { connectTimeout: 10_000 } })
  const sockets = await open(arena, many)
  const closed = closedOf(sockets)
  arena.clock.advance(9_000)
  await arena.canary.sing(50)
  assert.equal(closed(), 0)
  await arena.until('all are cut off', () => passed(arena, 1_000) && closed() === many)
  assert.equal(arena.ends('').length, many)
  assert.equal(arena.broker.counters.connections, 2)
  await arena.canary.sing(50)
})

test('2,000 connections with half a CONNECT are cut off without an answer and leave no session', async () => {
  await using arena = await Arena.open({ listener: { connectTimeout: 10_000 } })
  const sockets = await open(arena, many)
  let answered = 0
  for (const socket of sockets) {
    socket.on('data', () => answered++)
    socket.write(v4.connect({ clientId: 'half' }).subarray(0, 12))
  }
  const closed = closedOf(sockets)
  await arena.canary.sing(50)
  assert.equal(arena.broker.counters.sessions, 2)
  await arena.until('all are cut off', () => passed(arena, 11_000) && closed() === many)
  assert.equal(answered, 0)
  await arena.canary.sing(50)
})

test('connections over the limit of the listener are closed at once, and their places are free again when others leave', async () => {
  await using arena = await Arena.open({ listener: { maxConnections: 52 } })
  const sockets = await open(arena, 200)
  const closed = closedOf(sockets)
  await arena.until('150 are closed', () => closed() === 150)
  await arena.canary.sing(20)
  assert.equal(closed(), 150)
  for (const socket of sockets) socket.destroy()
  await arena.until('the places are free', () => arena.ends('').length === 200)
  const client = new WireClient(await arena.socket(), v4)
  client.send(v4.connect({ clientId: 'late' }))
  await client.expect('connack', { code: 0 })
})

test('one address has its limit, and others are still let in', async () => {
  await using arena = await Arena.open({ listener: { maxConnectionsPerAddress: 10 } })
  const sockets = await open(arena, 60)
  const closed = closedOf(sockets)
  await arena.until('50 are closed', () => closed() === 50)
  const { port } = arena.broker.addresses[0] ?? { port: 0 }
  const other = await WireClient.open({ host: '127.0.0.1', port }, v4)
  other.send(v4.connect({ clientId: 'other' }))
  await other.expect('connack', { code: 0 })
  other.destroy()
  await arena.canary.sing(10)
})

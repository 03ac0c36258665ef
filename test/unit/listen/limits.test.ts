import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../../src/base/clock.ts'
import { type Deadline, Deadlines } from '../../../src/listen/deadlines.ts'
import { type ConnectionLimits, Limits } from '../../../src/listen/limits.ts'
import { client, everything, listening, Recorder, until } from './kit.ts'

const none: ConnectionLimits = { maxConnections: 0, maxConnectionsPerAddress: 0, connectionRate: 0, connectionBurst: 0 }

/** A clock that goes on when told. */
class HandClock implements Clock {
  time = 0
  ticks: (() => void)[] = []

  now(): number {
    return this.time
  }

  wall(): number {
    return this.time
  }

  refresh(): void {}

  every(_ms: number, tick: () => void): () => void {
    this.ticks.push(tick)
    return () => {
      this.ticks = this.ticks.filter((other) => other !== tick)
    }
  }

  advance(ms: number): void {
    this.time += ms
    for (const tick of this.ticks) tick()
  }
}

class Cut implements Deadline {
  expired = 0

  expire(): void {
    this.expired++
  }
}

test('a listener lets in its number of connections at a time', () => {
  const limits = new Limits({ ...none, maxConnections: 2 }, new HandClock())
  assert.equal(limits.enter(), null)
  assert.equal(limits.enter(), null)
  assert.equal(limits.enter(), 'connection limit of the listener')
  assert.equal(limits.connections, 2)
  limits.leave()
  assert.equal(limits.enter(), null)
})

test('each address has its own limit, and is forgotten when its last connection leaves', () => {
  const limits = new Limits({ ...none, maxConnectionsPerAddress: 2 }, new HandClock())
  for (const address of ['a', 'a', 'b']) assert.equal(limits.enterAddress(address), null)
  assert.equal(limits.enterAddress('a'), 'connection limit of the address')
  assert.equal(limits.addresses, 2)
  for (const address of ['a', 'b', 'a', 'unknown']) limits.leaveAddress(address)
  assert.equal(limits.addresses, 0)
})

test('the connection rate allows a burst, then fills up again with time', () => {
  const clock = new HandClock()
  const limits = new Limits({ ...none, connectionRate: 10, connectionBurst: 3 }, clock)
  const entered = () => [limits.enter(), limits.enter(), limits.enter(), limits.enter()].filter((why) => why === null)
  assert.equal(entered().length, 3)
  clock.advance(200)
  assert.equal(entered().length, 2)
  clock.advance(60_000)
  assert.equal(entered().length, 3)
  assert.equal(limits.enter(), 'connection rate of the listener')
})

test('a connection rate without a burst allows the connections of one second at once', () => {
  const limits = new Limits({ ...none, connectionRate: 5 }, new HandClock())
  const answers = Array.from({ length: 6 }, () => limits.enter())
  assert.equal(answers.filter((why) => why === null).length, 5)
})

test('deadlines expire in order, once, and need no timer while nothing waits', () => {
  const clock = new HandClock()
  const deadlines = new Deadlines(1_000, clock)
  const [first, second, removed] = [new Cut(), new Cut(), new Cut()]
  assert.equal(clock.ticks.length, 0)
  deadlines.add(first)
  deadlines.add(removed)
  clock.advance(600)
  deadlines.add(second)
  deadlines.remove(removed)
  clock.advance(500)
  assert.deepEqual([first.expired, second.expired, deadlines.size], [1, 0, 1])
  clock.advance(600)
  assert.deepEqual([first.expired, second.expired, removed.expired], [1, 1, 0])
  assert.equal(clock.ticks.length, 0)
})

test('a connection over the limit of the listener is closed at once and reported', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { maxConnections: 1 })
  const first = await client(t, listener)
  await recorder.connection()
  await everything(await client(t, listener))
  assert.deepEqual(await recorder.refusal(), {
    listener: listener.url,
    address: '127.0.0.1',
    why: 'connection limit of the listener',
    detail: '',
  })
  first.destroy()
  await until(() => listener.connections === 0)
  await client(t, listener)
  await recorder.connection(1)
})

test('connections over the limit of their address are closed at once and leave nothing counted', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { maxConnectionsPerAddress: 1 })
  const first = await client(t, listener)
  await recorder.connection()
  for (let i = 0; i < 5; i++) await everything(await client(t, listener))
  await recorder.refusal(4)
  assert.equal(recorder.refusals[4]?.why, 'connection limit of the address')
  assert.equal(listener.connections, 1)
  first.destroy()
  await until(() => listener.connections === 0)
  await client(t, listener)
  await recorder.connection(1)
})

test('connections over the rate of the listener are closed at once', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { connectionRate: 0.001, connectionBurst: 2 })
  for (let i = 0; i < 3; i++) await client(t, listener)
  assert.equal((await recorder.refusal()).why, 'connection rate of the listener')
  assert.equal(recorder.connections.length, 2)
})

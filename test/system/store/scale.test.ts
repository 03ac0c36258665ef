// PETALTAIL_SCALE=1 node --test test/system/store/scale.test.ts runs the full numbers (minutes); their hundredth part otherwise.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Folder } from '../cli-kit.ts'
import { Server, Stream } from './kit.ts'

const scale = Number(process.env.PETALTAIL_SCALE ?? 0.01)
const messages = 1_000_000 * scale
const sessions = 100_000 * scale
/** Memory of a process that did something, over that of one that did not. */
const slack = 96 * 1_048_576
/** The topics of the broker itself count, too. */
const environment = { PETALTAIL_RETAINED_MAXIMUM_MESSAGES: '1100000' }
const connackLength = 4
const pubackLength = 4

/** Sends QoS 1 messages with a window, until all are acknowledged. */
async function publish(port: number, count: number, packet: (each: number) => Buffer): Promise<void> {
  const stream = await Stream.open(port)
  stream.send(v4.connect({ clientId: 'filler' }))
  await stream.until(connackLength)
  const window = Math.min(4_000, count)
  for (let sent = 0; sent < count; ) {
    const pieces: Buffer[] = []
    for (let end = Math.min(count, sent + window / 4); sent < end; sent++) pieces.push(packet(sent))
    stream.send(Buffer.concat(pieces))
    await stream.until(connackLength + pubackLength * Math.max(0, sent - window))
  }
  await stream.until(connackLength + pubackLength * count)
  stream.close()
}

async function away(port: number, clientId: string, filters: readonly string[], from = 1): Promise<void> {
  const stream = await Stream.open(port, from)
  stream.send(
    Buffer.concat([
      v4.connect({ clientId, clean: false }),
      v4.subscribe({ id: 1, filters: filters.map((filter) => ({ filter, qos: 1 })) }),
    ]),
  )
  await stream.until(connackLength + 4 + filters.length)
  stream.send(v4.disconnect())
  stream.close()
}

async function came(arrival: Promise<void>): Promise<boolean> {
  try {
    await arrival
    return true
  } catch {
    return false
  }
}

const payload = Buffer.alloc(200, 'x')
const id = (each: number) => (each % 65_535) + 1

/** Milliseconds a QoS 0 message takes between two clients, every ten milliseconds, while `meanwhile` goes on. */
async function canary(port: number, meanwhile: Promise<void>): Promise<number[]> {
  const reader = await WireClient.open({ host: '127.0.0.1', port }, v4)
  reader.send(v4.connect({ clientId: 'canary-reader' }))
  await reader.expect('connack')
  await reader.subscribe('canary')
  const times: number[] = []
  let over = false
  const end = () => (over = true)
  meanwhile.then(end, end)
  const writer = await Stream.open(port)
  writer.send(v4.connect({ clientId: 'canary-writer' }))
  while (!over) {
    const begun = performance.now()
    writer.send(v4.publish({ topic: 'canary', payload: 'ping' }))
    await reader.expect('publish')
    times.push(performance.now() - begun)
    await sleep(Math.max(0, 10 - (performance.now() - begun)))
  }
  writer.close()
  reader.destroy()
  return times.sort((one, other) => one - other)
}

/** The bytes that all retained messages come to at one subscriber. */
async function replay(port: number, bytes: number): Promise<void> {
  const stream = await Stream.open(port)
  stream.send(Buffer.concat([v4.connect({ clientId: 'replay' }), v4.subscribe({ id: 1, filters: ['r/#'] })]))
  await stream.until(connackLength + 5 + bytes)
  stream.close()
}

test('what waits is on the disk, not in memory, and is soon there again after a restart', {
  timeout: 3_600_000,
}, async (t) => {
  await using folder = await Folder.open()
  const store = join(folder.path, 'store')
  const retainedTopic = (each: number) => `r/${each % 1_000}/${Math.floor(each / 1_000)}`
  const over: string[] = []
  let bytes = 0
  for (let each = 0; each < messages; each++) bytes += 1 + 2 + 2 + retainedTopic(each).length + payload.length
  {
    await using server = await Server.start(store, environment)
    const { port } = server
    let before = server.memory
    const growth = (what: string, count: number, most: number): void => {
      const { memory } = server
      const resident = (memory.resident - before.resident) / count
      const anonymous = (memory.anonymous - before.anonymous) / count
      t.diagnostic(
        `${what}: RSS ${resident.toFixed(0)}, anonymous ${anonymous.toFixed(0)} bytes each; RSS ${memory.resident >> 20} MiB`,
      )
      if (anonymous * count > most * count + slack) over.push(`${what}: ${anonymous.toFixed(0)} bytes`)
      before = memory
    }
    for (let each = 0; each < 10; each++) await away(port, `queue-${each}`, [`q/${each}/#`])
    await publish(port, 1_000, (each) => v4.publish({ topic: 'warm', qos: 1, id: id(each), payload }))
    await sleep(scale < 1 ? 500 : 5_000)
    before = server.memory
    let begun = performance.now()
    const took = () => `${((performance.now() - begun) / 1_000).toFixed(1)} s`
    await publish(port, messages, (each) => v4.publish({ topic: `q/${each % 10}/x`, qos: 1, id: id(each), payload }))
    t.diagnostic(`${messages} messages queued in ${took()}`)
    await sleep(scale < 1 ? 500 : 5_000)
    growth('a queued message', messages, 100)
    begun = performance.now()
    await publish(port, messages, (each) =>
      v4.publish({ topic: retainedTopic(each), qos: 1, id: id(each), retain: true, payload }),
    )
    t.diagnostic(`${messages} messages retained in ${took()}`)
    await sleep(scale < 1 ? 500 : 5_000)
    growth('a retained message', messages, 300)
    begun = performance.now()
    let next = 0
    // The listener lets in so many a second, and turns away the others.
    const connect = async (each: number): Promise<void> => {
      const filters = Array.from({ length: 5 }, (_, at) => `s/${each}/${at}/+`)
      while (!(await came(away(port, `session-${each}`, filters, 2 + (each % 200))))) await sleep(100)
    }
    const all = async (): Promise<void> => {
      for (let each = next++; each < sessions; each = next++) await connect(each)
    }
    await Promise.all(Array.from({ length: 50 }, all))
    t.diagnostic(`${sessions} sessions made in ${took()}`)
    await sleep(scale < 1 ? 500 : 5_000)
    growth('a session with five subscriptions', sessions, 2_048)
    const times = await canary(port, replay(port, bytes))
    report('replay before the restart', times)
    await server.end('SIGTERM')
  }
  for (const end of ['SIGKILL', 'SIGTERM'] as const) {
    await using server = await Server.start(store, environment)
    t.diagnostic(
      `ready after ${(server.startup / 1_000).toFixed(1)} s with RSS ${server.memory.resident >> 20} MiB, anonymous ${server.memory.anonymous >> 20} MiB`,
    )
    if (end === 'SIGKILL') {
      report('replay after the restart', await canary(server.port, replay(server.port, bytes)))
      const back = await WireClient.open({ host: '127.0.0.1', port: server.port }, v4)
      back.send(v4.connect({ clientId: 'queue-3', clean: false }))
      await back.expect('connack', { sessionPresent: true })
      await back.expect('publish', { topic: 'q/3/x', qos: 1 })
      back.destroy()
    }
    await server.end(end)
  }
  await using last = await Server.start(store, environment)
  t.diagnostic(`ready after kill ${(last.startup / 1_000).toFixed(1)} s`)
  assert.deepEqual(over, [])

  function report(what: string, times: readonly number[]): void {
    const at = (share: number) => times[Math.floor((times.length - 1) * share)].toFixed(1)
    t.diagnostic(`${what}: canary ${times.length} times, p50 ${at(0.5)} p99 ${at(0.99)} most ${at(1)} ms`)
    assert.ok(times.length > 0)
  }
})

import assert from 'node:assert/strict'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join as path } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../fuzz/random.ts'
import { decode } from '../../kit/decode.ts'
import { v4 } from '../../kit/packets.ts'
import type { WireClient } from '../../kit/wire-client.ts'
import { Folder } from '../cli-kit.ts'
import { BrokerProcess } from './broker-process.ts'
import { readPayload } from './payload.ts'
import { type Luck, leave, lucks } from './power-cut.ts'
import { tracing, untraceable } from './strace.ts'
import { join, keptAfter, operations, packetsOf, sentAfter, type TracedPacket, work } from './torn-load.ts'
import { readTrace, type TraceEvent } from './trace.ts'

const skip = untraceable
const seed = Number(process.env.PETALTAIL_CRASH_SEED ?? 20_261_121)
const images = Number(process.env.PETALTAIL_CRASH_IMAGES ?? 20)

/** Milliseconds after which what has not come will not come. */
const patience = 5_000
const Puback = 4
const Pubrec = 5

/** What the trace says of the load. */
interface Story {
  readonly events: readonly TraceEvent[]
  /** PUBACK and PUBREC to the publisher, in order. */
  readonly acknowledged: readonly TracedPacket[]
  /** The numbers the present subscriber acknowledged. */
  readonly settled: readonly { readonly line: number; readonly number: number }[]
}

interface PowerCut {
  readonly line: number
  readonly luck: Luck
}

async function record(folder: string): Promise<Story> {
  const [store, file] = [path(folder, 'store'), path(folder, 'trace')]
  const broker = await BrokerProcess.start({ store, under: tracing(file) })
  try {
    await work(broker)
  } finally {
    await broker.end('SIGTERM')
  }
  const events = await readTrace(file, store)
  const acknowledged = packetsOf(events, 'sent', 'writer').filter(({ bytes }) =>
    [Puback, Pubrec].includes(typeOf(bytes)),
  )
  const numbers = new Map<number, number>()
  for (const { bytes } of packetsOf(events, 'sent', 'present')) {
    const packet = decode(4, bytes)
    if (packet.type === 'publish') numbers.set(packet.id, readPayload(packet.payload)?.number ?? 0)
  }
  const settled = packetsOf(events, 'received', 'present')
    .filter(({ bytes }) => typeOf(bytes) === Puback)
    .map(({ line, bytes }) => ({ line, number: numbers.get(bytes.readUInt16BE(2)) ?? 0 }))
  return { events, acknowledged, settled }
}

/** Right after an acknowledgement began to leave, or anywhere. */
function cutsOf({ events, acknowledged }: Story, random: Random): readonly PowerCut[] {
  const first = acknowledged[0]?.line ?? 0
  const last = events.at(-1)?.begun ?? 0
  return Array.from({ length: images }, (_, index) => {
    const answer = acknowledged[random.below(acknowledged.length)]?.line ?? 0
    const line = index % 2 === 0 ? answer + 1 : first + 1 + random.below(last - first)
    return { line, luck: lucks[index % lucks.length] ?? 'nothing' }
  })
}

/** Everything the session is sent: at least what it must have, if that comes, and then until no more comes. */
async function takeAll(client: WireClient, needed: readonly number[]): Promise<readonly number[]> {
  const numbers: number[] = []
  const held = new Set<number>()
  const end = Date.now() + patience
  for (let quiet = false; !quiet && Date.now() < end; ) {
    const packets = await client.drain()
    for (const packet of packets) {
      if (packet.type === 'pubrel') client.send(v4.pubcomp(packet.id))
      if (packet.type === 'pubrel') held.delete(packet.id)
      if (packet.type !== 'publish') continue
      numbers.push(readPayload(packet.payload)?.number ?? assert.fail('a payload nobody sent'))
      client.send(packet.qos === 2 ? v4.pubrec(packet.id) : v4.puback(packet.id))
      if (packet.qos === 2) held.add(packet.id)
    }
    quiet = packets.length === 0 && held.size === 0 && needed.every((number) => numbers.includes(number))
  }
  return numbers
}

/** The store has all operations up to one of them, at least to the last acknowledged, and none of those after it. */
async function checkImage(store: string, story: Story, { line }: PowerCut): Promise<void> {
  const acknowledged = story.acknowledged
    .filter((packet) => packet.line < line)
    .map(({ bytes }) => bytes.readUInt16BE(2))
  const least = Math.max(0, ...acknowledged)
  await using broker = await BrokerProcess.start({ store, environment: { LMDB_RESTORE: 'safe' } })
  const absent = await join(broker, 'absent')
  const numbers = [...(await takeAll(absent, sentAfter(least)))].sort((one, other) => one - other)
  const settled = new Set(story.settled.filter((one) => one.line < line).map(({ number }) => number))
  const present = await join(broker, 'present')
  await takeAll(
    present,
    sentAfter(least).filter((number) => !settled.has(number)),
  )
  const kept = await keptIn(absent)
  const possible = Array.from({ length: operations - least + 1 }, (_, index) => least + index)
  const fitting = possible.filter(
    (count) => same(numbers, sentAfter(count)) && same([...kept], [...keptAfter(count)].sort()),
  )
  assert.ok(
    fitting.length > 0,
    `not a state after ${least} operations or more: ${numbers.join()}; ${[...kept].join(' ')}`,
  )
  const { stderr } = await broker.end('SIGTERM')
  assert.doesNotMatch(stderr, /damage|corrupt|moved aside|cannot be read/i)
  assert.deepEqual(
    (await readdir(store)).filter((name) => /damage/.test(name)),
    [],
  )
}

async function keptIn(client: WireClient): Promise<readonly (readonly [string, string])[]> {
  await client.subscribe('keep/#')
  const packets = (await client.drain()).filter((packet) => packet.type === 'publish')
  return packets.map(({ topic, payload }) => [topic, payload.toString()] as const).sort()
}

function typeOf(packet: Buffer): number {
  return packet.readUInt8() >> 4
}

function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

test(`whatever of the unsynced writes a power cut leaves, the store opens and has all that was acknowledged (${images} times)`, {
  skip,
}, async (t) => {
  await using folder = await Folder.open()
  const home = await realpath(folder.path)
  const story = await record(home)
  assert.equal(story.acknowledged.length, operations)
  await leave(story.events, Number.POSITIVE_INFINITY, 'everything', new Random(seed), path(home, 'all'))
  const [left, all] = await Promise.all(['store', 'all'].map((name) => readFile(path(home, name, 'data.mdb'))))
  assert.ok(left?.equals(all ?? Buffer.alloc(0)), 'the trace does not tell of all that was written')
  const random = new Random(seed)
  for (const [index, cut] of cutsOf(story, random).entries()) {
    await t.test(`${cut.luck} of them, at line ${cut.line}`, async () => {
      const store = path(home, `image${index}`)
      await leave(story.events, cut.line, cut.luck, random, store)
      await checkImage(store, story, cut)
    })
  }
})

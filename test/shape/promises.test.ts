import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { test } from 'node:test'
import { type Packets, v4, v5 } from '../kit/packets.ts'
import { Bench, type BenchClient, turn } from '../unit/engine/kit.ts'

const publishers = 20
const each = 10
const subscribers = 30

/** Clients in place, and the bytes with which each publisher says `each` messages at a QoS. */
async function stage(bench: Bench, packets: Packets, qos: 0 | 1 | 2) {
  const readers: BenchClient[] = []
  for (let index = 0; index < subscribers; index++)
    readers.push(await (await bench.connect(packets)).subscribe('t/#', qos))
  const writers: BenchClient[] = []
  for (let index = 0; index < publishers; index++) writers.push(await bench.connect(packets))
  const bursts = writers.map((_, index) => {
    const ids = Array.from({ length: each }, (_, id) => id + 1)
    return Buffer.concat(
      ids.map((id) => packets.publish({ topic: `t/${index}`, qos, id: qos > 0 ? id : null, payload: 'x' })),
    )
  })
  return { readers, writers, bursts }
}

for (const packets of [v4, v5]) {
  for (const qos of [0, 1, 2] as const) {
    test(`delivering at QoS ${qos} makes no promise in MQTT ${packets.version}`, async () => {
      using bench = new Bench()
      const { readers, writers, bursts } = await stage(bench, packets, qos)
      const promises = await promisesOf(() => {
        for (const [index, writer] of writers.entries()) writer.send(bursts[index] ?? Buffer.alloc(0))
      })
      for (const reader of readers) assert.equal(reader.published().length, publishers * each)
      assert.equal(promises, 0)
    })

    test(`a turn writes once to each client at QoS ${qos} in MQTT ${packets.version}`, async () => {
      using bench = new Bench()
      const { readers, writers, bursts } = await stage(bench, packets, qos)
      const before = [...readers, ...writers].map(({ wire }) => wire.writes.length)
      for (const [index, writer] of writers.entries()) writer.send(bursts[index] ?? Buffer.alloc(0))
      assert.deepEqual(
        [...readers, ...writers].map(({ wire }) => wire.writes.length),
        before,
        'nothing is written before the end of the turn',
      )
      await turn()
      const writes = [...readers, ...writers].map(({ wire }, index) => wire.writes.length - (before[index] ?? 0))
      const answered = qos === 0 ? 0 : 1
      assert.deepEqual(writes, [...readers.map(() => 1), ...writers.map(() => answered)])
    })
  }
}

test('acknowledgements and the messages they let go leave in one write', async () => {
  using bench = new Bench({ maximumInflight: 5 })
  const reader = await (await bench.connect(v4)).subscribe('t', 1)
  const writer = await bench.connect(v4)
  for (let id = 1; id <= 10; id++) writer.send(v4.publish({ topic: 't', qos: 1, id, payload: 'x' }))
  await turn()
  const first = reader.published()
  assert.equal(first.length, 5)
  const before = reader.wire.writes.length
  reader.send(...first.map(({ id }) => v4.puback(id)), v4.publish({ topic: 'elsewhere', qos: 1, id: 9, payload: 'y' }))
  await turn()
  assert.equal(reader.wire.writes.length, before + 1)
  assert.deepEqual(
    reader
      .take()
      .map(({ type }) => type)
      .sort(),
    ['puback', ...Array.from({ length: 5 }, () => 'publish')],
  )
})

/** How many promises our code makes until the end of the turn that `act` begins. */
async function promisesOf(act: () => void): Promise<number> {
  let count = 0
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE' && isOurs(new Error().stack)) count++
    },
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  // Immediates run in the order they were asked for: the broker's flush is between these two.
  setImmediate(() => hook.enable())
  hook.enable()
  act()
  hook.disable()
  setImmediate(() => {
    hook.disable()
    resolve()
  })
  await promise
  return count
}

/** The test runner makes promises of its own meanwhile: no file is in their stack but that of the hook. */
function isOurs(stack: string | undefined): boolean {
  return (stack?.match(/file:\/\//g)?.length ?? 0) > 1
}

test('the count of promises counts', async () => {
  assert.equal(await promisesOf(() => void Promise.resolve().then(() => {})), 2)
  assert.equal(await promisesOf(() => void setImmediate(() => void Promise.resolve())), 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turn } from '../../../src/base/turn.ts'
import type { StoreWatcher } from '../../../src/engine/store-ports.ts'
import { numberKey } from '../../../src/store/keys.ts'
import { MemoryTables } from '../../../src/store/memory-tables.ts'
import { Pipeline } from '../../../src/store/pipeline.ts'
import { Table } from '../../../src/store/records.ts'
import type { Applied, Entry, Tables } from '../../../src/store/tables.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { FaultyTables } from '../../kit/faulty-tables.ts'
import { until } from './kit.ts'

class Bench implements Disposable {
  readonly told: string[] = []
  readonly tables: FaultyTables
  readonly pipeline: Pipeline

  constructor(inner: Tables = new MemoryTables(), gap = 0) {
    this.tables = new FaultyTables(inner)
    this.pipeline = pipelineOn(this.tables, this.told, gap)
  }

  /** Whatever is tried again succeeds, so that nothing is left to do. */
  [Symbol.dispose](): void {
    this.tables.heal()
    this.tables.go()
  }

  stage(number: number, size = 1): void {
    this.pipeline.batch.put(Table.Received, numberKey(number), Buffer.alloc(size))
    this.pipeline.changed()
  }

  has(number: number): boolean {
    return this.tables.get(Table.Received, numberKey(number)) !== null
  }
}

function pipelineOn(tables: Tables, told: string[], gap: number, worthWaiting = () => false): Pipeline {
  const turn = new Turn((error) => told.push(`error ${String(error)}`))
  const pipeline = new Pipeline(
    { tables, clock: new FakeClock(), turn, gap },
    {
      held: () => 0,
      complete: () => told.push('complete'),
      applied: (position) => told.push(`applied ${position}`),
      worthWaiting,
    },
  )
  const watcher: StoreWatcher = {
    committed: (position) => told.push(`committed ${position}`),
    synced: (position) => told.push(`synced ${position}`),
    condition: (condition, why) => told.push(`${condition} ${why}`.trim()),
  }
  pipeline.watcher = watcher
  return pipeline
}

test('what is staged in one turn is one batch, and what comes while it is on its way is the next', async () => {
  using bench = new Bench()
  bench.tables.hang()
  bench.stage(1)
  bench.stage(2)
  await until(() => bench.tables.attempts === 1)
  bench.stage(3)
  bench.stage(4)
  bench.tables.go()
  await until(() => bench.told.includes('committed 2'))
  assert.equal(bench.tables.attempts, 2)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((number) => bench.has(number)),
    [true, true, true, true, false],
  )
  assert.deepEqual(
    bench.told.filter((line) => line.startsWith('synced')),
    ['synced 1', 'synced 2'],
  )
})

test('a batch that fails is tried again as it was, before anything that was staged later', async () => {
  using bench = new Bench()
  bench.tables.fail('ENOSPC', 1)
  bench.stage(1)
  await until(() => bench.pipeline.condition === 'failing')
  bench.stage(2)
  await until(() => bench.told.includes('committed 2'))
  assert.deepEqual(
    bench.told.filter((line) => !line.startsWith('synced') && !line.startsWith('applied')),
    ['complete', 'failing ENOSPC: the disk does not take it', 'committed 1', 'ok', 'complete', 'committed 2'],
  )
  assert.deepEqual(
    bench.tables.batches.map((batch) => batch.readDoubleBE(0)),
    [1, 2],
  )
})

test('the watcher is told when more is staged than should be, and when that is over', async () => {
  using bench = new Bench()
  bench.tables.hang()
  bench.stage(1)
  await until(() => bench.tables.attempts === 1)
  for (let number = 2; number < 40; number++) bench.stage(number, 1_048_576)
  assert.equal(bench.pipeline.condition, 'behind')
  bench.tables.go()
  await until(() => bench.told.includes('committed 2'))
  assert.equal(bench.pipeline.condition, 'ok')
})

test('nothing more is to be staged when very much is, until the disk has it; draining waits for that', async () => {
  using bench = new Bench()
  bench.tables.hang()
  bench.stage(1)
  await until(() => bench.tables.attempts === 1)
  for (let number = 2; number < 64; number++) bench.stage(number, 1_048_576)
  assert.equal(bench.pipeline.condition, 'behind')
  for (let number = 64; number < 68; number++) bench.stage(number, 1_048_576)
  assert.equal(bench.pipeline.condition, 'failing')
  const drained = bench.pipeline.drain()
  bench.tables.go()
  await drained
  assert.equal(bench.pipeline.condition, 'ok')
  assert.ok(bench.has(67))
})

test('draining ends when everything staged is safe, that which is staged meanwhile too', async () => {
  using bench = new Bench()
  bench.tables.slow(20)
  bench.stage(1)
  await until(() => bench.tables.attempts === 1)
  bench.stage(2)
  await bench.pipeline.drain()
  assert.ok(bench.has(1) && bench.has(2))
  await bench.pipeline.drain()
})

test('draining begins at once although the next commit is not due yet', async () => {
  using bench = new Bench(new MemoryTables(), 100_000)
  bench.stage(1)
  await bench.pipeline.drain()
  assert.ok(bench.has(1))
  bench.stage(2)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(bench.tables.attempts, 1)
  await bench.pipeline.drain()
  assert.ok(bench.has(2))
})

test('draining while nothing can be made safe says so, and nothing is tried any more', async () => {
  using bench = new Bench()
  bench.tables.fail('ENOSPC')
  bench.stage(1)
  await until(() => bench.pipeline.condition === 'failing')
  await assert.rejects(bench.pipeline.drain())
  const { attempts } = bench.tables
  await new Promise((resolve) => setTimeout(resolve, 700))
  assert.equal(bench.tables.attempts, attempts)
})

test('draining what cannot be made safe says so, too, when that shows only then', async () => {
  for (const more of [false, true]) {
    using bench = new Bench()
    bench.tables.fail('ENOSPC')
    bench.tables.hang()
    bench.stage(1)
    await until(() => bench.tables.attempts === 1)
    if (more) bench.stage(2)
    const drained = bench.pipeline.drain()
    bench.tables.go()
    await assert.rejects(drained, `more: ${more}`)
    const { attempts } = bench.tables
    await new Promise((resolve) => setTimeout(resolve, 700))
    assert.equal(bench.tables.attempts, attempts, 'it is tried again after the end')
  }
})

/** Tables that take everything, and find later that it did not get to the disk. */
class UnsyncedTables implements Tables {
  readonly retained = null
  /** It gets there after all. */
  healed = false
  readonly #tables = new MemoryTables()

  last(): { readonly position: number; readonly wall: number } {
    return this.#tables.last()
  }

  apply(batch: Buffer): Applied {
    const { committed } = this.#tables.apply(batch)
    const synced = new Promise<void>((resolve, reject) =>
      setTimeout(() => (this.healed ? resolve() : reject(new Error('EIO: not synced'))), 5),
    )
    synced.catch(() => {})
    return { committed, synced }
  }

  get(table: Table, key: Buffer): Buffer | null {
    return this.#tables.get(table, key)
  }

  getAll(table: Table, key: Buffer): readonly Buffer[] {
    return this.#tables.getAll(table, key)
  }

  scan(table: Table, from: Buffer, after: boolean, count: number): readonly Entry[] {
    return this.#tables.scan(table, from, after, count)
  }

  async close(): Promise<void> {}
}

test('a batch that was committed but could not be synced is not passed over in silence', async () => {
  const told: string[] = []
  const tables = new UnsyncedTables()
  const pipeline = pipelineOn(tables, told, 0)
  pipeline.batch.put(Table.Received, numberKey(1), Buffer.alloc(1))
  pipeline.changed()
  await until(() => told.includes('committed 1'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(!told.includes('synced 1'))
  assert.ok(
    told.some((line) => line.startsWith('failing')),
    'those who wait for the disk wait for ever, and nobody is told why',
  )
  tables.healed = true
  await until(() => told.at(-1) === 'ok')
  assert.ok(told.some((line) => line.startsWith('synced')))
})

/** Tables that take everything at once, and sync it when the test says so. */
class SlowSyncTables extends UnsyncedTables {
  readonly syncs: PromiseWithResolvers<void>[] = []

  override apply(batch: Buffer): Applied {
    const { committed } = super.apply(batch)
    const sync = Promise.withResolvers<void>()
    this.syncs.push(sync)
    return { committed, synced: sync.promise }
  }
}

test('a sync that ends after a later one changes nothing, even when it failed', async () => {
  const told: string[] = []
  const tables = new SlowSyncTables()
  const pipeline = pipelineOn(tables, told, 0)
  for (const number of [1, 2, 3]) {
    pipeline.batch.put(Table.Received, numberKey(number), Buffer.alloc(1))
    pipeline.changed()
    await until(() => tables.syncs.length === number)
  }
  tables.syncs[2].resolve()
  await until(() => told.includes('synced 3'))
  tables.syncs[0].resolve()
  tables.syncs[1].reject(new Error('EIO: not synced'))
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(
    told.filter((line) => line.startsWith('synced') || line.startsWith('failing')),
    ['synced 3'],
  )
})

test('draining waits for the sync of what was committed before', async () => {
  const told: string[] = []
  const tables = new SlowSyncTables()
  const pipeline = pipelineOn(tables, told, 0)
  pipeline.batch.put(Table.Received, numberKey(1), Buffer.alloc(1))
  pipeline.changed()
  await until(() => told.includes('committed 1'))
  let drained = false
  const draining = pipeline.drain().then(() => (drained = true))
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(drained, false)
  tables.syncs[0].resolve()
  await draining
})

test('a batch that is worth waiting for leaves when it is not any more, and soon in any case', async () => {
  const told: string[] = []
  let looks = 3
  const tables = new UnsyncedTables()
  tables.healed = true
  const pipeline = pipelineOn(tables, told, 0, () => looks-- > 0)
  let number = 0
  const commit = async () => {
    const position = ++number
    pipeline.batch.put(Table.Received, numberKey(position), Buffer.alloc(1))
    pipeline.changed()
    await until(() => told.includes(`committed ${position}`))
  }
  // One that comes long after the one before does not wait.
  while (looks >= 0) await commit()
  looks = Number.POSITIVE_INFINITY
  for (let each = 0; each < 3; each++) await commit()
  await pipeline.drain()
  assert.ok(told.includes(`synced ${number}`))
})

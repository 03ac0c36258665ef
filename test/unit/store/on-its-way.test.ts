import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBatch } from '../../../src/store/batch.ts'
import { openBlock } from '../../../src/store/block.ts'
import { MemoryTables } from '../../../src/store/memory-tables.ts'
import { Table } from '../../../src/store/records.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { type Ground, StoreBench } from '../../contract/store-kit.ts'
import { FaultyTables } from '../../kit/faulty-tables.ts'
import { until } from './kit.ts'

class Faulty implements Ground {
  readonly tables = new FaultyTables(new MemoryTables())

  async open(): Promise<Tables> {
    return this.tables
  }

  [Symbol.dispose](): void {
    this.tables.go()
  }
}

test('what is sealed into the next batch can be read, and settled, while and after the one before gets there', async () => {
  const ground = new Faulty()
  const { tables } = ground
  await using bench = await StoreBench.fresh(ground)
  tables.hang()
  const first = bench.append(bench.message('a', 'first'), 1)
  await until(() => tables.attempts === 1)
  // Several blocks, that grow until their batch leaves.
  const sizes = [70_000, 80_000, 90_000, 10]
  const sequences = sizes.map((size) => bench.append(bench.message('b', 'x'.repeat(size)), 1))
  const lengths = () => sequences.map((sequence) => bench.payload(sequence)?.length)
  assert.deepEqual(lengths(), sizes)
  tables.go()
  tables.hang()
  await until(() => tables.batches.length === 1)
  assert.equal(bench.payload(first), 'first')
  assert.deepEqual(lengths(), sizes)
  await until(() => tables.attempts === 2)
  assert.deepEqual(lengths(), sizes)
  bench.store.settle(sequences[1])
  tables.go()
  await bench.safe()
  const { deliveries } = await bench.reopen()
  assert.deepEqual(
    deliveries.map(({ sequence }) => sequence),
    [first, sequences[0], sequences[2], sequences[3]],
  )
})

test('what everybody has acknowledged before its batch leaves is not written', async () => {
  const ground = new Faulty()
  const { tables } = ground
  await using bench = await StoreBench.fresh(ground)
  tables.hang()
  bench.append(bench.message('a', 'first'), 1)
  await until(() => tables.attempts === 1)
  const sequences = Array.from({ length: 2_000 }, (_, index) =>
    bench.append(bench.message('b', `${index}`.padEnd(100)), 1),
  )
  for (const [index, sequence] of sequences.entries()) if (index % 700 !== 0) bench.store.settle(sequence)
  tables.go()
  await bench.safe()
  let messages = 0
  readBatch(tables.batches[1], {
    put: (table, _, value) => {
      if (table === Table.Blocks) messages += openBlock(value).offsets.length
    },
    drop: () => assert.fail('something is removed that was never written'),
  })
  assert.equal(messages, 3)
  const { deliveries } = await bench.reopen()
  assert.deepEqual(
    deliveries.slice(1).map(({ sequence }) => sequence),
    [sequences[0], sequences[700], sequences[1_400]],
  )
})

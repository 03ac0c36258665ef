import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, cpSync, openSync, readFileSync, writeSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Acknowledgements } from '../../../src/store/acknowledgements.ts'
import { type Audit, audit } from '../../../src/store/audit.ts'
import { Batch } from '../../../src/store/batch.ts'
import { retainedKey } from '../../../src/store/keys.ts'
import { LmdbTables } from '../../../src/store/lmdb-tables.ts'
import { Step, Table } from '../../../src/store/records.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { isRight } from '../../../src/store/verify.ts'
import { Random } from '../../fuzz/random.ts'
import { contentsOf, fillTables, StoreFolder } from './filled-store.ts'

const seed = Number(process.env.PETALTAIL_FLIPS_SEED ?? 20_261_121)
const flips = Number(process.env.PETALTAIL_FLIPS ?? 2_500)
const pageSize = 4_096
/** One of so many flips that nobody noticed is taken to LMDB, and one of so many others is recovered from. */
const taken = 15
const recovered = 40

/** A store with everything in it, also free pages, blocks with many acknowledgements, and a few, and cut values. */
const original = new StoreFolder()
const folder = new StoreFolder()
let bytes: Buffer
let state: State

before(async () => {
  const { tables } = await original.open()
  await fillTables(tables, { sessions: 60, blocks: 12, retained: 80 })
  for (let round = 0; round < 60; round++) await apply(tables, (batch) => change(batch, round))
  await tables.close()
  bytes = readFileSync(original.data)
  cpSync(original.data, folder.data)
  state = stateOf(folder)
  assert.deepEqual(state.findings, [])
})
after(() => {
  original[Symbol.dispose]()
  folder[Symbol.dispose]()
})

function change(batch: Batch, round: number): void {
  const acknowledgements = new Acknowledgements()
  for (let place = 0; place < 40; place++) acknowledgements.add(5, round * 40 + place, Step.Sent, place + 1)
  acknowledgements.add(6, round, Step.Settled, 0)
  acknowledgements.complete(batch)
  if (round < 40) batch.drop(Table.Retained, retainedKey(`r/${round % 7}/${round}`))
}

async function apply(tables: Tables, put: (batch: Batch) => void): Promise<void> {
  const batch = new Batch()
  put(batch)
  await tables.apply(batch.seal(tables.last().position + 1, 1_700_000_000_000)).synced
}

interface State {
  readonly findings: Audit['findings']
  /** Of all that a start would read. */
  readonly hash: string
}

function stateOf({ data }: StoreFolder): State {
  const hash = createHash('sha1')
  const { findings } = audit(data, isRight, (table, key, value) => {
    hash.update(`${table} ${key.length} ${value.length} `).update(key).update(value)
  })
  return { findings, hash: hash.digest('hex') }
}

/** What LMDB makes of the file: reads all of it, and changes something on every page. */
async function takeToLmdb(): Promise<void> {
  using copy = new StoreFolder()
  cpSync(folder.data, copy.data)
  const tables = new LmdbTables(copy.data, { early: false })
  try {
    const contents = contentsOf(tables)
    assert.deepEqual(contents, await contentsOfOriginal())
    await apply(tables, (batch) => {
      for (const table of [Table.Sessions, Table.Subscriptions, Table.Retained, Table.Blocks, Table.Received])
        for (const [index, { key }] of tables.scan(table, Buffer.alloc(0), false, 1_000).entries())
          if (index % 3 === 0) batch.drop(table, key)
    })
    for (let round = 60; round < 63; round++) await apply(tables, (batch) => change(batch, round))
  } finally {
    await tables.close()
  }
  assert.deepEqual(stateOf(copy).findings, [])
}

/** What a start makes of the file: it says what it found, and what it keeps was there before. */
async function recoverFrom(where: string): Promise<void> {
  using copy = new StoreFolder()
  cpSync(folder.data, copy.data)
  const { tables, report } = await copy.open()
  const kept = contentsOf(tables)
  await tables.close()
  assert.ok(report !== null && report.findings.length > 0, where)
  const before = await contentsOfOriginal()
  for (const [name, rows] of Object.entries(kept)) {
    const known = new Set(before[name])
    assert.ok(name === 'meta' || rows.every((row) => known.has(row)), `${where}: ${name}`)
  }
  assert.deepEqual(stateOf(copy).findings, [], where)
}

let known: ReturnType<typeof contentsOf> | null = null

async function contentsOfOriginal(): Promise<ReturnType<typeof contentsOf>> {
  if (known !== null) return known
  using copy = new StoreFolder()
  cpSync(original.data, copy.data)
  const tables = new LmdbTables(copy.data, { early: false })
  known = contentsOf(tables)
  await tables.close()
  return known
}

/** A place in the file, often one where LMDB notes something. */
function placeOf(random: Random, round: number): number {
  const page = round % (bytes.length / pageSize)
  const reach = page < 2 ? 192 : [24, 200, pageSize][round % 3]
  return page * pageSize + random.below(reach)
}

test('a bit that is not what it was is noticed, wherever it is, and recovered from, or makes no difference', async () => {
  const random = new Random(seed)
  const file = openSync(folder.data, 'r+')
  let noticed = 0
  let harmless = 0
  try {
    for (let round = 0; round < flips; round++) {
      const at = placeOf(random, round)
      const bit = random.below(8)
      const where = `page ${Math.floor(at / pageSize)}, byte ${at % pageSize}, bit ${bit}`
      writeSync(file, Buffer.from([bytes[at] ^ (1 << bit)]), 0, 1, at)
      const after = stateOf(folder)
      if (after.findings.length > 0) {
        if (noticed++ % recovered === 0) await recoverFrom(where)
      } else {
        assert.equal(after.hash, state.hash, where)
        if (harmless++ % taken === 0) await takeToLmdb()
      }
      writeSync(file, bytes, at, 1, at)
    }
  } finally {
    closeSync(file)
  }
  assert.deepEqual(stateOf(folder), state)
  assert.ok(noticed > flips / 3, `${noticed} of ${flips} were noticed`)
})

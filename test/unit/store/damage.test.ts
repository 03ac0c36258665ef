import assert from 'node:assert/strict'
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../../src/store/audit.ts'
import type { DamageReport } from '../../../src/store/open-store.ts'
import { Random } from '../../fuzz/random.ts'
import { type Contents, contentsOf, counts, fill, StoreFolder } from './filled-store.ts'

const seed = Number(process.env.PETALTAIL_DAMAGE_SEED ?? 20_261_121)
const rounds = Number(process.env.PETALTAIL_DAMAGE_ROUNDS ?? 12)
const pageSize = 4_096

/** A store with something in it, of which each test gets a copy. */
const original = new StoreFolder()
let contents: Contents
let position: number
let pages: number

before(async () => {
  contents = await fill(original)
  const { tables } = await original.open()
  position = tables.last().position
  await tables.close()
  pages = audit(original.data).pages
})
after(() => original[Symbol.dispose]())

class Copy extends StoreFolder {
  constructor() {
    super()
    cpSync(original.data, this.data)
  }

  overwrite(offset: number, bytes: Buffer): void {
    const descriptor = openSync(this.data, 'r+')
    writeSync(descriptor, bytes, 0, bytes.length, offset)
    closeSync(descriptor)
  }
}

/**
 * Opens a damaged store. What is in it then must have been in it before, what is not must be reported, and the next start
 * must find nothing to complain of.
 */
async function openDamaged(copy: Copy): Promise<{ report: DamageReport; kept: Contents }> {
  const damaged = readFileSync(copy.data)
  const { tables, report } = await copy.open()
  assert.ok(report !== null, 'the damage was found')
  const kept = contentsOf(tables)
  for (const [name, rows] of Object.entries(kept)) {
    if (name === 'meta') continue
    const before = new Set(contents[name])
    for (const row of rows) assert.ok(before.has(row), `${name} has a row that was there`)
    assert.equal(report.kept[name], rows.length, `${name}: what was kept is counted`)
    const lost: number | null = report.lost[name]
    if (lost !== null) assert.equal(lost, contents[name].length - rows.length, `${name}: what was lost is counted`)
  }
  await tables.close()
  assert.ok(
    readFileSync(join(report.movedTo, basename(copy.data))).equals(damaged),
    'the damaged file is kept as it was',
  )
  assert.deepEqual(audit(copy.data).findings, [])
  const again = await copy.open()
  assert.equal(again.report, null)
  assert.deepEqual(counts(contentsOf(again.tables)), counts(kept))
  await again.tables.close()
  return { report, kept }
}

function lostInAll(kept: Contents): number {
  let lost = 0
  for (const [name, rows] of Object.entries(contents)) if (name !== 'meta') lost += rows.length - kept[name].length
  return lost
}

test('a store is looked at, and opened as it is when nothing is wrong', async () => {
  using copy = new Copy()
  const { tables, report } = await copy.open()
  assert.equal(report, null)
  assert.deepEqual({ ...contentsOf(tables), meta: [] }, { ...contents, meta: [] })
  await tables.close()
  assert.deepEqual(readdirSync(copy.path).sort(), ['data.mdb', 'data.mdb-lock'])
})

describe('random bytes', () => {
  for (let round = 0; round < rounds; round++) {
    test(`over some pages, ${round}`, async (context) => {
      using copy = new Copy()
      const random = new Random(seed + round)
      const hit = 1 + random.below(8)
      for (let page = 0; page < hit; page++) copy.overwrite(random.below(pages) * pageSize, random.bytes(pageSize))
      const { findings } = audit(copy.data)
      if (findings.length === 0) return context.skip('only pages nobody uses were hit')
      const { kept } = await openDamaged(copy)
      assert.ok(lostInAll(kept) <= 60 * hit, `${lostInAll(kept)} entries were lost`)
    })
  }
})

describe('a file that is', () => {
  const spoil: Record<string, (copy: Copy) => void> = {
    'cut off in the middle': (copy) => truncateSync(copy.data, Math.floor(pages / 2) * pageSize + 100),
    'cut off near its end': (copy) => truncateSync(copy.data, Math.floor(pages * 0.9) * pageSize),
    'no more than its head': (copy) => truncateSync(copy.data, 2 * pageSize),
    'no more than a few bytes': (copy) => truncateSync(copy.data, 100),
    empty: (copy) => truncateSync(copy.data, 0),
    garbage: (copy) => writeFileSync(copy.data, new Random(seed).bytes(100_000)),
    'something else': (copy) => writeFileSync(copy.data, 'listeners:\n  - mqtt://127.0.0.1\n'),
    'zeros in its second half': (copy) =>
      copy.overwrite(Math.floor(pages / 2) * pageSize, Buffer.alloc(Math.ceil(pages / 2) * pageSize)),
  }
  for (const [what, change] of Object.entries(spoil)) {
    test(`${what} is moved aside`, async () => {
      using copy = new Copy()
      change(copy)
      const { report } = await openDamaged(copy)
      assert.ok(report.findings.length > 0)
    })
  }

  test('cut off after an orderly end is found out, too', async () => {
    using copy = new StoreFolder()
    await fill(copy, { sessions: 50, blocks: 10, retained: 10 })
    truncateSync(copy.data, 20 * pageSize)
    const { tables, report } = await copy.open()
    await tables.close()
    assert.ok(report !== null)
  })

  test('a folder is moved aside, and the store is empty', async () => {
    using copy = new StoreFolder()
    mkdirSync(copy.data)
    writeFileSync(join(copy.data, 'precious'), 'something')
    const { tables, report } = await copy.open()
    await tables.close()
    assert.ok(report !== null)
    assert.deepEqual(report.findings, ['it is not a file'])
    assert.equal(readFileSync(join(report.movedTo, 'data.mdb', 'precious'), 'utf8'), 'something')
  })
})

test('a broken head costs nothing: the tables are found without it', async () => {
  using copy = new Copy()
  copy.overwrite(0, new Random(seed).bytes(2 * pageSize))
  const { report, kept } = await openDamaged(copy)
  assert.deepEqual(counts({ ...kept, meta: [] }), counts({ ...contents, meta: [] }))
  assert.deepEqual(report.findings, ['head of the file: it is broken'])
})

test('one of two heads is enough', async () => {
  for (const page of [0, 1]) {
    using copy = new Copy()
    copy.overwrite(page * pageSize, Buffer.alloc(pageSize))
    const { kept } = await openDamaged(copy)
    assert.ok(lostInAll(kept) <= 41, 'no more than the last batch')
  }
})

test('a bit that is not what it was in a message is found, and no other message is lost', async () => {
  using copy = new Copy()
  const at = readFileSync(copy.data).indexOf('block 33,block 33')
  copy.overwrite(at + 9, Buffer.from('B'))
  const { report, kept } = await openDamaged(copy)
  assert.deepEqual(report.findings, ['blocks: the entry 000000000021 is not as it was written'])
  assert.equal(report.lost.blocks, 1)
  // The acknowledgement of the block is of no use without it.
  assert.equal(lostInAll(kept), 2)
})

test('who lost something is named', async () => {
  using copy = new Copy()
  const bytes = readFileSync(copy.data)
  copy.overwrite(bytes.lastIndexOf('a/77/#'), Buffer.from('a/78/#'))
  copy.overwrite(bytes.lastIndexOf('client-123') - 2, Buffer.from([0xff]))
  const { report } = await openDamaged(copy)
  assert.deepEqual([...report.clients].sort(), ['client-123', 'client-77'])
  assert.equal(report.lost.sessions, 1)
  assert.equal(report.lost.subscriptions, 1)
  const written: unknown = JSON.parse(readFileSync(join(report.movedTo, 'report.json'), 'utf8'))
  assert.deepEqual(written, report)
})

test('a store that lost its position goes on behind every one it can have had', async () => {
  using copy = new Copy()
  const bytes = readFileSync(copy.data)
  for (let at = bytes.indexOf('position'); at >= 0; at = bytes.indexOf('position', at + 1))
    copy.overwrite(at, Buffer.from('pozition'))
  const { tables, report } = await copy.open()
  assert.deepEqual(report?.findings, ['meta: it does not tell the position'])
  assert.ok(tables.last().position >= position)
  await tables.close()
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Batch } from '../../src/store/batch.ts'
import { blockKey, numberKey, retainedKey, subscriptionKey } from '../../src/store/keys.ts'
import { openLmdbTables } from '../../src/store/lmdb-tables.ts'
import { MemoryTables } from '../../src/store/memory-tables.ts'
import { encodeLayout } from '../../src/store/meta.ts'
import { Table, tableNames } from '../../src/store/records.ts'
import type { Entry, Tables } from '../../src/store/tables.ts'

const start = Buffer.alloc(0)

/** Tables that are closed, and gone, when the scope ends. */
interface Opened extends AsyncDisposable {
  readonly tables: Tables
}

async function openLmdb(early: boolean): Promise<Opened> {
  const directory = mkdtempSync(join(tmpdir(), 'petaltail-tables-'))
  const tables = await openLmdbTables(directory, { early })
  const end = async (): Promise<void> => {
    await tables.close()
    rmSync(directory, { recursive: true })
  }
  return { tables, [Symbol.asyncDispose]: end }
}

async function openMemory(): Promise<Opened> {
  const tables = new MemoryTables()
  return { tables, [Symbol.asyncDispose]: () => tables.close() }
}

const kinds = {
  memory: openMemory,
  LMDB: () => openLmdb(false),
  'LMDB that tells of commits early': () => openLmdb(true),
}

/** Applies what `fill` puts into a batch, with the next position. */
async function change(tables: Tables, fill: (batch: Batch) => void): Promise<void> {
  const batch = new Batch()
  fill(batch)
  await tables.apply(batch.seal(tables.last().position + 1, 1_700_000_000_000)).synced
}

function dump(tables: Tables): Record<string, string[]> {
  const all: Record<string, string[]> = {}
  for (const [table, name] of tableNames.entries()) all[name] = everything(tables, tableOf(table)).map(line)
  return all
}

function everything(tables: Tables, table: Table): Entry[] {
  const found: Entry[] = []
  for (let from: Buffer = start; ; ) {
    const entries = tables.scan(table, from, found.length > 0, 3)
    if (entries.length === 0) return found
    found.push(...entries)
    from = entries[entries.length - 1].key
  }
}

function line({ key, value }: Entry): string {
  return `${key.toString('hex')} ${value.toString('hex')}`
}

function tableOf(number: number): Table {
  const table = Object.values(Table).find((candidate) => candidate === number)
  assert.ok(table !== undefined)
  return table
}

function texts(entries: readonly Entry[]): string[] {
  return entries.map(({ key, value }) => `${key.toString()}=${value.toString()}`)
}

/** Changes of all kinds, always the same for the same seed. */
function* changes(seed: number, count: number): Generator<(batch: Batch) => void> {
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
  const bytes = (length: number): Buffer => Buffer.alloc(length, random(256))
  for (let block = 1; block <= count; block++) {
    yield (batch) => {
      batch.put(Table.Blocks, blockKey(block), bytes(random(70_000)))
      for (let more = random(6); more > 0; more--) {
        const older = blockKey(1 + random(block))
        if (random(3) === 0) {
          batch.drop(Table.Acknowledgements, older)
          batch.drop(Table.Blocks, older)
        } else batch.put(Table.Acknowledgements, older, bytes(2 + random(1_900)))
      }
      batch.put(Table.Sessions, numberKey(random(50)), bytes(30))
      batch.drop(Table.Sessions, numberKey(random(50)))
      batch.put(Table.Subscriptions, subscriptionKey(random(50), 'a/'.repeat(1 + random(2_000))), bytes(9))
      batch.put(Table.Retained, retainedKey(`r/${random(99)}`), bytes(random(20_000)))
      batch.drop(Table.Retained, retainedKey(`r/${random(99)}`))
    }
  }
}

for (const [name, open] of Object.entries(kinds)) {
  describe(name, () => {
    test('a new store has position 0, the version of its layout and nothing else', async () => {
      await using opened = await open()
      assert.deepEqual(opened.tables.last(), { position: 0, wall: 0 })
      const { meta, ...others } = dump(opened.tables)
      assert.deepEqual(meta, [`${Buffer.from('layout').toString('hex')} ${encodeLayout(1).toString('hex')}`])
      for (const entries of Object.values(others)) assert.deepEqual(entries, [])
    })

    test('what a batch puts is there, what it drops is not, and the position is that of the batch', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => {
        batch.put(Table.Retained, Buffer.from('a'), Buffer.from('1'))
        batch.put(Table.Retained, Buffer.from('b'), Buffer.from('2'))
        batch.put(Table.Retained, Buffer.from('b'), Buffer.from('3'))
        batch.drop(Table.Retained, Buffer.from('a'))
        batch.drop(Table.Retained, Buffer.from('never there'))
        batch.put(Table.Received, Buffer.from('a'), Buffer.alloc(0))
      })
      assert.equal(tables.get(Table.Retained, Buffer.from('a')), null)
      assert.equal(tables.get(Table.Retained, Buffer.from('b'))?.toString(), '3')
      assert.equal(tables.get(Table.Received, Buffer.from('a'))?.length, 0)
      assert.deepEqual(tables.last(), { position: 1, wall: 1_700_000_000_000 })
    })

    test('the memory of a batch can be used again once it is committed', async () => {
      await using opened = await open()
      const batch = new Batch()
      batch.put(Table.Blocks, blockKey(1), Buffer.alloc(100_000, 'one'))
      batch.put(Table.Acknowledgements, blockKey(1), Buffer.from('step'))
      const bytes = batch.seal(1, 0)
      await opened.tables.apply(bytes).committed
      bytes.fill(0xff)
      assert.ok(opened.tables.get(Table.Blocks, blockKey(1))?.equals(Buffer.alloc(100_000, 'one')))
      assert.deepEqual(opened.tables.getAll(Table.Acknowledgements, blockKey(1)), [Buffer.from('step')])
    })

    test('bytes that were read stay as they are', async () => {
      await using opened = await open()
      const { tables } = opened
      for (const length of [0, 10, 5_000, 200_000, 20_000_000]) {
        await change(tables, (batch) => batch.put(Table.Blocks, blockKey(1), Buffer.alloc(length, 1)))
        const read = tables.get(Table.Blocks, blockKey(1))
        const [scanned] = tables.scan(Table.Blocks, start, false, 1)
        await change(tables, (batch) => batch.put(Table.Blocks, blockKey(1), Buffer.alloc(length, 2)))
        tables.get(Table.Blocks, blockKey(1))
        assert.ok(read?.equals(Buffer.alloc(length, 1)), `${length} bytes`)
        assert.ok(scanned.value.equals(Buffer.alloc(length, 1)), `${length} bytes, scanned`)
        assert.ok(scanned.key.equals(blockKey(1)))
      }
    })

    const lengths = [4_067, 4_068, 4_071, 4_072, 4_073, 8_140, 8_141, 12_212, 300_000]
    test('values of any length come back, whatever was there before', async () => {
      await using opened = await open()
      const { tables } = opened
      for (const [index, length] of [...lengths, ...lengths.toReversed()].entries()) {
        const value = Buffer.from(Array.from({ length }, (_, at) => (at * 7 + index) & 0xff))
        await change(tables, (batch) => batch.put(Table.Retained, Buffer.from('a'), value))
        assert.ok(tables.get(Table.Retained, Buffer.from('a'))?.equals(value), `${length}`)
        const [scanned] = tables.scan(Table.Retained, start, false, 2)
        assert.ok(scanned.value.equals(value), `${length}, scanned`)
      }
    })

    test('a batch may change a long value several times', async () => {
      await using opened = await open()
      const { tables } = opened
      const key = Buffer.from('a')
      const put = (batch: Batch, length: number): void => {
        batch.put(Table.Retained, key, Buffer.alloc(length, length))
      }
      await change(tables, (batch) => {
        put(batch, 50_000)
        put(batch, 9_000)
        put(batch, 70_000)
      })
      assert.ok(tables.get(Table.Retained, key)?.equals(Buffer.alloc(70_000, 70_000)))
      await change(tables, (batch) => {
        batch.drop(Table.Retained, key)
        put(batch, 20_000)
        batch.drop(Table.Retained, key)
        put(batch, 30_000)
      })
      assert.ok(tables.get(Table.Retained, key)?.equals(Buffer.alloc(30_000, 30_000)))
      await change(tables, (batch) => {
        put(batch, 90_000)
        batch.drop(Table.Retained, key)
      })
      assert.equal(tables.get(Table.Retained, key), null)
    })

    test('a batch whose position was reached is passed over', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => batch.put(Table.Retained, Buffer.from('a'), Buffer.from('new')))
      for (const position of [0, 1]) {
        const batch = new Batch()
        batch.put(Table.Retained, Buffer.from('a'), Buffer.from('old'))
        batch.put(Table.Retained, Buffer.from('b'), Buffer.from('old'))
        const { committed, synced } = tables.apply(batch.seal(position, 5))
        await Promise.all([committed, synced])
      }
      assert.deepEqual(texts(tables.scan(Table.Retained, start, false, 9)), ['a=new'])
      assert.deepEqual(tables.last(), { position: 1, wall: 1_700_000_000_000 })
    })

    test('positions may leave numbers out', async () => {
      await using opened = await open()
      const batch = new Batch()
      batch.put(Table.Retained, Buffer.from('a'), Buffer.from('1'))
      await opened.tables.apply(batch.seal(2 ** 52, 7)).synced
      assert.deepEqual(opened.tables.last(), { position: 2 ** 52, wall: 7 })
    })

    const bad: Record<string, (batch: Batch) => Buffer> = {
      'a key of no bytes': (batch) => {
        batch.put(Table.Retained, Buffer.alloc(0), Buffer.from('1'))
        return batch.seal(2, 0)
      },
      'a key that is too long': (batch) => {
        batch.drop(Table.Retained, Buffer.alloc(1_979))
        return batch.seal(2, 0)
      },
      'one of several values that is too long': (batch) => {
        batch.put(Table.Acknowledgements, blockKey(1), Buffer.alloc(1_979))
        return batch.seal(2, 0)
      },
      'an entry that is cut off': (batch) => {
        batch.put(Table.Retained, Buffer.from('c'), Buffer.from('1'))
        const bytes = batch.seal(2, 0)
        return bytes.subarray(0, bytes.length - 1)
      },
      'a table that does not exist': (batch) => {
        batch.put(Table.Retained, Buffer.from('c'), Buffer.from('1'))
        const bytes = batch.seal(2, 0)
        bytes[bytes.length - 9] = 0x55
        return bytes
      },
    }
    for (const [what, spoil] of Object.entries(bad)) {
      test(`a batch with ${what} is refused, and nothing of it is applied`, async () => {
        await using opened = await open()
        const { tables } = opened
        await change(tables, (batch) => batch.put(Table.Retained, Buffer.from('a'), Buffer.from('1')))
        const before = dump(tables)
        const batch = new Batch()
        batch.put(Table.Retained, Buffer.from('b'), Buffer.from('2'))
        batch.drop(Table.Retained, Buffer.from('a'))
        const { committed, synced } = tables.apply(spoil(batch))
        await assert.rejects(committed, RangeError)
        await assert.rejects(synced, RangeError)
        assert.deepEqual(dump(tables), before)
        await change(tables, (next) => next.put(Table.Retained, Buffer.from('b'), Buffer.from('3')))
        assert.deepEqual(texts(tables.scan(Table.Retained, start, false, 9)), ['a=1', 'b=3'])
      })
    }

    test('a key can have several acknowledgements, and loses all of them at once', async () => {
      await using opened = await open()
      const { tables } = opened
      for (const value of ['b', 'a', 'b', 'ab'])
        await change(tables, (batch) => batch.put(Table.Acknowledgements, blockKey(1), Buffer.from(value)))
      await change(tables, (batch) => batch.put(Table.Acknowledgements, blockKey(2), Buffer.from('other')))
      const values = tables.getAll(Table.Acknowledgements, blockKey(1)).map(String)
      assert.deepEqual(values.sort(), ['a', 'ab', 'b'])
      await change(tables, (batch) => batch.drop(Table.Acknowledgements, blockKey(1)))
      assert.deepEqual(tables.getAll(Table.Acknowledgements, blockKey(1)), [])
      assert.deepEqual(tables.getAll(Table.Acknowledgements, blockKey(2)).map(String), ['other'])
    })

    test('a key that lost its acknowledgements in a batch can have new ones by the same batch', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => batch.put(Table.Acknowledgements, blockKey(1), Buffer.from('old')))
      await change(tables, (batch) => {
        batch.drop(Table.Acknowledgements, blockKey(1))
        batch.put(Table.Acknowledgements, blockKey(1), Buffer.from('new'))
      })
      assert.deepEqual(tables.getAll(Table.Acknowledgements, blockKey(1)).map(String), ['new'])
    })

    test('a thousand acknowledgements of one key are all there', async () => {
      await using opened = await open()
      const { tables } = opened
      const value = (index: number): Buffer => Buffer.alloc(600, `${index},`)
      for (let index = 0; index < 1_000; index += 50) {
        await change(tables, (batch) => {
          for (let more = 0; more < 50; more++) batch.put(Table.Acknowledgements, blockKey(1), value(index + more))
        })
      }
      const values = tables.getAll(Table.Acknowledgements, blockKey(1))
      assert.equal(new Set(values.map((one) => one.toString('hex'))).size, 1_000)
    })

    test('a scan goes through keys in the order of their bytes', async () => {
      await using opened = await open()
      const keys = ['\xff', 'b', 'a\0', 'a', 'a/b', '\0', 'B', 'ab', '\x7f', 'é'].map((key) =>
        Buffer.from(key, 'latin1'),
      )
      await change(opened.tables, (batch) => {
        for (const key of keys) batch.put(Table.Retained, key, key)
      })
      const scanned = opened.tables.scan(Table.Retained, start, false, 99)
      assert.deepEqual(
        scanned.map(({ key }) => key),
        [...keys].sort(Buffer.compare),
      )
      assert.ok(scanned.every(({ key, value }) => key.equals(value)))
    })

    test('a scan begins at a key, or behind it, or where it would be, and goes on piece by piece', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => {
        for (const key of ['a', 'c', 'e', 'g']) batch.put(Table.Retained, Buffer.from(key), Buffer.from('.'))
      })
      const scan = (from: string, after: boolean, count: number): string =>
        tables
          .scan(Table.Retained, Buffer.from(from), after, count)
          .map(({ key }) => key.toString())
          .join('')
      assert.equal(scan('c', false, 9), 'ceg')
      assert.equal(scan('c', true, 9), 'eg')
      assert.equal(scan('b', false, 2), 'ce')
      assert.equal(scan('b', true, 2), 'ce')
      assert.equal(scan('g', true, 9), '')
      assert.equal(scan('z', false, 9), '')
      assert.equal(scan('', true, 1), 'a')
    })

    test('a scan that goes on has seen every acknowledgement of the key it stopped at', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => {
        for (let block = 1; block < 6; block++)
          for (let value = 0; value < 5; value++)
            batch.put(Table.Acknowledgements, blockKey(block), Buffer.from(`${block}.${value}`))
      })
      const values = everything(tables, Table.Acknowledgements).map(({ value }) => value.toString())
      assert.equal(values.length, 25)
      assert.equal(new Set(values).size, 25)
    })

    test('changes while a scan is under way do not disturb it', async () => {
      await using opened = await open()
      const { tables } = opened
      await change(tables, (batch) => {
        for (let key = 10; key < 60; key++) batch.put(Table.Retained, Buffer.from(`${key}`), Buffer.from('.'))
      })
      const seen: string[] = []
      for (let from: Buffer = start; ; ) {
        const entries = tables.scan(Table.Retained, from, true, 4)
        if (entries.length === 0) break
        seen.push(...entries.map(({ key }) => key.toString()))
        from = entries[entries.length - 1].key
        await change(tables, (batch) => {
          batch.drop(Table.Retained, from)
          batch.put(Table.Retained, Buffer.from(`0${from.toString()}`), Buffer.from('.'))
        })
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 50 }, (_, index) => `${index + 10}`),
      )
    })

    test('filters and topics of 65,535 bytes have keys of their own', async () => {
      await using opened = await open()
      const { tables } = opened
      const long = 'x'.repeat(65_534)
      const keys = ['1', '2'].map((end) => subscriptionKey(7, long + end))
      await change(tables, (batch) => {
        for (const key of [...keys, retainedKey(`${long}1`), retainedKey(`${long}2`)])
          batch.put(key.length === keys[0].length ? Table.Subscriptions : Table.Retained, key, key)
      })
      for (const key of keys) assert.ok(tables.get(Table.Subscriptions, key)?.equals(key))
      assert.equal(tables.scan(Table.Retained, start, false, 9).length, 2)
    })

    test('the batches of one store make another the same, byte for byte', async () => {
      await using busy = await open()
      await using empty = await open()
      const recorded: Buffer[] = []
      const batch = new Batch()
      for (const fill of changes(20, 150)) {
        fill(batch)
        const bytes = batch.seal(busy.tables.last().position + 1, recorded.length)
        recorded.push(Buffer.from(bytes))
        await busy.tables.apply(bytes).synced
        batch.clear()
      }
      for (const [index, bytes] of recorded.entries()) {
        await empty.tables.apply(bytes).synced
        if (index % 7 === 0) for (const earlier of recorded.slice(0, index)) await empty.tables.apply(earlier).synced
      }
      assert.deepEqual(dump(empty.tables), dump(busy.tables))
      assert.deepEqual(empty.tables.last(), busy.tables.last())
    })
  })
}

test('memory and LMDB hold the same after the same batches', async () => {
  await using memory = await openMemory()
  await using lmdb = await openLmdb(false)
  for (const fill of changes(3, 100)) {
    await change(memory.tables, fill)
  }
  for (const fill of changes(3, 100)) await change(lmdb.tables, fill)
  assert.deepEqual(dump(lmdb.tables), dump(memory.tables))
})

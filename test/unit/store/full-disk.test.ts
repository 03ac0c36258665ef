import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../../src/store/audit.ts'
import { Batch } from '../../../src/store/batch.ts'
import { dataFile } from '../../../src/store/files.ts'
import { blockKey } from '../../../src/store/keys.ts'
import { openLmdbTables } from '../../../src/store/lmdb-tables.ts'
import { openStoreDirectory } from '../../../src/store/open-store.ts'
import { Table } from '../../../src/store/records.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { TablesError } from '../../../src/store/tables-error.ts'
import { SmallDisk } from '../../system/store/small-disk.ts'
import { fillTables } from './filled-store.ts'

const probe = SmallDisk.mount(1)
const skip = probe === null && 'one may not mount here'
probe?.[Symbol.dispose]()

const start = Buffer.alloc(0)

/** Puts blocks until the disk is full; returns the batch that does not fit, however often it is tried. */
async function fillUp(tables: Tables): Promise<Buffer> {
  for (let failures = 0; ; ) {
    const batch = new Batch()
    const position = tables.last().position + 1
    batch.put(Table.Blocks, blockKey(position), Buffer.alloc(50_000, position))
    const bytes = batch.seal(position, 1)
    const { committed, synced } = tables.apply(bytes)
    try {
      await Promise.all([committed, synced])
      failures = 0
    } catch (error) {
      assert.ok(error instanceof TablesError, String(error))
      assert.equal(error.code, 'ENOSPC')
      await assert.rejects(synced)
      if (++failures === 3) return bytes
    }
  }
}

function blocksIn(tables: Tables): number {
  return tables.scan(Table.Blocks, start, false, 10_000).length
}

for (const early of [false, true]) {
  describe(early ? 'a full disk, commits told of early' : 'a full disk', { skip }, () => {
    let disk: SmallDisk
    before(() => {
      const mounted = SmallDisk.mount(8)
      assert.ok(mounted !== null)
      disk = mounted
    })
    after(() => disk[Symbol.dispose]())

    test('what does not fit is refused whole, what is there stays, and service returns with the space', async () => {
      const directory = join(disk.path, 'store')
      const tables = await openLmdbTables(directory, { early })
      const refused = await fillUp(tables)
      const { position } = tables.last()
      assert.equal(blocksIn(tables), position)
      for (let attempt = 0; attempt < 5; attempt++)
        await assert.rejects(tables.apply(refused).committed, { code: 'ENOSPC' })
      assert.equal(blocksIn(tables), position)
      assert.ok(tables.get(Table.Blocks, blockKey(3))?.equals(Buffer.alloc(50_000, 3)))

      disk.remount('size=9m')
      await tables.apply(refused).synced
      assert.deepEqual(tables.last().position, position + 1)
      await fillUp(tables)
      const blocks = blocksIn(tables)
      assert.ok(blocks > position + 1)
      await tables.close()
      const wrong = audit(join(directory, dataFile)).findings.filter(
        (finding) => !finding.includes('as it was written'),
      )
      assert.deepEqual(wrong, [])

      const again = await openLmdbTables(directory, { early })
      assert.equal(blocksIn(again), blocks)
      await again.close()
    })
  })
}

test('a damaged store for whose recovery there is no room is told of, and left as it is', { skip }, async () => {
  using disk = SmallDisk.mount(8)
  assert.ok(disk !== null)
  const path = join(disk.path, dataFile)
  const { tables } = await openStoreDirectory(disk.path, { early: false })
  await fillTables(tables, { sessions: 10, blocks: 130, retained: 10 })
  await tables.close()
  const bytes = readFileSync(path)
  const damaged = bytes.subarray(0, bytes.length - 8_192)
  writeFileSync(path, damaged)
  assert.ok(disk.free < damaged.length, 'there is no room for two')
  await assert.rejects(openStoreDirectory(disk.path, { early: false }), { code: 'STORE_UNUSABLE', message: /ENOSPC/ })
  assert.ok(readFileSync(path).equals(damaged))
  assert.deepEqual(readdirSync(disk.path).sort(), ['data.mdb', 'data.mdb-lock'])
})

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Batch } from '../../../src/store/batch.ts'
import { receivedKey } from '../../../src/store/keys.ts'
import { openLmdbTables } from '../../../src/store/lmdb-tables.ts'
import { Table } from '../../../src/store/records.ts'
import { encodeReceived } from '../../../src/store/session-record.ts'
import { TablesError } from '../../../src/store/tables-error.ts'

// Applies batches while the disk works, does not, and works again; prints a line for each with what became of it.
const [, , folder, sign, mode] = process.argv
const tables = await openLmdbTables(join(folder, 'store'), { early: mode === 'early' })

async function apply(position: number): Promise<void> {
  const batch = new Batch()
  const key = receivedKey(position, 1)
  batch.put(Table.Received, key, encodeReceived(key))
  const { committed, synced } = tables.apply(batch.seal(position, 1))
  const outcomes = await Promise.allSettled([committed, synced])
  const words = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'ok' : codeOf(outcome.reason)))
  const readable = tables.scan(Table.Received, Buffer.alloc(0), false, 99).length
  console.log(`${position} ${words.join(' ')} ${readable}`)
}

function codeOf(error: unknown): string {
  return error instanceof TablesError ? error.code : String(error)
}

for (const position of [1, 2]) await apply(position)
writeFileSync(join(folder, sign), '')
for (const position of [3, 3, 3]) await apply(position)
rmSync(join(folder, sign))
for (const position of [3, 4]) await apply(position)
await tables.close()

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Turn } from '../../../src/base/turn.ts'
import { receivedKey } from '../../../src/store/keys.ts'
import { openLmdbTables } from '../../../src/store/lmdb-tables.ts'
import { Pipeline } from '../../../src/store/pipeline.ts'
import { Table } from '../../../src/store/records.ts'
import { encodeReceived } from '../../../src/store/session-record.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

// Stages something every few milliseconds while the disk works, does not, and works again; prints what was told.
const [, , folder, sign, mode] = process.argv
const tables = await openLmdbTables(join(folder, 'store'), { early: mode === 'early' })
const turn = new Turn((error) => console.log(String(error)))
const context = { tables, turn, clock: new FakeClock(), gap: 1 }
const pipeline = new Pipeline(context, {
  held: () => 0,
  complete: () => {},
  applied: () => {},
  worthWaiting: () => false,
})
let condition = 'ok'
let synced = 0
let inOrder = true
pipeline.watcher = {
  committed: () => {},
  synced: (position) => {
    inOrder &&= position > synced
    synced = position
  },
  condition: (now) => {
    // How slow the machine is does not matter here.
    if (now !== 'behind' && now !== condition) console.log((condition = now))
  },
}

let staged = 0
const staging = setInterval(() => {
  const key = receivedKey(++staged, 1)
  pipeline.batch.put(Table.Received, key, encodeReceived(key))
  pipeline.changed()
}, 2)

async function until(come: () => boolean): Promise<void> {
  while (!come()) await new Promise((resolve) => setTimeout(resolve, 5))
}

await until(() => synced > 10)
writeFileSync(join(folder, sign), '')
await until(() => condition === 'failing')
const before = staged
await until(() => staged > before + 20)
rmSync(join(folder, sign))
await until(() => condition === 'ok')
clearInterval(staging)
await pipeline.drain()
const there = tables.scan(Table.Received, Buffer.alloc(0), false, staged + 1).length
console.log(there === staged ? 'everything is there' : `${there} of ${staged} are there`)
console.log(inOrder ? 'synced in order' : 'synced out of order')
await tables.close()

import { Batch } from '../../../src/store/batch.ts'
import { receivedKey } from '../../../src/store/keys.ts'
import { openStoreDirectory } from '../../../src/store/open-store.ts'
import { Table } from '../../../src/store/records.ts'
import { encodeReceived } from '../../../src/store/session-record.ts'
import { putMessage } from './filled-store.ts'

// A process that changes the store in the folder it is given until it is killed. The messages of two topics are always
// the same, as each batch changes both; one of a hundred others keeps the file in motion, and an
// identifier for each batch tells whether all of them are there.
const { tables } = await openStoreDirectory(process.argv[2], { early: process.argv[3] === 'early' })
for (let round = 1; ; round++) {
  const batch = new Batch()
  for (const topic of ['one', 'other'])
    putMessage(batch, topic, Buffer.alloc(1_000 + ((round * 977) % 60_000), `${round},`))
  putMessage(batch, `more/${round % 100}`, Buffer.alloc((round * 7_919) % 50_000, 'more'))
  const key = receivedKey(round, 1)
  batch.put(Table.Received, key, encodeReceived(key))
  await tables.apply(batch.seal(tables.last().position + 1, Date.now())).committed
  if (round === 150) process.stdout.write('ready\n')
}

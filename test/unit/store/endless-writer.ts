import { openStoreDirectory } from '../../../src/store/open-store.ts'
import { Batch } from '../../../src/store/records.ts'
import { putMessage } from './filled-store.ts'

// A process that changes the store in the folder it is given until it is killed. The messages of two topics are always
// the same, as each batch changes both; one of a hundred others makes that the file is in motion.
const { tables } = await openStoreDirectory(process.argv[2], { early: process.argv[3] === 'early' })
for (let round = 1; ; round++) {
  const batch = new Batch()
  for (const topic of ['one', 'other'])
    putMessage(batch, topic, Buffer.alloc(1_000 + ((round * 977) % 60_000), `${round},`))
  putMessage(batch, `more/${round % 100}`, Buffer.alloc((round * 7_919) % 50_000, 'more'))
  await tables.apply(batch.seal(tables.last().position + 1, Date.now())).committed
  if (round === 150) process.stdout.write('ready\n')
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLog } from '../../../src/base/log.ts'
import type { JournalEvent } from '../../../src/engine/ports.ts'
import { defaultJournal, openJournal } from '../../../src/journal/open.ts'
import { heapUsed } from '../../fuzz/heap.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { denied, FaultyDisk, refused } from './kit.ts'

/** The ring of the latest events, what is folded, and what waits for the disk, at their largest. */
const bound = 48 * 1_048_576

const long = (number: number) => `${number}/${Buffer.alloc(4_000, 'x').toString()}`

const floods: Readonly<Record<string, (number: number) => JournalEvent>> = {
  'long topics of one client': (number) => denied('a', long(number)),
  'long topics of many clients': (number) => denied(`client-${number}`, long(number)),
  'many clients with long names': (number) => denied(long(number), 't'),
  'strangers from everywhere': (number) => refused(long(number), `2001:db8:${number >> 8}:${number & 255}::1`),
  'every text long': (number) => {
    const text = long(number)
    return denied(text, text, { detail: text, rule: text, identity: text, address: text, listener: text })
  },
}

for (const [name, flood] of Object.entries(floods)) {
  test(`memory is bounded while the disk stands still: ${name}`, async () => {
    const clock = new FakeClock()
    const disk = new FaultyDisk(() => clock.wall())
    const journal = await openJournal('/j', defaultJournal, { clock, log: silentLog, disk })
    const release = disk.hold()
    const before = heapUsed()
    for (let number = 0; number < 30_000; number++) {
      journal.record(flood(number))
      if (number % 5_000 === 0) {
        clock.advance(1_000)
        await turn()
      }
    }
    const grown = heapUsed() - before
    assert.ok(grown < bound, `${Math.round(grown / 1_048_576)} MiB`)
    release()
    await journal.close()
  })
}

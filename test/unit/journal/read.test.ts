import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLog } from '../../../src/base/log.ts'
import type { JournalEvent } from '../../../src/engine/ports.ts'
import { encodeLine } from '../../../src/journal/line.ts'
import { journalDirectory, openJournal } from '../../../src/journal/open.ts'
import { type JournalCriteria, readJournal, scanJournal } from '../../../src/journal/read.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { connected, denied, disconnected, refused } from './kit.ts'

const everything: JournalCriteria = { clientId: null, since: 0, until: Number.POSITIVE_INFINITY, kinds: null }
const options = { maximumBytes: 1_048_576, maximumAge: 86_400 }

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'petaltail-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Wall-clock milliseconds of the event before. */
let time = Date.now()

/** Writes events to a journal, one a millisecond. */
async function written(directory: string, events: readonly JournalEvent[]): Promise<void> {
  const clock = new FakeClock(time)
  time += events.length
  const journal = await openJournal(directory, options, { clock, log: silentLog })
  for (const event of events) {
    clock.advance(1)
    journal.record(event)
  }
  await journal.close()
}

test('the files and their folder are for their owner only', { skip: process.platform === 'win32' }, async (context) => {
  const directory = journalDirectory(join(await folder(context), 'store'))
  await written(directory, [connected('a'), refused('b')])
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
  const names = (await readdir(directory)).sort()
  assert.deepEqual(names, ['clients-00000001.jsonl', 'strangers-00000001.jsonl'])
  for (const name of names) assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600)
})

test('what one client had is read in the order in which it happened, from all files', async (context) => {
  const directory = await folder(context)
  await written(directory, [connected('a'), connected('b'), refused('a'), denied('a', '"clientId":"b"')])
  await written(directory, [disconnected('a'), refused('b')])
  const { entries, more, damaged } = await readJournal(directory, { ...everything, clientId: 'a' }, 10)
  assert.deepEqual(
    entries.map(({ event }) => event.kind),
    ['connected', 'refused', 'denied', 'disconnected'],
  )
  assert.deepEqual([more, damaged], [false, 0])
})

test('a limit keeps the latest and says that there are older ones', async (context) => {
  const directory = await folder(context)
  const topics = Array.from({ length: 25 }, (_, number) => `t/${number}`)
  await written(
    directory,
    topics.map((topic) => denied('a', topic)),
  )
  const { entries, more } = await readJournal(directory, { ...everything, clientId: 'a' }, 3)
  assert.deepEqual(
    entries.map(({ event }) => ('topic' in event ? event.topic : '')),
    topics.slice(-3),
  )
  assert.equal(more, true)
})

test('kinds and times narrow down what is read', async (context) => {
  const directory = await folder(context)
  await written(directory, [connected('a'), denied('a'), disconnected('a'), connected('b')])
  const { entries } = await readJournal(directory, { ...everything, kinds: new Set(['denied', 'connected']) }, 10)
  assert.deepEqual(
    entries.map(({ event }) => event.kind),
    ['connected', 'denied', 'connected'],
  )
  const [first] = entries
  const later = { ...everything, since: (first?.last ?? 0) + 1 }
  assert.equal((await readJournal(directory, later, 10)).entries.length, 3)
  assert.equal((await readJournal(directory, { ...everything, until: first?.last ?? 0 }, 10)).entries.length, 2)
})

test('damage is left out and counted, and hides nothing that is around it', async (context) => {
  const directory = await folder(context)
  const line = (id: string) => encodeLine({ event: connected(id), first: 1, last: 1, count: 1 })
  const parts = [line('a'), 'nonsense\n', line('b').replace('"b"', '"c"'), `${'x'.repeat(1_000_000)}\n`, line('d')]
  await writeFile(join(directory, 'clients-00000001.jsonl'), [...parts, '\n', '\0\n', line('e').slice(0, 20)].join(''))
  await writeFile(join(directory, 'clients-1.jsonl'), line('f'))
  await writeFile(join(directory, 'other'), line('g'))
  const ids: string[] = []
  const damaged = await scanJournal(directory, everything, ({ event }) => {
    if (event.kind === 'connected') ids.push(event.clientId)
  })
  assert.deepEqual(ids, ['a', 'd'])
  assert.equal(damaged, 4)
})

test('names as long as the protocol allows are found by the whole name', async (context) => {
  const directory = await folder(context)
  const id = 'ü'.repeat(32_000)
  await written(directory, [connected(id), denied(id, 'x'.repeat(65_535))])
  const { entries } = await readJournal(directory, { ...everything, clientId: id }, 10)
  assert.equal(entries.length, 2)
})

test('a journal is read while it is written, and lets go of files', async (context) => {
  const directory = await folder(context)
  await written(directory, [connected('a')])
  const path = join(directory, 'clients-00000001.jsonl')
  const half = encodeLine({ event: connected('b'), first: 1, last: 1, count: 1 })
  await appendFile(path, half.slice(0, 30))
  assert.deepEqual((await readJournal(directory, everything, 10)).damaged, 0)
  await appendFile(path, half.slice(30))
  assert.equal((await readJournal(directory, everything, 10)).entries.length, 3)
  await rm(directory, { recursive: true })
  assert.equal((await readJournal(directory, everything, 10)).entries.length, 0)
})

test('when somebody removes the files of a running broker it makes new ones', async (context) => {
  const directory = join(await folder(context), 'journal')
  const clock = new FakeClock(Date.now())
  const journal = await openJournal(directory, options, { clock, log: silentLog })
  await rm(directory, { recursive: true })
  journal.record(connected('a'))
  clock.advance(1_000)
  journal.record(connected('b'))
  await journal.close()
  const { entries } = await readJournal(directory, everything, 10)
  assert.ok(entries.some(({ event }) => event.kind === 'connected' && event.clientId === 'b'))
})

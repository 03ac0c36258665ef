import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../../src/base/log.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { JournalEntry } from '../../../src/journal/entry.ts'
import { defaultJournal, openJournal } from '../../../src/journal/open.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { connected, denied, disconnected, dropped, FaultyDisk, refused, settled } from './kit.ts'

interface Line {
  readonly level: string
  readonly message: string
}

async function opened(given: { readonly disk?: FaultyDisk; readonly bytes?: number; readonly age?: number } = {}) {
  const { bytes = defaultJournal.maximumBytes, age = defaultJournal.maximumAge } = given
  const clock = new FakeClock()
  const disk = given.disk ?? new FaultyDisk(() => clock.wall())
  const lines: Line[] = []
  const log: Log = {
    ...silentLog,
    info: (message) => lines.push({ level: 'info', message }),
    error: (message) => lines.push({ level: 'error', message }),
  }
  const journal = await openJournal('/j', { maximumBytes: bytes, maximumAge: age }, { clock, log, disk })
  const second = async (count = 1) => {
    for (let number = 0; number < count; number++) {
      clock.advance(1_000)
      await settled()
    }
  }
  return { clock, disk, lines, journal, second }
}

function kinds(entries: readonly JournalEntry[]): readonly string[] {
  return entries.map(({ event }) => event.kind)
}

test('what happened is on the disk, and synced, within a second', async () => {
  const { journal, disk, second } = await opened()
  for (const event of [connected('a'), denied('a'), dropped('a', 't', 3), disconnected('a'), refused('b')])
    journal.record(event)
  const syncs = disk.syncs
  await second()
  assert.deepEqual(kinds(disk.read().entries), ['started', 'connected', 'denied', 'dropped', 'disconnected', 'refused'])
  assert.equal(disk.syncs, syncs + 2)
  await second(5)
  assert.equal(disk.syncs, syncs + 2, 'without news the disk is left alone')
  await journal.close()
})

test('nothing is written before: a record costs no disk', async () => {
  const { journal, disk } = await opened()
  const writes = disk.writes
  for (let number = 0; number < 1_000; number++) journal.record(denied('a'))
  await settled()
  assert.equal(disk.writes, writes)
  await journal.close()
})

test('closing writes what is left, whatever share was used up, and may be done twice', async () => {
  const { journal, disk } = await opened()
  for (let number = 0; number < 500; number++) journal.record(denied('a', `t/${number}`))
  await journal.close()
  await journal.close()
  journal.record(denied('late'))
  const { entries } = disk.read()
  assert.equal(
    entries.reduce((sum, { count }) => sum + count, 0),
    501,
  )
  assert.equal(journal.recent().length, 501)
})

test('a journal goes on after a crash, also when its last line was torn', async () => {
  const first = await opened()
  first.journal.record(connected('a'))
  await first.second()
  const [file] = first.disk.files.values()
  assert.ok(file !== undefined)
  file.bytes = file.bytes.subarray(0, file.bytes.length - 10)
  const again = await opened({ disk: first.disk })
  again.journal.record(connected('b'))
  await again.journal.close()
  const { entries, damaged } = first.disk.read()
  assert.deepEqual(kinds(entries), ['started', 'started', 'connected'])
  assert.equal(damaged, 1)
  assert.equal([...first.disk.files.keys()].filter((name) => name.startsWith('clients')).length, 1)
})

test('all files together stay within their size, and what is left is the latest', async () => {
  const { journal, disk, second } = await opened({ bytes: 1_048_576 })
  for (let number = 0; number < 20_000; number++) {
    journal.record(connected(`client-${number}`))
    journal.record(refused(`client-${number}`, `198.51.${number >> 8}.${number & 255}`))
    if (number % 500 === 499) await second()
    assert.ok(disk.size <= 1_048_576, `${disk.size} bytes after ${number}`)
  }
  await journal.close()
  const { entries, damaged } = disk.read()
  assert.equal(damaged, 0)
  const ids = entries.flatMap(({ event }) => (event.kind === 'connected' ? [event.clientId] : []))
  assert.ok(ids.length > 1_000)
  assert.deepEqual(
    ids,
    Array.from({ length: ids.length }, (_, index) => `client-${20_000 - ids.length + index}`),
  )
})

test('strangers cannot push out what is known of clients, nor one client what is known of another', async () => {
  const { journal, disk, second } = await opened({ bytes: 1_048_576 })
  journal.record(connected('pump-7'))
  await second()
  for (let number = 0; number < 200; number++) {
    for (let times = 0; times < 50; times++) {
      journal.record(refused(`guess-${number}-${times}`, `2001:db8:${number}:${times}::1`))
      journal.record(denied('flood', `t/${number}/${times}`))
    }
    await second()
  }
  await journal.close()
  const { entries } = disk.read()
  assert.ok(entries.some(({ event }) => event.kind === 'connected' && event.clientId === 'pump-7'))
})

test('what is older than the age is let go, also when nothing new comes', async () => {
  const { journal, disk, clock, second } = await opened({ age: 3_600 })
  journal.record(connected('a'))
  await second()
  assert.equal(disk.read().entries.length, 2)
  clock.advance(3_660_000)
  await settled()
  await second(2)
  assert.deepEqual(disk.read().entries, [])
  journal.record(connected('b'))
  await second()
  assert.deepEqual(kinds(disk.read().entries), ['connected'])
  await journal.close()
})

test('a disk that fails is complained of once; when it works again what was kept is written', async () => {
  for (const failing of ['write', 'sync', 'open'] as const) {
    const { journal, disk, lines, second } = await opened()
    disk.failing = failing
    if (failing === 'open') disk.files.clear()
    for (let number = 0; number < 10; number++) {
      journal.record(failing === 'open' ? refused(`r${number}`) : denied('a', `t/${number}`))
      await second()
    }
    disk.failing = null
    await second()
    const what = new Set(
      disk.read().entries.flatMap(({ event }) => {
        if (event.kind === 'denied') return [event.topic]
        return event.kind === 'refused' ? [event.clientId] : []
      }),
    )
    assert.equal(what.size, 10, failing)
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['error', 'info'],
      failing,
    )
    await journal.close()
  }
})

test('a disk that is full keeps whole lines, and goes on when there is room', async () => {
  const { journal, disk, second } = await opened()
  journal.record(connected('a'))
  await second()
  disk.room = disk.size + 100
  for (let number = 0; number < 5; number++) {
    journal.record(denied('b', `t/${number}`))
    await second()
    assert.equal(disk.read().damaged, 0)
  }
  disk.room = Number.POSITIVE_INFINITY
  await second()
  const { entries, damaged } = disk.read()
  assert.equal(damaged, 0)
  assert.equal(entries.filter(({ event }) => event.kind === 'denied').length, 5)
  await journal.close()
})

test('a disk that stands still costs bounded memory: the oldest is lost, and counted', async () => {
  const { journal, disk, second } = await opened()
  const release = disk.hold()
  const total = 60_000
  for (let number = 0; number < total; number++) {
    journal.record(denied(`client-${number}`))
    if (number % 2_000 === 0) await second()
  }
  release()
  await second(3)
  await journal.close()
  const { entries } = disk.read()
  const lost = entries.filter(({ event }) => event.kind === 'lost')
  const written = entries.filter(({ event }) => event.kind === 'denied').reduce((sum, { count }) => sum + count, 0)
  assert.equal(lost.length, 1)
  assert.equal((lost[0]?.count ?? 0) + written, total)
  const last = entries.at(-1)?.event
  assert.equal(last?.kind === 'denied' ? last.clientId : '', `client-${total - 1}`)
})

test('no event reaches the caller as an error, and observers are told of all of it', async () => {
  const { journal, disk } = await opened()
  disk.failing = 'open'
  const long = 'x'.repeat(65_535)
  const heard: number[] = []
  journal.observe((event) => heard.push('topic' in event ? event.topic.length : 0))
  journal.record(denied(long, long, { detail: long, rule: long, identity: long, listener: long }))
  assert.deepEqual(heard, [65_535])
  const [kept] = journal.recent()
  assert.ok(kept !== undefined && JSON.stringify(kept).length < 4_096)
  await journal.close()
})

test('without directory the latest events are in memory', async () => {
  const journal = await openJournal(null, defaultJournal, { clock: new FakeClock(), log: silentLog })
  for (let number = 0; number < 10_001; number++) journal.record(denied(`${number}`))
  assert.equal(journal.recent().length, 10_000)
  await journal.close()
})

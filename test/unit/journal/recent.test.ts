import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEvent } from '../../../src/engine/ports.ts'
import { RecentJournal } from '../../../src/journal/recent.ts'

const denied = (clientId: string): JournalEvent => ({
  kind: 'denied',
  clientId,
  identity: '',
  listener: '',
  address: '',
  action: 'publish',
  topic: 't',
  qos: 0,
  detail: '',
  rule: '',
})
const clientOf = (event: JournalEvent) => ('clientId' in event ? event.clientId : '')

test('events are kept oldest first, with their time', () => {
  let now = 100
  const journal = new RecentJournal(
    10,
    () => now++,
    () => {},
  )
  for (const id of ['a', 'b']) journal.record(denied(id))
  assert.deepEqual(
    journal.recent().map(({ at, event }) => [at, clientOf(event)]),
    [
      [100, 'a'],
      [101, 'b'],
    ],
  )
})

test('the oldest events make room for new ones', () => {
  const journal = new RecentJournal(
    3,
    () => 0,
    () => {},
  )
  for (let index = 0; index < 8; index++) {
    journal.record(denied(`${index}`))
    const kept = journal.recent().map(({ event }) => clientOf(event))
    assert.deepEqual(kept, ['0', '1', '2', '3', '4', '5', '6', '7'].slice(Math.max(0, index - 2), index + 1))
  }
})

test('what was asked for earlier does not change later', () => {
  const journal = new RecentJournal(
    2,
    () => 0,
    () => {},
  )
  journal.record(denied('a'))
  const before = journal.recent()
  journal.record(denied('b'))
  assert.equal(before.length, 1)
})

test('observers hear of every event until they stop, whatever other observers do', () => {
  const failures: unknown[] = []
  const journal = new RecentJournal(
    10,
    () => 0,
    (error) => failures.push(error),
  )
  const heard: string[] = []
  journal.observe(() => {
    throw new Error('mine')
  })
  const stop = journal.observe((event) => heard.push(clientOf(event)))
  journal.record(denied('a'))
  stop()
  journal.record(denied('b'))
  assert.deepEqual(heard, ['a'])
  assert.equal(failures.length, 2)
})

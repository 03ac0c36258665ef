import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { Failure } from '../../../src/cli/failure.ts'
import { attemptsOfJournal } from '../../../src/cli/policy-journal.ts'
import { defaultJournal, openJournal } from '../../../src/journal/open.ts'

test('what a journal has of connects and refusals is asked again, each once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-'))
  try {
    const directory = join(folder, 'journal')
    const journal = await openJournal(directory, defaultJournal, { clock: systemClock(), log: silentLog })
    const who = { clientId: 'c1', identity: 'ada', listener: 'inside', address: '10.0.0.1' }
    const denied = { ...who, kind: 'denied', action: 'publish', topic: 'a/b', qos: 1, detail: '', rule: '' } as const
    journal.record({ ...who, kind: 'connected', method: 'token', version: 5, sessionPresent: false })
    journal.record(denied)
    journal.record(denied)
    journal.record({ ...denied, identity: '' })
    journal.record({ kind: 'unsubscribed', clientId: 'c1', identity: 'ada', topic: 'x/#', detail: '', rule: '' })
    journal.record({
      kind: 'dropped',
      clientId: 'c1',
      identity: 'ada',
      topic: 'x',
      qos: 0,
      why: 'queue full',
      count: 3,
    })
    await journal.close()
    const { attempts, notes } = await attemptsOfJournal(directory)
    const shown = attempts.map(({ subject: { user, client }, request }) =>
      [user, client.listener, client.identity.method, request.action, request.topic, request.qos, request.retain].join(
        ' ',
      ),
    )
    assert.deepEqual(shown.toSorted(), [
      ' inside anonymous publish a/b 1 false',
      'ada  password subscribe x/# 0 false',
      'ada inside password publish a/b 1 false',
      'ada inside token connect  0 false',
    ])
    assert.equal(notes.length, 1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a folder without a journal is no journal', async () => {
  await assert.rejects(attemptsOfJournal('/nowhere/journal'), Failure)
})

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { IssuanceEvent, IssuedEvent } from '../../../src/pki/authority/issuance-event.ts'
import { readEvent, writeEvent } from '../../../src/pki/authority/issuance-event.ts'
import { IssuanceJournal } from '../../../src/pki/authority/issuance-journal.ts'
import { Issuances } from '../../../src/pki/authority/issuances.ts'
import { Place } from './authority-kit.ts'

const issued = (serial: string, other: Partial<IssuedEvent> = {}): IssuedEvent => ({
  event: 'issued',
  time: 1_000,
  kind: 'client',
  serial,
  subject: 'CN=pump-7',
  name: 'pump-7',
  names: ['dns:pump-7.example'],
  notBefore: 0,
  notAfter: 9_000,
  sha1: `aa${serial}`,
  sha256: `bb${serial}`,
  issuer: 'cc',
  replaces: null,
  ...other,
})
const revoked: IssuanceEvent = { event: 'revoked', time: 2_000, serial: '41', reason: 'key-compromise' }
const listed: IssuanceEvent = { event: 'listed', time: 3_000, issuer: 'cc', number: 7, nextUpdate: 4_000, entries: 1 }

const readAll = async (path: string): Promise<IssuanceEvent[]> => {
  const events: IssuanceEvent[] = []
  await new IssuanceJournal(path, (event) => events.push(event)).read()
  return events
}

test('what was written down is read again, in order', async () => {
  using place = new Place()
  const events = [issued('41'), revoked, listed, issued('42', { replaces: '41' })]
  const journal = new IssuanceJournal(place.at('journal'), () => {})
  await journal.append(events.slice(0, 2))
  await journal.append(events.slice(2))
  assert.deepEqual(await readAll(place.at('journal')), events)
  assert.equal(statSync(place.at('journal')).mode & 0o777, 0o600)
})

test('a journal that is open sees what another process adds, once', async () => {
  using place = new Place()
  const seen: IssuanceEvent[] = []
  const reader = new IssuanceJournal(place.at('journal'), (event) => seen.push(event))
  const writer = new IssuanceJournal(place.at('journal'), () => {})
  await reader.read()
  await writer.append([issued('41')])
  await reader.read()
  await reader.read()
  await reader.append([revoked])
  await writer.read()
  await writer.append([listed])
  await reader.read()
  assert.deepEqual(seen, [issued('41'), revoked, listed])
})

test('a last line that was torn off is not read, and the next one takes its place', async () => {
  using place = new Place()
  const path = place.at('journal')
  await new IssuanceJournal(path, () => {}).append([issued('41'), issued('42')])
  const whole = readFileSync(path, 'utf8')
  const first = whole.indexOf('\n') + 1
  for (let length = first; length < whole.length; length += 9) {
    writeFileSync(path, whole.slice(0, length))
    const events: IssuanceEvent[] = []
    const journal = new IssuanceJournal(path, (event) => events.push(event))
    await journal.read()
    assert.deepEqual(events, [issued('41')])
    await journal.append([revoked])
    assert.deepEqual(await readAll(path), [issued('41'), revoked])
  }
})

test('whole lines of somebody who was to be kept out are never cut off', async () => {
  using place = new Place()
  const path = place.at('journal')
  const journal = new IssuanceJournal(path, () => {})
  await journal.append([issued('41')])
  await new IssuanceJournal(place.at('other'), () => {}).append([issued('42')])
  appendFileSync(path, readFileSync(place.at('other')))
  await assert.rejects(journal.append([revoked]), { code: 'CA_UNUSABLE', message: /meanwhile/ })
  assert.deepEqual(await readAll(path), [issued('41'), issued('42')])
})

test('a line in the middle that cannot be read is told of: a revocation may be in it', async () => {
  using place = new Place()
  const path = place.at('journal')
  const journal = new IssuanceJournal(path, () => {})
  await journal.append([issued('41'), revoked])
  const text = readFileSync(path, 'utf8')
  const broken = { code: 'CA_UNUSABLE', message: /journal: line 2: .*backup/ }
  for (const line of [
    '{"event":"revo',
    '',
    'null',
    '{}',
    '{"event":"revoked","time":"x","serial":"41","reason":"y"}',
  ]) {
    writeFileSync(path, `${text.split('\n')[0]}\n${line}\n`)
    await assert.rejects(readAll(path), broken)
  }
  writeFileSync(path, text)
  truncateSync(path, 10)
  await assert.rejects(journal.read(), { code: 'CA_UNUSABLE', message: /longer before/ })
  writeFileSync(path, 'x'.repeat(3_000_000))
  await assert.rejects(readAll(path), { code: 'CA_UNUSABLE', message: /no end/ })
})

test('a line that only a later version knows is passed over', async () => {
  using place = new Place()
  appendFileSync(place.at('journal'), '{"time":"2030-01-01T00:00:00Z","event":"blessed","serial":"41"}\n')
  assert.deepEqual(await readAll(place.at('journal')), [])
  const line = JSON.stringify({ ...writeEvent(revoked), reason: 'boredom' })
  assert.deepEqual(readEvent(line), { ...revoked, reason: 'unspecified' })
})

test('the journal tells what became of every certificate', () => {
  const issuances = new Issuances()
  for (const event of [issued('41'), issued('42', { time: 1_500, replaces: '41' }), revoked, listed])
    issuances.take(event)
  assert.equal(issuances.get('41')?.replacedBy, '42')
  assert.equal(issuances.get('41')?.revoked?.reason, 'key-compromise')
  assert.equal(issuances.get('42')?.revoked, null)
  assert.deepEqual(
    [...issuances.revokedOf('cc')].map(({ serial }) => serial),
    ['41'],
  )
  assert.deepEqual([...issuances.revokedOf('dd')], [])
  assert.equal(issuances.listOf('cc')?.number, 7)
  assert.equal(issuances.isUnlisted('cc'), false)
  issuances.take({ ...revoked, serial: '42' })
  assert.equal(issuances.isUnlisted('cc'), true)
  for (const which of ['pump-7', 'pump-7.example']) assert.equal(issuances.find(which, null).length, 2)
  assert.deepEqual(
    issuances.find('aa42', 'aa42').map(({ serial }) => serial),
    ['42'],
  )
  assert.deepEqual(
    issuances.find('bb41', 'bb41').map(({ serial }) => serial),
    ['41'],
  )
  assert.deepEqual(issuances.find('pump', null), [])
})

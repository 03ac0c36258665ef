import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { skip } from './certificates.ts'
import { certificatesOfFile, LogBook, openTls } from './tls-kit.ts'

const files = certificatesOfFile()
const day = 86_400_000

async function openLasting(t: TestContext, days: number, clock = new FakeClock(Date.now())) {
  const made = files()
  made.signed('lasting', { days })
  const log = new LogBook()
  const watched = new WatchedFiles()
  t.after(() => watched.close())
  const { listener } = await openTls(t, made, made.pair('lasting'), { log, clock, files: watched })
  const warnings = () => log.lines.filter(({ message }) => message === 'certificate expires soon')
  const errors = () => log.of('certificate has expired')
  return { listener, log, clock, watched, warnings, errors }
}

test('the end of a certificate is announced 30, 7 and 1 days before, once each, and when it is there', {
  skip,
}, async (t) => {
  const { listener, clock, warnings, errors } = await openLasting(t, 70)
  assert.deepEqual(warnings(), [])
  for (let hours = 0; hours < 24 * 75; hours += 6) clock.advance(day / 4)
  assert.deepEqual(
    warnings().map(({ fields }) => fields.days),
    [30, 7, 1],
  )
  const [first] = warnings()
  assert.equal(first?.level, 'warn')
  assert.equal(first?.fields.file, files().path('lasting.crt'))
  assert.equal(first?.fields.subject, 'CN=lasting')
  assert.equal(first?.fields.expires, new Date(listener.certificates[0]?.notAfter ?? 0).toISOString())
  assert.equal(errors().length, 1)
  assert.equal(errors()[0]?.level, 'error')
})

const later = (days: number) => new FakeClock(Date.now() + days * day)

test('a certificate that ends soon, or has ended, is announced at the start', { skip }, async (t) => {
  const soon = await openLasting(t, 70, later(65))
  assert.deepEqual(
    soon.warnings().map(({ fields }) => fields.days),
    [5],
  )
  const late = await openLasting(t, 70, later(71))
  assert.deepEqual([late.warnings().length, late.errors().length], [0, 1])
  const early = await openLasting(t, 70, later(-1))
  assert.equal(early.log.of('certificate is not valid yet').length, 1)
})

test('a certificate for a few days is not announced all its life', { skip }, async (t) => {
  const { clock, warnings, errors } = await openLasting(t, 6)
  assert.deepEqual(warnings(), [])
  for (let hours = 0; hours < 24 * 7; hours += 6) clock.advance(day / 4)
  assert.deepEqual(
    warnings().map(({ fields }) => fields.days),
    [1],
  )
  assert.equal(errors().length, 1)
})

test('a renewed certificate has warnings of its own', { skip }, async (t) => {
  const { clock, watched, warnings } = await openLasting(t, 70, later(65))
  assert.equal(warnings().length, 1)
  files().signed('lasting', { days: 85 })
  watched.reload()
  assert.equal(warnings().length, 2)
  clock.advance(2 * 3_600_000)
  assert.equal(warnings().length, 2)
})

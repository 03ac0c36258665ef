import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HashLine } from '../../../src/authn/password/hash-line.ts'
import { VerifiedCredentials } from '../../../src/authn/password/verified.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const always = () => true

/** Work that ends when it is told. */
function slow(): { readonly work: () => Promise<boolean>; readonly end: () => void; readonly begun: () => boolean } {
  let end = () => {}
  let begun = false
  const work = () => {
    begun = true
    return new Promise<boolean>((resolve) => (end = () => resolve(true)))
  }
  return { work, end: () => end(), begun: () => begun }
}

test('so many comparisons work at a time, the others in the order they came, and one too many not at all', async () => {
  const line = new HashLine(2, 2)
  const jobs = Array.from({ length: 5 }, () => slow())
  const results = jobs.map(({ work }) => line.run(work, always))
  await turn()
  const begun = () => jobs.map((job) => job.begun())
  assert.deepEqual(begun(), [true, true, false, false, false])
  assert.equal(await results[4], null)
  jobs[1]?.end()
  await turn()
  assert.deepEqual(begun(), [true, true, true, false, false])
  jobs[0]?.end()
  await turn()
  assert.deepEqual(begun(), [true, true, true, true, false])
  jobs[2]?.end()
  jobs[3]?.end()
  assert.deepEqual(await Promise.all(results), [true, true, true, true, null])
})

test('who is not wanted any more when its turn comes makes room for the next; a failure does, too', async () => {
  const line = new HashLine(1, 10)
  const first = slow()
  const results = [
    line.run(first.work, always),
    line.run(
      async () => true,
      () => false,
    ),
  ]
  const failing = line.run(() => Promise.reject(new Error('out of memory')), always)
  const last = line.run(async () => true, always)
  first.end()
  assert.deepEqual(await Promise.all(results), [true, null])
  await assert.rejects(failing, /out of memory/)
  assert.equal(await last, true)
})

test('credentials that were right are remembered until their time is over, wrong ones never', async () => {
  const clock = new FakeClock()
  const verified = new VerifiedCredentials(clock, 10, 60_000)
  const right = verified.digest('alice', 'hash', Buffer.from('secret'))
  const wrong = verified.digest('alice', 'hash', Buffer.from('Secret'))
  assert.equal(await verified.check(right, async () => true), true)
  assert.equal(await verified.check(wrong, async () => false), false)
  assert.deepEqual([verified.has(right), verified.has(wrong), verified.size], [true, false, 1])
  clock.advance(59_999)
  assert.equal(verified.has(right), true)
  clock.advance(1)
  assert.deepEqual([verified.has(right), verified.size], [false, 0])
})

test('the digest is another with another name, hash, password or process, however the parts are cut', () => {
  const clock = new FakeClock()
  const verified = new VerifiedCredentials(clock, 10, 60_000)
  const digests = new Set([
    verified.digest('ab', 'cd', Buffer.from('ef')),
    verified.digest('a', 'bcd', Buffer.from('ef')),
    verified.digest('ab', 'cde', Buffer.from('f')),
    verified.digest('ab', 'cd', Buffer.from('eg')),
    new VerifiedCredentials(clock, 10, 60_000).digest('ab', 'cd', Buffer.from('ef')),
  ])
  assert.equal(digests.size, 5)
  assert.equal(verified.digest('ab', 'cd', Buffer.from('ef')), verified.digest('ab', 'cd', Buffer.from('ef')))
})

test('the credentials not used for the longest time make room for new ones; with room for none, none are kept', async () => {
  const verified = new VerifiedCredentials(new FakeClock(), 2, 60_000)
  for (const name of ['one', 'two']) await verified.check(name, async () => true)
  assert.equal(verified.has('one'), true)
  await verified.check('three', async () => true)
  assert.deepEqual([verified.has('one'), verified.has('two'), verified.has('three')], [true, false, true])
  const off = new VerifiedCredentials(new FakeClock(), 0, 60_000)
  await off.check('one', async () => true)
  assert.deepEqual([off.has('one'), off.size], [false, 0])
})

test('many who ask for the same at the same time share one comparison', async () => {
  const verified = new VerifiedCredentials(new FakeClock(), 0, 60_000)
  const job = slow()
  let times = 0
  const compare = () => {
    times++
    return job.work()
  }
  const answers = Array.from({ length: 100 }, () => verified.check('same', compare))
  job.end()
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([true]))
  assert.equal(times, 1)
  const failing = verified.check('same', () => Promise.reject(new Error('broken')))
  await assert.rejects(failing, /broken/)
  assert.equal(await verified.check('same', async () => false), false)
})

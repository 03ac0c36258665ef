import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker } from '../../../../src/base/http/breaker.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'

const options = { failures: 3, pause: 1_000, maximumPause: 4_000 }

function breaker(clock = new FakeClock(), random = () => 1): { clock: FakeClock; breaker: Breaker } {
  return { clock, breaker: new Breaker(options, clock, random) }
}

function opened() {
  const made = breaker()
  for (let count = 0; count < options.failures; count++) made.breaker.failed('usual')
  return made
}

test('a breaker opens after failures in a row, and an answer in between starts the count anew', () => {
  const { breaker: under } = breaker()
  under.failed('usual')
  under.failed('usual')
  under.answered()
  under.failed('usual')
  under.failed('usual')
  assert.equal(under.admit(), 'usual')
  under.failed('usual')
  assert.ok(under.open && under.barred)
  assert.equal(under.admit(), null)
})

test('after the pause one is let through to try, and nobody else before its end is known', () => {
  const { breaker: under, clock } = opened()
  clock.advance(999)
  assert.equal(under.admit(), null)
  clock.advance(1)
  assert.equal(under.admit(), 'trial')
  assert.equal(under.admit(), null)
  under.answered()
  assert.equal(under.admit(), 'usual')
  assert.ok(!under.open)
})

test('each trial that fails doubles the pause, up to the longest', () => {
  const { breaker: under, clock } = opened()
  for (const pause of [1_000, 2_000, 4_000, 4_000]) {
    clock.advance(pause - 1)
    assert.ok(under.barred, `${pause}`)
    clock.advance(1)
    assert.equal(under.admit(), 'trial')
    under.failed('trial')
  }
  clock.advance(4_000)
  under.admit()
  under.answered()
  for (let count = 0; count < options.failures; count++) under.failed('usual')
  clock.advance(1_000)
  assert.equal(under.admit(), 'trial')
})

test('a failure of one that was let through before it opened is not that of the trial', () => {
  const { breaker: under, clock } = opened()
  clock.advance(1_000)
  assert.equal(under.admit(), 'trial')
  under.failed('usual')
  clock.advance(3_000)
  assert.ok(under.barred, 'the trial goes on')
  under.failed('trial')
  clock.advance(1_999)
  assert.ok(under.barred)
  clock.advance(1)
  assert.ok(!under.barred)
})

test('an answer to one that was let through before it opened closes it', () => {
  const { breaker: under } = opened()
  under.answered()
  assert.equal(under.admit(), 'usual')
})

test('pauses are up to half shorter by chance', () => {
  const clock = new FakeClock()
  const under = new Breaker(options, clock, () => 0)
  for (let count = 0; count < options.failures; count++) under.failed('usual')
  clock.advance(500)
  assert.equal(under.admit(), 'trial')
})

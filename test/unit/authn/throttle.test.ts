import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, Throttle } from '../../../src/authn/throttle/throttle.ts'
import { quiet } from '../../../src/authn/throttle/throttle-ledger.ts'
import type { FailureOptions } from '../../../src/authn/throttle/throttle-options.ts'
import type { Denial } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { fc } from '../../kit/fast-check.ts'

const defaults: FailureOptions = { free: 5, delay: 100, maximumDelay: 5_000, entries: 10_000, loopback: true }

class Door {
  readonly clock = new FakeClock()
  readonly throttle: Throttle

  constructor(options: Partial<FailureOptions> = {}) {
    this.throttle = new Throttle({ ...defaults, ...options }, this.clock)
  }

  try(name: string, address = '192.0.2.1', listener = 'l'): Attempt | Denial {
    return this.throttle.begin({ address, loopback: address.startsWith('127.') }, listener, name)
  }

  /** An attempt that waits as long as it must; returns how long that was. */
  attempt(name: string, address: string, outcome: 'succeeded' | 'failed' | 'abandoned'): number {
    const attempt = this.begun(name, address)
    this.clock.advance(attempt.wait)
    attempt[outcome]()
    return attempt.wait
  }

  begun(name: string, address: string): Attempt {
    const attempt = this.try(name, address)
    assert.ok('wait' in attempt, JSON.stringify(attempt))
    return attempt
  }

  fails(count: number, name: string, address = '192.0.2.1'): number[] {
    return Array.from({ length: count }, () => this.attempt(name, address, 'failed'))
  }

  /** One failure under each of so many names. */
  sprays(count: number, address = '192.0.2.1'): number[] {
    return Array.from({ length: count }, (_, index) => this.attempt(`sprayed-${index}`, address, 'failed'))
  }
}

test('the first failures are free, then each doubles the wait, up to the longest', () => {
  const waits = new Door().fails(14, 'u')
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test('half a minute of quiet halves the wait, and enough of it ends it', () => {
  const door = new Door()
  door.fails(11, 'u')
  const waits: number[] = []
  for (let round = 0; round < 13; round++) {
    waits.push(door.attempt('u', '192.0.2.1', 'abandoned'))
    door.clock.advance(quiet - (waits.at(-1) ?? 0))
  }
  assert.deepEqual(waits, [5_000, 3_200, 1_600, 800, 400, 200, 100, 0, 0, 0, 0, 0, 0])
})

test('who fails for long is slow for some minutes more, and not for ever', () => {
  const door = new Door()
  door.fails(1_000, 'u')
  door.clock.advance(4 * 60_000)
  assert.equal(door.attempt('u', '192.0.2.1', 'abandoned'), 5_000)
  door.clock.advance(10 * 60_000)
  assert.equal(door.attempt('u', '192.0.2.1', 'abandoned'), 0)
})

test('a success ends the waiting of that name at that address', () => {
  const door = new Door()
  door.fails(20, 'u')
  assert.equal(door.attempt('u', '192.0.2.1', 'succeeded'), 5_000)
  assert.deepEqual(door.fails(6, 'u'), [0, 0, 0, 0, 0, 100])
})

test('a device that fails again and again does not hold up others at its address, nor its name elsewhere', () => {
  const door = new Door()
  door.fails(100, 'broken')
  assert.equal(door.begun('other', '192.0.2.1').wait, 0)
  assert.equal(door.begun('broken', '192.0.2.2').wait, 0)
})

test('names that fail one after the other slow down their address, and no success takes that away', () => {
  const door = new Door()
  assert.deepEqual(door.sprays(8), [0, 0, 0, 0, 0, 100, 200, 400])
  door.attempt('own', '192.0.2.1', 'succeeded')
  assert.equal(door.begun('next', '192.0.2.1').wait, 800)
  assert.equal(door.begun('next', '192.0.2.2').wait, 0)
})

test('a device that got in before waits for nobody else at its address', () => {
  const door = new Door()
  door.attempt('good', '192.0.2.1', 'succeeded')
  door.sprays(50)
  for (let round = 0; round < 50; round++) assert.equal(door.attempt('good', '192.0.2.1', 'succeeded'), 0)
})

test('a name that got in before is not guessed faster for that', () => {
  const door = new Door()
  door.attempt('good', '192.0.2.1', 'succeeded')
  assert.deepEqual(door.fails(8, 'good'), [0, 0, 0, 0, 0, 100, 200, 400])
})

test('a device that comes to the address of an attacker waits once, no longer than the longest wait', () => {
  const door = new Door()
  door.sprays(50)
  for (let attacker = 0; attacker < 5; attacker++) {
    door.begun(`parallel-${attacker}`, '192.0.2.1')
    door.clock.advance(500)
  }
  assert.equal(door.attempt('new', '192.0.2.1', 'succeeded'), 5_000)
  assert.equal(door.attempt('new', '192.0.2.1', 'succeeded'), 0)
})

test('parallel attempts of a failing name are no faster than one after the other, and too many are sent away', () => {
  const door = new Door()
  door.fails(5, 'u')
  const waits: number[] = []
  for (let attempt = door.try('u'); 'wait' in attempt; attempt = door.try('u')) waits.push(attempt.wait)
  assert.deepEqual(waits, [100, 300, 700, 1_500, 3_100])
  const refused = door.try('u')
  assert.ok('reason' in refused)
  assert.equal(refused.reason, Reason.ConnectionRateExceeded)
  assert.match(refused.detail, /as u from 192\.0\.2\.1/)
})

test('whoever was sent away has a try once those who wait had theirs', () => {
  const door = new Door()
  door.fails(12, 'u')
  const first = door.begun('u', '192.0.2.1')
  assert.ok('reason' in door.try('u'))
  door.clock.advance(first.wait)
  first.failed()
  assert.equal(door.attempt('u', '192.0.2.1', 'succeeded'), 5_000)
  assert.equal(door.begun('u', '192.0.2.1').wait, 0)
})

test('parallel attempts under many names at a failing address are spaced', () => {
  const door = new Door()
  door.sprays(30)
  let let_in = 0
  for (let step = 0; step < 1_000; step++) {
    if ('wait' in door.try(`name-${step}`)) let_in++
    door.clock.advance(10)
  }
  assert.ok(let_in >= 19 && let_in <= 21, `${let_in} in ten seconds`)
})

test('attempts of a name that never failed wait for nothing, a thousand at a time', () => {
  const door = new Door()
  const attempts = Array.from({ length: 1_000 }, () => door.begun('fleet', '192.0.2.1'))
  assert.ok(attempts.every(({ wait }) => wait === 0))
  assert.ok('reason' in door.try('fleet'))
  attempts[0]?.succeeded()
  assert.equal(door.begun('fleet', '192.0.2.1').wait, 0)
})

test('an attempt ends once', () => {
  const door = new Door()
  door.fails(4, 'u')
  const attempt = door.begun('u', '192.0.2.1')
  attempt.failed()
  attempt.succeeded()
  attempt.failed()
  assert.equal(door.begun('u', '192.0.2.1').wait, 100)
})

test('an IPv6 network of 64 bits is one address', () => {
  const door = new Door()
  for (let index = 0; index < 20; index++) door.attempt('u', `2001:db8:0:1::${index.toString(16)}`, 'failed')
  assert.equal(door.begun('u', '2001:db8:0:1:ffff::1').wait, 5_000)
  assert.equal(door.begun('u', '2001:db8:0:2::1').wait, 0)
})

test('clients without an address share their listener', () => {
  const door = new Door()
  for (let index = 0; index < 20; index++) door.attempt('u', '', 'failed')
  const elsewhere = door.try('u', '', 'other')
  assert.ok('wait' in elsewhere && elsewhere.wait === 0)
  assert.equal(door.begun('u', '').wait, 5_000)
})

test('clients on this machine wait, too, unless it is said that they do not', () => {
  for (const [loopback, wait] of [
    [true, 100],
    [false, 0],
  ] as const) {
    const door = new Door({ loopback })
    door.fails(5, 'u', '127.0.0.1')
    assert.equal(door.begun('u', '127.0.0.1').wait, wait)
  }
})

test('without a longest wait nobody waits, and nothing is remembered', () => {
  const door = new Door({ maximumDelay: 0 })
  assert.ok(door.fails(50, 'u').every((wait) => wait === 0))
  assert.equal(door.throttle.size, 0)
})

test('whatever is tried, memory is bounded', () => {
  const door = new Door({ entries: 100 })
  const outcomes = ['failed', 'succeeded', 'abandoned'] as const
  for (let index = 0; index < 5_000; index++) {
    const attempt = door.try(`${index}-${'n'.repeat(index)}`, `10.0.${index >> 8}.${index & 255}`)
    if ('wait' in attempt) attempt[outcomes[index % 3]]()
  }
  assert.ok(door.throttle.size <= 300, `${door.throttle.size}`)
})

test('in any order of attempts, waits stay between nothing and the longest, and grow with failures', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '::1', ''),
    outcome: fc.constantFrom('failed', 'succeeded', 'abandoned', 'left'),
    pause: fc.nat(40_000),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const door = new Door({ free: 2 })
      for (const { name, address, outcome, pause } of steps) {
        const attempt = door.try(name, address)
        door.clock.advance(pause)
        if ('reason' in attempt) continue
        assert.ok(attempt.wait >= 0 && attempt.wait <= 5_000)
        if (outcome !== 'left') attempt[outcome]()
      }
    }),
    { numRuns: 200 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), (count, free) => {
      const waits = new Door({ free }).fails(count, 'u')
      for (let index = 1; index < count; index++) assert.ok((waits[index] ?? 0) >= (waits[index - 1] ?? 0))
    }),
    { numRuns: 100 },
  )
})

test('whatever an attacker at the same address does, a name that got in before gets in again at once', () => {
  const move = fc.record({ name: fc.nat(20), parallel: fc.integer({ min: 1, max: 30 }), pause: fc.nat(2_000) })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const door = new Door()
      door.attempt('good', '192.0.2.1', 'succeeded')
      for (const { name, parallel, pause } of moves) {
        const attempts = Array.from({ length: parallel }, (_, index) => door.try(`guess-${name}-${index}`))
        door.clock.advance(pause)
        for (const attempt of attempts) if ('wait' in attempt) attempt.failed()
        assert.equal(door.attempt('good', '192.0.2.1', 'succeeded'), 0)
      }
    }),
    { numRuns: 100 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timer, Wheel } from '../../../src/base/wheel.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { fc } from '../../kit/fast-check.ts'

test('timers fire once, at their time or at most 200 ms later, however far away', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(delays, fc.integer({ min: 1, max: 5_000 }), (milliseconds, step) => {
      const clock = new FakeClock()
      const wheel = new Wheel(clock)
      clock.advance(step)
      const begun = clock.now()
      const fired = milliseconds.map(() => 0)
      for (const [index, ms] of milliseconds.entries()) {
        wheel.set(new Timer(() => (fired[index] = fired[index] === 0 ? clock.now() : -1)), ms)
      }
      clock.advance(401_000)
      for (const [index, ms] of milliseconds.entries()) {
        const late = (fired[index] ?? 0) - begun - ms
        assert.ok(late >= 0 && late <= 200, `a timer of ${ms} ms was ${late} ms late`)
      }
      wheel.close()
    }),
    { numRuns: 30 },
  )
})

test('a timer set again fires at the new time only', () => {
  const { clock, wheel, fired, timer } = one()
  wheel.set(timer, 1_000)
  clock.advance(500)
  wheel.set(timer, 5_000)
  clock.advance(4_900)
  assert.deepEqual(fired, [])
  clock.advance(400)
  assert.equal(fired.length, 1)
})

test('a cancelled timer does not fire, and can be set again', () => {
  const { clock, wheel, fired, timer } = one()
  wheel.cancel(timer)
  wheel.set(timer, 1_000)
  wheel.cancel(timer)
  clock.advance(5_000)
  assert.deepEqual(fired, [])
  wheel.set(timer, 1_000)
  clock.advance(1_200)
  assert.equal(fired.length, 1)
})

test('a timer may set itself again, and others, while it fires', () => {
  const clock = new FakeClock()
  const wheel = new Wheel(clock)
  let rounds = 0
  const timer: Timer = new Timer(() => {
    rounds++
    wheel.set(timer, 0)
  })
  wheel.set(timer, 0)
  clock.advance(2_000)
  assert.ok(rounds > 1 && rounds <= 10)
})

test('a timer that another one cancels in the same tick does not fire', () => {
  const clock = new FakeClock()
  const wheel = new Wheel(clock)
  const fired: string[] = []
  const second = new Timer(() => fired.push('second'))
  wheel.set(
    new Timer(() => {
      fired.push('first')
      wheel.cancel(second)
    }),
    100,
  )
  wheel.set(second, 100)
  clock.advance(1_000)
  assert.deepEqual(fired, ['first'])
})

test('a clock that jumps far ahead fires everything that was due', () => {
  const clock = new FakeClock()
  const wheel = new Wheel(clock)
  let fired = 0
  for (let ms = 0; ms < 300_000; ms += 1_000) wheel.set(new Timer(() => fired++), ms)
  const slept = clock.now() + 3_600_000
  clock.now = () => slept
  clock.advance(400)
  assert.equal(fired, 300)
})

test('a closed wheel fires nothing', () => {
  const { clock, wheel, fired, timer } = one()
  wheel.set(timer, 100)
  wheel.close()
  clock.advance(1_000)
  assert.deepEqual(fired, [])
})

function one() {
  const clock = new FakeClock()
  const fired: number[] = []
  return { clock, wheel: new Wheel(clock), fired, timer: new Timer(() => fired.push(clock.now())) }
}

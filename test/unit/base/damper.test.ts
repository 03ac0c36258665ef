import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Damper } from '../../../src/base/damper.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

test('so many a second go through, and the next that does says how many did not', () => {
  const clock = new FakeClock()
  const damper = new Damper(clock, 2)
  assert.deepEqual([damper.admit(), damper.admit(), damper.admit(), damper.admit()], [0, 0, null, null])
  clock.advance(999)
  assert.equal(damper.admit(), null)
  clock.advance(1)
  assert.deepEqual([damper.admit(), damper.admit(), damper.admit()], [3, 0, null])
})

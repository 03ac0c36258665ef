import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ring } from '../../../src/base/ring.ts'
import { heapUsed } from '../../fuzz/heap.ts'
import { fc } from '../../kit/fast-check.ts'

test('a ring behaves as an array used as a queue', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('push' as const) },
    { weight: 5, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constantFrom('clear' as const, 'drain' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const ring = new Ring<number>()
      const model: number[] = []
      for (const [index, what] of steps.entries()) {
        if (what === 'push') {
          ring.push(index)
          model.push(index)
        } else if (what === 'shift') assert.equal(ring.shift(), model.shift())
        else if (what === 'drain') assert.deepEqual(ring.drain(), model.splice(0))
        else {
          ring.clear()
          model.length = 0
        }
        assert.equal(ring.length, model.length)
        assert.equal(ring.peek(), model[0])
      }
    }),
  )
})

test('a ring lets go of what was taken out', async () => {
  const ring = new Ring<object>()
  const kept = new WeakRef(fill(ring))
  ring.shift()
  await new Promise((resolve) => setImmediate(resolve))
  heapUsed()
  assert.equal(kept.deref(), undefined)
  assert.equal(ring.length, 1)
})

function fill(ring: Ring<object>): object {
  const first = { first: true }
  ring.push(first)
  ring.push({ second: true })
  return first
}

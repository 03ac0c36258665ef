import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turn } from '../../../src/base/turn.ts'

const fail = (error: unknown) => {
  throw error
}
const next = () => new Promise((resolve) => setImmediate(resolve))

test('what is enlisted is flushed at the end of the turn, in order', async () => {
  const turn = new Turn(fail)
  const flushed: string[] = []
  for (const name of ['a', 'b', 'c']) turn.enlist({ flush: () => flushed.push(name) })
  await Promise.resolve()
  assert.deepEqual(flushed, [])
  await next()
  assert.deepEqual(flushed, ['a', 'b', 'c'])
  await next()
  assert.deepEqual(flushed, ['a', 'b', 'c'])
})

test('what is enlisted while others are flushed waits for the next turn', async () => {
  const turn = new Turn(fail)
  const flushed: string[] = []
  const late = { flush: () => flushed.push('late') }
  turn.enlist({
    flush: () => {
      flushed.push('early')
      turn.enlist(late)
    },
  })
  await next()
  assert.deepEqual(flushed, ['early'])
  await next()
  assert.deepEqual(flushed, ['early', 'late'])
})

test('an exception in one item is told, and the others are flushed all the same', async () => {
  const failures: unknown[] = []
  const turn = new Turn((error) => failures.push(error))
  const flushed: string[] = []
  const broken = new Error('mine')
  turn.enlist({
    flush: () => {
      throw broken
    },
  })
  turn.enlist({ flush: () => flushed.push('other') })
  await next()
  assert.deepEqual(flushed, ['other'])
  assert.deepEqual(failures, [broken])
})

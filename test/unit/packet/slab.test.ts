import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slab } from '../../../src/packet/slab.ts'

test('what fits stays in the same piece of memory', () => {
  const slab = new Slab(4_096)
  const { bytes } = slab
  slab.reserve(bytes.length)
  assert.equal(slab.bytes, bytes)
  assert.equal(slab.at, 0)
})

test('when room runs out new memory is taken, and the old is left as it was', () => {
  const slab = new Slab(4_096)
  const old = slab.bytes
  slab.reserve(old.length)
  old.fill(7)
  slab.at = old.length
  slab.reserve(1)
  assert.notEqual(slab.bytes, old)
  assert.equal(slab.at, 0)
  slab.bytes.fill(9)
  assert.equal(
    old.every((byte) => byte === 7),
    true,
  )
})

test('a packet larger than a piece gets one of its own size', () => {
  const slab = new Slab(4_096)
  slab.at = 5
  slab.reserve(1_000_000)
  assert.equal(slab.at, 0)
  assert.equal(slab.bytes.length >= 1_000_000, true)
})

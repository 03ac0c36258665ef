import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stream, Tally } from '../../../src/cli/bench/tally.ts'
import { fc } from '../../kit/fast-check.ts'

function taken(sequences: readonly number[]): Tally {
  const tally = new Tally()
  const stream = new Stream(tally)
  for (const sequence of sequences) stream.take(sequence)
  return tally
}

test('messages in order are delivered and nothing else', () => {
  const { delivered, distinct, duplicates, reordered, missing } = taken([0, 1, 2, 3])
  assert.deepEqual(
    { delivered, distinct, duplicates, reordered, missing },
    { delivered: 4, distinct: 4, duplicates: 0, reordered: 0, missing: 0 },
  )
})

test('a gap counts as missing until it is filled, then as reordered', () => {
  assert.equal(taken([0, 3]).missing, 2)
  const filled = taken([0, 3, 1, 2])
  assert.equal(filled.missing, 0)
  assert.equal(filled.reordered, 2)
  assert.equal(filled.duplicates, 0)
})

test('a copy counts as a duplicate, whether it comes at once or late', () => {
  assert.equal(taken([0, 0]).duplicates, 1)
  assert.equal(taken([0, 1, 2, 0]).duplicates, 1)
  assert.equal(taken([0, 2, 1, 1]).duplicates, 1)
})

test('a gap larger than what is remembered is still counted exactly', () => {
  assert.equal(taken([0, 200_001]).missing, 200_000)
})

test('any loss, copy and swap of a stream is told apart', () => {
  const fate = fc.constantFrom('once', 'twice', 'lost')
  fc.assert(
    fc.property(fc.array(fate, { minLength: 1, maxLength: 60 }), fc.integer(), (fates, seed) => {
      const arrivals = shuffled(
        fates.flatMap((one, sequence) => (one === 'lost' ? [] : one === 'twice' ? [sequence, sequence] : [sequence])),
        seed,
      )
      const tally = taken(arrivals)
      const distinct = fates.filter((one) => one !== 'lost').length
      const highest = Math.max(-1, ...arrivals)
      assert.equal(tally.distinct, distinct)
      assert.equal(tally.duplicates, arrivals.length - distinct)
      assert.equal(tally.missing, highest + 1 - distinct)
    }),
  )
})

function shuffled(values: readonly number[], seed: number): number[] {
  let state = seed
  return values
    .map((value) => ({ value, rank: (state = (Math.imul(state, 1_103_515_245) + 12_345) | 0) }))
    .toSorted((left, right) => left.rank - right.rank)
    .map(({ value }) => value)
}

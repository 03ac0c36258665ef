import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterOf, Sequence, topicOf } from '../../../src/cli/bench/filters.ts'

function matches(filter: string, topic: string): boolean {
  const expression = filter.replaceAll('+', '[^/]+').replace(/\/#$/, '(/.*)?')
  return new RegExp(`^${expression}$`).test(topic)
}

test('each topic is matched by its own filter and by no other', () => {
  const filters = Array.from({ length: 300 }, (_, index) => filterOf(index))
  assert.equal(new Set(filters).size, filters.length)
  const choices = new Sequence()
  for (let round = 0; round < 300; round++) {
    const index = choices.next(filters.length)
    const topic = topicOf(index, choices.next(1_000))
    const matching = filters.flatMap((filter, number) => (matches(filter, topic) ? [number] : []))
    assert.deepEqual(matching, [index])
  }
})

test('the choices are the same in every run and reach every filter', () => {
  const [left, right] = [new Sequence(), new Sequence()]
  const seen = new Set<number>()
  for (let round = 0; round < 2_000; round++) {
    const choice = left.next(100)
    assert.equal(choice, right.next(100))
    seen.add(choice)
  }
  assert.equal(seen.size, 100)
})

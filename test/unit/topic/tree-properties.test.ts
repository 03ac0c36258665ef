import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPattern, matches, parseFilter } from '../../../src/topic/filter.ts'
import { Tree } from '../../../src/topic/tree.ts'
import { fc } from '../../kit/fast-check.ts'

interface Entry {
  readonly pattern: string
}

// Few different levels, so that random filters and topics meet often.
const level = fc.constantFrom('', 'a', 'b', 'c', '$', '$SYS', 'aa', 'ä')
const topic = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const pattern = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: level }, { weight: 2, arbitrary: fc.constant('+') }), { maxLength: 4 }),
    fc.constantFrom(null, '#', 'a'),
  )
  .map(([levels, last]) => (last === null ? levels : [...levels, last]).join('/'))
  .filter((text) => text !== '')

/** The rules of MQTT 4.7 once more, by another road: the filter as a regular expression. */
function model(filter: string, name: string): boolean {
  if (/^[+#]/.test(filter) && name.startsWith('$')) return false
  if (filter === '#') return true
  const source = filter
    .replace(/\/#$/, '\u0001')
    .replace(/[$]/g, '\\$&')
    .replace(/\+/g, '[^/]*')
    .replace('\u0001', '(/.*)?')
  return new RegExp(`^${source}$`, 'su').test(name)
}

function found(tree: Tree<Entry>, name: string): string[] {
  const into: Entry[] = []
  tree.match(name, into)
  return into.map((one) => one.pattern).sort()
}

test('the generated filters are valid', () => {
  fc.assert(fc.property(pattern, (text) => isPattern(text)))
})

test('filters whose levels share their hash are told apart', () => {
  // One seed in many makes levels collide; with very many different levels some do with any seed.
  const tree = new Tree<Entry>()
  const entries = Array.from({ length: 120_000 }, (_, index) => ({ pattern: `l${index}` }))
  for (const one of entries) tree.add(one)
  for (const one of entries) assert.deepEqual(found(tree, one.pattern), [one.pattern])
  for (const one of entries) tree.remove(one)
  assert.deepEqual([tree.size, tree.nodes], [0, 0])
})

test('one filter matches one topic exactly when the model says so', () => {
  fc.assert(
    fc.property(pattern, topic, (filter, name) => assert.equal(matches(filter, name), model(filter, name))),
    { numRuns: 2_000 },
  )
})

test('the tree finds exactly the filters that match, also after some were removed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(pattern, fc.boolean()), { maxLength: 40 }),
      fc.array(topic, { maxLength: 10 }),
      (filters, names) => {
        const tree = new Tree<Entry>()
        const entries = filters.map(([text, stays]) => ({ pattern: text, stays }))
        for (const one of entries) tree.add(one)
        for (const one of entries) if (!one.stays) assert.equal(tree.remove(one), true)
        const left = entries.filter((one) => one.stays)
        assert.equal(tree.size, left.length)
        for (const name of names) {
          const expected = left.map((one) => one.pattern).filter((text) => model(text, name))
          assert.deepEqual(found(tree, name), expected.sort(), name)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('the order of adding and of removing does not matter: at the end the tree is empty', () => {
  const list = fc.array(pattern, { maxLength: 30 })
  fc.assert(
    fc.property(
      list.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length }))),
      ([filters, order]) => {
        const tree = new Tree<Entry>()
        const entries = filters.map((text) => ({ pattern: text }))
        for (const one of entries) tree.add(one)
        for (const index of order) assert.equal(tree.remove(entries[index]!), true)
        assert.equal(tree.size, 0)
        assert.equal(tree.nodes, 0)
      },
    ),
    { numRuns: 300 },
  )
})

test('any text at all is parsed or refused, and what is accepted can be added and found', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[$+#/a]{0,12}$/),
    fc.string().map((text) => `$share/${text}`),
  )
  fc.assert(
    fc.property(anything, (text) => {
      const filter = parseFilter(text)
      if (filter === null) return
      const tree = new Tree<Entry>()
      const value = { pattern: filter.pattern }
      tree.add(value)
      const name = filter.pattern.replaceAll('+', 'x').replace('#', 'x')
      const dollar = name.startsWith('$') && /^[+#]/.test(filter.pattern)
      if (name !== '' && !dollar) assert.deepEqual(found(tree, name), [filter.pattern])
      assert.equal(tree.remove(value), true)
    }),
    { numRuns: 2_000 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tree } from '../../../src/topic/tree.ts'

interface Entry {
  readonly pattern: string
}

const entry = (pattern: string): Entry => ({ pattern })

function treeOf(...patterns: readonly string[]): Tree<Entry> {
  const tree = new Tree<Entry>()
  for (const pattern of patterns) tree.add(entry(pattern))
  return tree
}

function found(tree: Tree<Entry>, topic: string): string[] {
  const into: Entry[] = []
  tree.match(topic, into)
  return into.map((one) => one.pattern).sort()
}

test('a topic finds the values of every filter that matches it', () => {
  const tree = treeOf('a/b', 'a/+', '+/b', '+/+', 'a/#', '#', 'a/b/#', '+/b/#', 'a', 'a/b/c', '/a/b', 'a/b/')
  assert.deepEqual(found(tree, 'a/b'), ['#', '+/+', '+/b', '+/b/#', 'a/#', 'a/+', 'a/b', 'a/b/#'])
})

test('matching appends to what the array holds', () => {
  const into = [entry('before')]
  treeOf('a').match('a', into)
  assert.deepEqual(into, [entry('before'), entry('a')])
})

test('wildcards in the first level do not match topics that begin with $ [MQTT-4.7.2-1]', () => {
  const tree = treeOf('#', '+/a', '+', '+/#', '$SYS/#', '$SYS/+', '$SYS/a', 'x/#')
  assert.deepEqual(found(tree, '$SYS/a'), ['$SYS/#', '$SYS/+', '$SYS/a'])
  assert.deepEqual(found(tree, 'x/$SYS'), ['#', '+/#', 'x/#'])
})

test('that very value is removed, and others with the same filter stay', () => {
  const tree = new Tree<Entry>()
  const [one, two] = [entry('a'), entry('a')]
  tree.add(one)
  tree.add(two)
  assert.equal(tree.remove(entry('a')), false)
  assert.equal(tree.remove(entry('a/b')), false)
  assert.equal(tree.remove(one), true)
  assert.equal(tree.remove(one), false)
  assert.deepEqual(found(tree, 'a'), ['a'])
  assert.equal(tree.size, 1)
})

test('`a` and `a/#` are different filters', () => {
  const tree = treeOf('a', 'a/#')
  assert.deepEqual(found(tree, 'a'), ['a', 'a/#'])
  assert.deepEqual(found(tree, 'a/b'), ['a/#'])
})

test('the version changes with every change, and only then', () => {
  const tree = new Tree<Entry>()
  const value = entry('a')
  const versions = [tree.version]
  tree.add(value)
  versions.push(tree.version)
  tree.match('a', [])
  tree.remove(entry('b'))
  assert.equal(tree.version, versions[1])
  tree.remove(value)
  versions.push(tree.version)
  assert.equal(new Set(versions).size, 3)
})

test('many values at one filter are all found, and gone after they are removed in any order', () => {
  const tree = new Tree<Entry>()
  const values = Array.from({ length: 4_000 }, (_, index) => entry(index % 2 === 0 ? 'many/+' : 'many/#'))
  for (const value of values) tree.add(value)
  assert.equal(found(tree, 'many/x').length, 4_000)
  const into: Entry[] = []
  tree.match('many/x', into)
  assert.equal(new Set(into).size, 4_000)
  for (let index = 0; index < 2_000; index++) {
    for (const value of [values[index], values[3_999 - index]])
      assert.equal(value !== undefined && tree.remove(value), true)
    assert.equal(tree.size, 4_000 - 2 * (index + 1))
  }
  assert.deepEqual(found(tree, 'many/x'), [])
  assert.equal(tree.nodes, 0)
})

test('a filter of many levels does not exhaust the stack', () => {
  const tree = treeOf('a/'.repeat(2_000), '+/'.repeat(2_000))
  assert.equal(found(tree, 'a/'.repeat(2_000)).length, 2)
})

test('filters that are gone leave no nodes behind, and their numbers are used again', () => {
  const tree = new Tree<Entry>()
  const values = Array.from({ length: 20_000 }, (_, index) => entry(`gone/${index % 97}/+/${index}/#`))
  for (let round = 0; round < 3; round++) {
    for (const value of values) tree.add(value)
    assert.equal(tree.nodes, 1 + 97 + 97 + 20_000)
    assert.deepEqual(found(tree, 'gone/5/x/5/y'), ['gone/5/+/5/#'])
    for (const value of values) tree.remove(value)
    assert.deepEqual([tree.nodes, tree.size], [0, 0])
  }
})

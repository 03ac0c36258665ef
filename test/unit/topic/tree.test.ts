import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tree } from '../../../src/topic/tree.ts'
import { heapUsed } from '../../fuzz/heap.ts'

interface Entry {
  readonly name: string
}

const entry = (name: string): Entry => ({ name })

function found(tree: Tree<Entry>, topic: string): string[] {
  const into: Entry[] = []
  tree.match(topic, into)
  return into.map((one) => one.name).sort()
}

test('a topic finds the values of every filter that matches it', () => {
  const tree = new Tree<Entry>()
  for (const pattern of ['a/b', 'a/+', '+/b', '+/+', 'a/#', '#', 'a/b/#', '+/b/#', 'a', 'a/b/c', '/a/b', 'a/b/'])
    tree.add(pattern, entry(pattern))
  assert.deepEqual(found(tree, 'a/b'), ['#', '+/+', '+/b', '+/b/#', 'a/#', 'a/+', 'a/b', 'a/b/#'])
})

test('matching appends to what the array holds', () => {
  const tree = new Tree<Entry>()
  tree.add('a', entry('x'))
  const into = [entry('before')]
  tree.match('a', into)
  assert.deepEqual(
    into.map((one) => one.name),
    ['before', 'x'],
  )
})

test('wildcards in the first level do not match topics that begin with $ [MQTT-4.7.2-1]', () => {
  const tree = new Tree<Entry>()
  for (const pattern of ['#', '+/a', '+', '+/#', '$SYS/#', '$SYS/+', '$SYS/a', 'x/#']) tree.add(pattern, entry(pattern))
  assert.deepEqual(found(tree, '$SYS/a'), ['$SYS/#', '$SYS/+', '$SYS/a'])
  assert.deepEqual(found(tree, 'x/$SYS'), ['#', '+/#', 'x/#'])
})

test('a value is removed from the filter it was added with, and from that alone', () => {
  const tree = new Tree<Entry>()
  const value = entry('x')
  for (const pattern of ['a', 'a/#', '+']) tree.add(pattern, value)
  assert.equal(tree.remove('a/+', value), false)
  assert.equal(tree.remove('a', entry('x')), false)
  assert.equal(tree.remove('a', value), true)
  assert.equal(tree.remove('a', value), false)
  assert.deepEqual(found(tree, 'a'), ['x', 'x'])
  assert.equal(tree.size, 2)
})

test('`a` and `a/#` are different filters', () => {
  const tree = new Tree<Entry>()
  tree.add('a', entry('closed'))
  tree.add('a/#', entry('open'))
  assert.equal(tree.get('a', () => true)?.name, 'closed')
  assert.equal(tree.get('a/#', () => true)?.name, 'open')
  assert.equal(
    tree.get('#', () => true),
    null,
  )
})

test('get finds, of several values, the one that is asked for', () => {
  const tree = new Tree<Entry>()
  for (const name of ['x', 'y', 'z']) tree.add('a/+', entry(name))
  assert.equal(tree.get('a/+', (one) => one.name === 'y')?.name, 'y')
  assert.equal(
    tree.get('a/+', (one) => one.name === 'q'),
    null,
  )
  assert.equal(
    tree.get('a/b', () => true),
    null,
  )
})

test('the version changes with every change, and only then', () => {
  const tree = new Tree<Entry>()
  const value = entry('x')
  const versions = [tree.version]
  tree.add('a', value)
  versions.push(tree.version)
  tree.match('a', [])
  tree.get('a', () => true)
  tree.remove('b', value)
  assert.equal(tree.version, versions[1])
  tree.remove('a', value)
  versions.push(tree.version)
  assert.equal(new Set(versions).size, 3)
})

test('many values at one filter are all found, and gone after they are removed in any order', () => {
  const tree = new Tree<Entry>()
  const values = Array.from({ length: 2_000 }, (_, index) => entry(`v${index}`))
  for (const pattern of ['many/+', 'many/#']) for (const value of values) tree.add(pattern, value)
  assert.equal(new Set(found(tree, 'many/x')).size, 2_000)
  assert.equal(found(tree, 'many/x').length, 4_000)
  values.forEach((value, index) => {
    assert.equal(tree.remove('many/+', values.at(-1 - index) ?? value), true)
    assert.equal(tree.remove('many/#', value), true)
  })
  assert.deepEqual(found(tree, 'many/x'), [])
  assert.equal(tree.size, 0)
})

test('a filter of many levels does not exhaust the stack', () => {
  const tree = new Tree<Entry>()
  const topic = 'a/'.repeat(2_000)
  tree.add(topic, entry('deep'))
  tree.add('+/'.repeat(2_000), entry('single'))
  assert.deepEqual(found(tree, topic), ['deep', 'single'])
})

test('filters that are gone leave no memory behind', () => {
  const tree = new Tree<Entry>()
  const value = entry('x')
  const patterns = Array.from({ length: 20_000 }, (_, index) => `gone/${index % 97}/+/${index}/#`)
  const before = heapUsed()
  for (const pattern of patterns) tree.add(pattern, value)
  const full = heapUsed() - before
  for (const pattern of patterns) tree.remove(pattern, value)
  const left = heapUsed() - before
  assert.ok(left < full / 10, `${left} of ${full} bytes are left`)
  assert.equal(tree.size, 0)
})

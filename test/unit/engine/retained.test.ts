import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counters } from '../../../src/base/counters.ts'
import type { Message } from '../../../src/engine/message.ts'
import { Retained } from '../../../src/engine/retained.ts'
import { RetainedTree } from '../../../src/engine/retained-tree.ts'
import { defaultSettings, type Settings } from '../../../src/engine/settings.ts'
import { Bench } from './kit.ts'

function store(settings: Partial<Settings> = {}) {
  const bench = new Bench()
  const counters = new Counters()
  const retained = new Retained(new RetainedTree(), { ...defaultSettings, ...settings }, counters)
  const weigh = (topic: string, payload: string) => bench.message(topic, payload).weight
  const put = (topic: string, payload = topic, expiresAt = Number.POSITIVE_INFINITY) =>
    retained.set(bench.message(topic, payload, { retain: true, expiresAt }))
  bench[Symbol.dispose]()
  return { retained, counters, put, weigh }
}

function found(retained: Retained, filter: string): readonly string[] {
  return messages(retained.matching(filter))
    .map(({ topic }) => topic.text)
    .sort()
}

function messages(search: Iterator<Message | null>): readonly Message[] {
  const all: Message[] = []
  for (let next = search.next(); next.done !== true; next = search.next()) if (next.value !== null) all.push(next.value)
  return all
}

test('a topic has one retained message, the latest', () => {
  const { retained, counters, put, weigh } = store()
  assert.ok(put('a/b', 'first'))
  assert.ok(put('a/b', 'second'))
  assert.equal(retained.get('a/b')?.payload.toString(), 'second')
  assert.equal(counters.retained, 1)
  assert.equal(counters.retainedBytes, weigh('a/b', 'second'))
})

test('a topic is found by itself only, not by what is above or below', () => {
  const { retained, put } = store()
  put('a/b/c')
  for (const topic of ['a', 'a/b', 'a/b/c/d', 'a/b/', '/a/b/c', '']) assert.equal(retained.get(topic), null)
})

test('filters find what they match [MQTT-4.7.1-2] [MQTT-4.7.1-3]', () => {
  const { retained, put } = store()
  for (const topic of ['a', 'a/b', 'a/b/c', 'a//c', '/a', 'b/b/c', 'a/b/c/d']) put(topic)
  assert.deepEqual(found(retained, 'a/#'), ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a//c'].sort())
  assert.deepEqual(found(retained, 'a/+'), ['a/b'])
  assert.deepEqual(found(retained, 'a/+/c'), ['a//c', 'a/b/c'])
  assert.deepEqual(found(retained, '+/b/c'), ['a/b/c', 'b/b/c'])
  assert.deepEqual(found(retained, '+/+'), ['/a', 'a/b'])
  assert.deepEqual(found(retained, '#').length, 7)
  assert.deepEqual(found(retained, 'c/#'), [])
})

test('wildcards at the beginning do not find topics that begin with $ [MQTT-4.7.2-1]', () => {
  const { retained, put } = store()
  for (const topic of ['$SYS/uptime', 'a/$b', 'a/b']) put(topic)
  assert.deepEqual(found(retained, '#'), ['a/$b', 'a/b'])
  assert.deepEqual(found(retained, '+/uptime'), [])
  assert.deepEqual(found(retained, '$SYS/#'), ['$SYS/uptime'])
  assert.deepEqual(found(retained, 'a/+'), ['a/$b', 'a/b'])
})

test('what is deleted is gone, and counted out', () => {
  const { retained, counters, put } = store()
  put('a/b')
  put('a/b/c')
  assert.equal(retained.delete('a/b'), true)
  assert.equal(retained.delete('a/b'), false)
  assert.equal(retained.delete('a'), false)
  assert.deepEqual(found(retained, '#'), ['a/b/c'])
  assert.equal(retained.delete('a/b/c'), true)
  assert.equal(counters.retained, 0)
  assert.equal(counters.retainedBytes, 0)
})

test('no more messages are stored than may be', () => {
  const { retained, counters, put } = store({ maximumRetained: 2 })
  assert.ok(put('a') && put('b'))
  assert.equal(put('c'), false)
  assert.ok(put('a', 'in place of the other'))
  assert.deepEqual(found(retained, '#'), ['a', 'b'])
  assert.equal(counters.retained, 2)
})

test('no more bytes are stored than may be, and a message that does not fit leaves its topic empty', () => {
  const { retained, counters, put } = store({ maximumRetainedBytes: 2 * store().weigh('a', '123456789') })
  assert.ok(put('a', '123456789'))
  assert.equal(put('b', '12345678901'), false)
  assert.equal(put('a', 'x'.repeat(1_000)), false)
  assert.deepEqual(found(retained, '#'), [])
  assert.equal(counters.retainedBytes, 0)
})

test('sweeps remove what has expired, a few at a time, and nothing else', () => {
  const { retained, counters, put } = store()
  for (let index = 0; index < 100; index++) put(`t/${index}`, 'x', index % 2 === 0 ? 5_000 : 10_000)
  put('for/ever')
  retained.sweep(4_999, 1_000)
  assert.equal(counters.retained, 101)
  retained.sweep(5_000, 30)
  assert.ok(counters.retained < 101 && counters.retained >= 71)
  for (let round = 0; round < 10; round++) retained.sweep(5_000, 30)
  assert.equal(counters.retained, 51)
  for (let round = 0; round < 10; round++) retained.sweep(10_000, 30)
  assert.deepEqual(found(retained, '#'), ['for/ever'])
})

test('a search goes on while messages come and go', () => {
  const { retained, put } = store()
  for (let index = 0; index < 10; index++) put(`t/${index}`)
  const search = retained.matching('t/+')
  search.next()
  for (let index = 5; index < 10; index++) retained.delete(`t/${index}`)
  put('u/1')
  assert.deepEqual(
    messages(search).map(({ topic }) => topic.text),
    ['t/1', 't/2', 't/3', 't/4'],
  )
})

test('a search that finds nothing gives way now and then', () => {
  const { retained, put } = store()
  for (let index = 0; index < 5_000; index++) put(`t/${index}/x`)
  const search = retained.matching('t/+/y')
  let pauses = 0
  for (let next = search.next(); next.done !== true; next = search.next()) if (next.value === null) pauses++
  assert.ok(pauses >= 5)
})

test('a topic of many levels is stored, found and deleted', () => {
  const { retained, put } = store()
  const deep = Array.from({ length: 2_000 }, () => 'a').join('/')
  put(deep)
  assert.equal(retained.get(deep)?.topic.text, deep)
  assert.deepEqual(found(retained, '#'), [deep])
  assert.equal(retained.delete(deep), true)
})

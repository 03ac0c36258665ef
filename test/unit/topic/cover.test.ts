import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, overlaps } from '../../../src/topic/cover.ts'

const levels = ['', 'a', '$x']
// `z` and `$z` are in no filter: what stands for every level stands for them, too.
const topics = combinations([...levels, 'z', '$z'], 4).filter((topic) => topic !== '')
const filters = [
  ...new Set([...combinations([...levels, '+'], 3), ...combinations([...levels, '+'], 2).map(open), '#']),
].filter((filter) => filter !== '')

test('a filter covers another when it matches every topic the other matches', () => {
  const matched = filters.map(matchedBy)
  filters.forEach((filter, one) => {
    filters.forEach((other, two) => {
      const expected = (matched[two] & ~matched[one]) === 0n
      if (covers(filter, other) !== expected) assert.fail(`covers('${filter}', '${other}') is not ${expected}`)
    })
  })
})

test('two filters overlap when some topic is matched by both', () => {
  const matched = filters.map(matchedBy)
  filters.forEach((filter, one) => {
    filters.forEach((other, two) => {
      const expected = (matched[two] & matched[one]) !== 0n
      if (overlaps(filter, other) !== expected) assert.fail(`overlaps('${filter}', '${other}') is not ${expected}`)
    })
  })
})

test('wildcards in the first level leave out what begins with $ [MQTT-4.7.2-1]', () => {
  assert.equal(covers('#', '$SYS/#'), false)
  assert.equal(covers('+/a', '$x/a'), false)
  assert.equal(overlaps('+/a', '$x/a'), false)
  assert.equal(overlaps('$SYS/#', '#'), false)
  assert.equal(covers('$SYS/#', '$SYS/+/a'), true)
  assert.equal(covers('a/#', 'a/$x'), true)
})

test('a/# covers a, and +/# covers everything that # does', () => {
  assert.equal(covers('a/#', 'a'), true)
  assert.equal(covers('a/+/#', 'a/#'), false)
  assert.equal(covers('+/#', '#'), true)
  assert.equal(overlaps('a/#', 'a'), true)
})

test('filters of very many levels are compared', () => {
  const deep = 'a/'.repeat(30_000)
  assert.equal(covers(`${deep}#`, `${deep}+/b`), true)
  assert.equal(covers(`${deep}+`, `${deep}#`), false)
  assert.equal(overlaps(`${deep}b`, `${'+/'.repeat(30_000)}+`), true)
  assert.equal(overlaps(`${deep}b`, `${deep}c`), false)
})

test('levels are compared character by character, whatever they look like', () => {
  assert.equal(covers('caf\u00e9', 'cafe\u0301'), false)
  assert.equal(overlaps('\u0430', 'a'), false)
  assert.equal(covers('__proto__/#', '__proto__/constructor'), true)
})

function combinations(of: readonly string[], depth: number): string[] {
  let last = [...of]
  const all = [...last]
  for (let level = 1; level < depth; level++) {
    last = last.flatMap((start) => of.map((next) => `${start}/${next}`))
    all.push(...last)
  }
  return all
}

function open(filter: string): string {
  return `${filter}/#`
}

/** One bit for each topic the filter matches. */
function matchedBy(filter: string): bigint {
  let bits = 0n
  topics.forEach((topic, at) => {
    if (isMatch(filter.split('/'), topic.split('/'), 0)) bits |= 1n << BigInt(at)
  })
  return bits
}

function isMatch([first, ...others]: readonly string[], topic: readonly string[], depth: number): boolean {
  const [level, ...below] = topic
  if (depth === 0 && (first === '+' || first === '#') && level.startsWith('$')) return false
  if (first === '#') return true
  if (first === undefined || level === undefined) return first === level
  return (first === '+' || first === level) && isMatch(others, below, depth + 1)
}

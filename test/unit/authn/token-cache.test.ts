import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenCache } from '../../../src/authn/token/token-cache.ts'

const token = (text: string) => Buffer.from(text)

test('a result is remembered until its time, and no longer', () => {
  const cache = new TokenCache<string>()
  cache.put(token('a'), 'result', 100)
  assert.equal(cache.get(token('a'), 99), 'result')
  assert.equal(cache.get(token('b'), 99), null)
  assert.equal(cache.get(token('a'), 100), null)
  assert.equal(cache.get(token('a'), 99), null)
})

test('those used last are remembered, up to a number', () => {
  const cache = new TokenCache<number>()
  for (let count = 0; count < 4_096; count++) cache.put(token(String(count)), count, 1)
  assert.equal(cache.get(token('0'), 0), 0)
  cache.put(token('more'), 1, 1)
  assert.equal(cache.get(token('0'), 0), 0)
  assert.equal(cache.get(token('1'), 0), null)
  assert.equal(cache.get(token('2'), 0), 2)
  cache.clear()
  assert.equal(cache.get(token('2'), 0), null)
})

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { specifications, tagsIn } from './statements.ts'

test('the tables list every statement of each specification once', () => {
  for (const { statements } of specifications()) {
    const tags = statements.map(({ tag }) => tag)
    assert.equal(new Set(tags).size, tags.length)
  }
  const counts = specifications().map(({ statements }) => statements.filter(({ tag }) => !tag.includes('§')).length)
  assert.deepEqual(counts, [141, 251])
})

test('every tag in the wire tests is a statement of a specification', () => {
  const known = new Set(specifications().flatMap(({ statements }) => statements.map(({ tag }) => tag)))
  const files = globSync(new URL('**/*.test.ts', import.meta.url).pathname)
  assert.ok(files.length > 20)
  for (const file of files) {
    for (const tag of tagsIn(readFileSync(file, 'utf8'))) {
      assert.ok(tag.includes('§') || known.has(tag), `${file} has the unknown tag [${tag}]`)
    }
  }
})

test('tags are read from titles', () => {
  const first = 'MQTT3-1.5.3-1'
  assert.deepEqual(tagsIn(`a thing happens [${first}] [MQTT §2.2.2.2] [not one] [MQTT-x]`), [first, 'MQTT §2.2.2.2'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainPattern } from '../../../../src/authz/policy/pattern.ts'
import { overlapsOf } from '../../../../src/authz/topic-spaces/overlap.ts'
import { fc } from '../../../kit/fast-check.ts'
import { naiveMatches } from './naive.ts'

const words = ['a', 'b', '', '$a']

/** All topics of up to four levels, and the empty text, for which no exception is made here. */
const topics: string[] = words.flatMap((one) => [one, ...longer(one, 3)])

function longer(start: string, levels: number): string[] {
  if (levels === 0) return []
  return words.map((word) => `${start}/${word}`).flatMap((topic) => [topic, ...longer(topic, levels - 1)])
}

const template = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '', '$a', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '')

test('two templates overlap when there is a topic that both match', () => {
  fc.assert(
    fc.property(template, template, (one, other) => {
      const overlaps = overlapsOf([one, other], plainPattern) ?? []
      const both = topics.some((topic) => naiveMatches(one, topic) && naiveMatches(other, topic))
      assert.equal(overlaps.length > 0, both, `${one} ${other}`)
    }),
    { numRuns: 5_000 },
  )
})

test('of many templates those that overlap with one before are found', () => {
  fc.assert(
    fc.property(fc.uniqueArray(template, { maxLength: 12 }), (templates) => {
      const later = new Set((overlapsOf(templates, plainPattern) ?? []).map((overlap) => overlap.later))
      const any = templates.some((one, index) =>
        templates.slice(0, index).some((other) => (overlapsOf([other, one], plainPattern) ?? []).length > 0),
      )
      assert.equal(later.size > 0, any)
    }),
    { numRuns: 1_000 },
  )
})

test('templates of too many shapes are not compared', () => {
  const level = (shape: number, index: number) => ((shape >> index) & 1 ? '+' : 'a')
  const shapes = Array.from({ length: 600 }, (_, shape) =>
    Array.from({ length: 10 }, (_, index) => level(shape, index)),
  )
  const templates = shapes.map((levels) => levels.join('/'))
  assert.equal(overlapsOf(templates, plainPattern), null)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedPermissions } from '../../../../src/authz/permissions/permissions.ts'
import { fc } from '../../../kit/fast-check.ts'
import { Rules, subjectOf } from '../topic-spaces/kit.ts'
import { naiveCovers, naiveMatches } from '../topic-spaces/naive.ts'

const rules = new Rules(carriedPermissions)

test('a client may what came with its identity, and who came with nothing may nothing', () => {
  const client = subjectOf('a', { permissions: { publish: ['out/#'], subscribe: ['in/+', 'news'] } })
  assert.ok(rules.allows(client, 'publish', 'out/1'))
  assert.ok(rules.allows(client, 'will', 'out/1'))
  assert.ok(rules.allows(client, 'subscribe', 'in/+'))
  assert.ok(rules.allows(client, 'receive', 'news'))
  assert.ok(!rules.allows(client, 'publish', 'in/1'))
  assert.ok(!rules.allows(client, 'subscribe', 'in/#'))
  assert.ok(!rules.allows(client, 'receive', 'out/1'))
  assert.equal(rules.decide(client, 'publish', 'out/1').rule?.place.file, 'permissions')
  for (const nobody of [subjectOf('b'), subjectOf('b', { permissions: { publish: [], subscribe: [] } })]) {
    assert.ok(!rules.allows(nobody, 'publish', 'out/1'))
    assert.ok(!rules.allows(nobody, 'subscribe', 'in/+'))
  }
})

const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '', '$a', '+'), { maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '')
const topic = fc
  .array(fc.constantFrom('a', 'b', '', '$a'), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const filters = fc.array(filter, { maxLength: 4 })
const asked = fc.oneof(
  fc.tuple(fc.constantFrom('publish' as const, 'will' as const, 'receive' as const), topic),
  fc.tuple(fc.constant('subscribe' as const), filter),
)

test('100,000 decisions about random permissions are those of a naive reading of them', () => {
  const requests = fc.array(asked, { minLength: 50, maxLength: 50 })
  fc.assert(
    fc.property(filters, filters, requests, (publish, subscribe, questions) => {
      const client = subjectOf('a', { permissions: { publish, subscribe } })
      for (const [action, about] of questions) {
        const writes = action === 'publish' || action === 'will'
        const covers = action === 'subscribe' ? naiveCovers : naiveMatches
        const expected = (writes ? publish : subscribe).some((each) => covers(each, about))
        assert.equal(rules.allows(client, action, about), expected, `${action} ${about}`)
      }
    }),
    { numRuns: 2_000 },
  )
})

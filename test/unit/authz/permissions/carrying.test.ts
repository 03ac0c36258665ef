import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtersFlaw } from '../../../../src/authn/carried-filters.ts'
import { webhook } from '../../../../src/authn/http/http-webhook.ts'
import { readUsersYaml } from '../../../../src/authn/password/users-yaml.ts'
import { ClaimIdentity } from '../../../../src/authn/token/claims-identity.ts'
import { checkToken } from '../../../../src/config/token-check.ts'
import type { Permissions } from '../../../../src/engine/ports.ts'
import { type Json, tokenOptions } from '../../authn/token-kit.ts'
import { subjectOf } from '../topic-spaces/kit.ts'

const options = tokenOptions({ permissions: { publish: 'mqtt.publ', subscribe: 'mqtt.subs' } })

/** What a token lets its client do, or why it is refused. */
function carried(claims: Json): Permissions | string | undefined {
  const identity = new ClaimIdentity(options).of({ sub: 'a', ...claims }, 1)
  return typeof identity === 'string' ? identity : identity.permissions
}

test('claims are lists of filters, or filters with spaces between them', () => {
  const expected = { publish: ['a/b', 'c/#'], subscribe: ['+/x'] }
  assert.deepEqual(carried({ mqtt: { publ: ['a/b', 'c/#'], subs: '+/x' } }), expected)
  assert.deepEqual(carried({ mqtt: { publ: 'a/b  c/#', subs: ['+/x'] } }), expected)
  assert.deepEqual(carried({ mqtt: { publ: 'a' } }), { publish: ['a'], subscribe: [] })
  assert.deepEqual(carried({}), { publish: [], subscribe: [] })
  const plain = new ClaimIdentity(tokenOptions({})).of({ sub: 'a', mqtt: { publ: 'a' } }, 1)
  assert.ok(typeof plain !== 'string' && plain.permissions === undefined)
})

test('a token with a claim that is no list of filters is refused, and it is said why', () => {
  const subs = (value: unknown) => carried({ mqtt: { subs: value } })
  assert.equal(subs(5), 'has a claim mqtt.subs that is neither a text nor a list of texts')
  assert.equal(subs(['a', 5]), 'has a claim mqtt.subs that is neither a text nor a list of texts')
  assert.equal(subs(['a', 'b+']), 'has in the claim mqtt.subs "b+", which is no topic filter')
  assert.equal(subs(['$share/g/a']), 'has in the claim mqtt.subs "$share/g/a", which is no topic filter')
  assert.equal(subs(['']), 'has in the claim mqtt.subs "", which is no topic filter')
  assert.equal(subs(Array.from({ length: 257 }, () => 'a')), 'has in the claim mqtt.subs more than 256 topic filters')
  assert.match(String(subs('x'.repeat(1_025))), /^has in the claim mqtt.subs "x+…, which is no topic filter$/)
  assert.ok(typeof subs('x'.repeat(1_024)) === 'object')
})

test('the paths of the claims must be paths', () => {
  const section = tokenOptions({
    keys: { jwksUrl: 'https://a.example' },
    permissions: { publish: 'a b', subscribe: 'a' },
  })
  assert.deepEqual(
    checkToken(section).map(({ path }) => path),
    [['permissions', 'publish']],
  )
})

test('filters are such as a client could subscribe with, without a share', () => {
  for (const good of ['a', '/', '#', '+/+', '$SYS/#', 'é'.repeat(512), 'a b'])
    assert.equal(filtersFlaw([good]), null, good)
  for (const bad of ['', 'a#', '#/a', 'a\0', '$share', '$share/x', '\ud800', 'é'.repeat(513)])
    assert.ok(filtersFlaw([bad]), bad)
})

test('the answer of a webhook may carry filters', () => {
  const { client } = subjectOf('a')
  const { id, version, listener, peer } = client
  const who = { clientId: id, username: 'a', password: null, version, listener, allowAnonymous: false, peer }
  const answer = (fields: object) =>
    webhook.decision(
      { who, method: null, data: null },
      200,
      Buffer.from(JSON.stringify({ decision: 'allow', ...fields })),
      0,
    )
  const allowed = (fields: object) => {
    const decision = answer(fields)
    assert.ok(decision.kind === 'allowed', JSON.stringify(decision))
    return decision.identity.permissions
  }
  assert.deepEqual(allowed({ publish: ['a/#'], expiration: 1_000 }), { publish: ['a/#'], subscribe: [] })
  assert.deepEqual(allowed({ subscribe: ['a/#', 'b'], publish: null }), { publish: [], subscribe: ['a/#', 'b'] })
  assert.equal(allowed({}), undefined)
  for (const wrong of [{ publish: 'a' }, { publish: ['a+'] }, { subscribe: [1] }, { subscribe: { a: 1 } }])
    assert.deepEqual(answer(wrong), {
      kind: 'none',
      detail: 'answered with publish or subscribe that are no lists of topic filters',
      down: false,
    })
})

test('a YAML file of users may give them filters', async () => {
  const table = await readUsersYaml(
    `users:
  - { name: a, publish: [a/#], subscribe: [b, c/+] }
  - { name: b, subscribe: [] }
  - { name: c }
`,
    'users.yaml',
  )
  assert.deepEqual(table.get('a')?.terms.facts, { permissions: { publish: ['a/#'], subscribe: ['b', 'c/+'] } })
  assert.deepEqual(table.get('b')?.terms.facts, { permissions: { publish: [], subscribe: [] } })
  assert.deepEqual(table.get('c')?.terms.facts, {})
})

test('a filter of a user that is none is told with its place', async () => {
  const text = `users:
  - name: a
    publish: [a/#]
    subscribe: [a+]
  - { name: b, publish: [""] }
`
  await assert.rejects(readUsersYaml(text, 'users.yaml'), { code: 'USERS_FILE_INVALID' })
  await assert.rejects(readUsersYaml(text.slice(0, 60), 'users.yaml'), {
    message: 'users.yaml:4:16: has "a+", which is no topic filter',
  })
})

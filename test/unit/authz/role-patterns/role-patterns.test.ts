import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRolePatterns } from '../../../../src/authz/role-patterns/role-patterns.ts'
import type { Action } from '../../../../src/engine/ports.ts'
import { fc } from '../../../kit/fast-check.ts'
import { mistakesOf, Rules, subjectOf } from '../topic-spaces/kit.ts'
import { naiveCovers, naiveMatches, substitutions } from '../topic-spaces/naive.ts'

function roles(text: string, file = 'roles.yaml'): Rules {
  return new Rules(readRolePatterns(new Map([[file, text]])))
}

const acl = `
config:
  openid: { connect_url: https://issuer.example/certs, roles_key: roles }
  acl:
    - name: device
      authorize_publish: [andrew/:id/metric, andrew/:id/events/+]
      authorize_subscribe: ['andrew/:id/commands/#']
    - name: api-service
      authorize_subscribe: ['andrew/+/metric']
      authorize_publish: [andrew/+/commands/#]
  internal_users: [{ username: api-service, password: $2b$10$abc }]
  kafka: { publish: {} }
`

test('a token with a role may what the role may, in its own name', () => {
  const rules = roles(acl)
  const device = subjectOf('car-7', { method: 'token', roles: ['device', 'offline_access'] })
  assert.ok(rules.allows(device, 'publish', 'andrew/car-7/metric'))
  assert.ok(rules.allows(device, 'will', 'andrew/car-7/events/gone'))
  assert.ok(rules.allows(device, 'subscribe', 'andrew/car-7/commands/#'))
  assert.ok(rules.allows(device, 'receive', 'andrew/car-7/commands/a/b'))
  assert.ok(!rules.allows(device, 'publish', 'andrew/car-8/metric'))
  assert.ok(!rules.allows(device, 'subscribe', 'andrew/car-7/metric'))
  const { rule } = rules.decide(device, 'publish', 'andrew/car-7/metric')
  assert.equal(rule?.text, 'role "device" may publish: andrew/:id/metric, andrew/:id/events/+')
  assert.deepEqual(rule?.place, { file: 'roles.yaml', line: 5 })
})

test('an internal user has one role, his own name, and a token without roles has none', () => {
  const rules = roles(acl)
  assert.ok(rules.allows(subjectOf('api-service'), 'subscribe', 'andrew/+/metric'))
  assert.ok(rules.allows(subjectOf('api-service'), 'publish', 'andrew/car-7/commands/open'))
  assert.ok(!rules.allows(subjectOf('api-service', { roles: ['other'] }), 'subscribe', 'andrew/+/metric'))
  assert.ok(!rules.allows(subjectOf('api-service', { method: 'token' }), 'subscribe', 'andrew/+/metric'))
  assert.ok(!rules.allows(subjectOf('api-service', { method: 'token', roles: [] }), 'subscribe', 'andrew/+/metric'))
  assert.ok(!rules.allows(subjectOf('', { method: 'anonymous' }), 'subscribe', 'andrew/+/metric'))
  assert.ok(rules.allows(subjectOf('any', { roles: ['api-service'] }), 'subscribe', 'andrew/+/metric'))
})

test('a pattern is about topics with as many levels as it has, and filters are compared as filters', () => {
  const rules = roles('acl: [{ name: r, authorize_publish: [a/b], authorize_subscribe: [a/+, b/:id/c] }]')
  const client = subjectOf('r')
  assert.ok(rules.allows(client, 'publish', 'a/b'))
  assert.ok(!rules.allows(client, 'publish', 'a/b/c/d'))
  assert.ok(!rules.allows(client, 'publish', 'a'))
  assert.ok(rules.allows(client, 'subscribe', 'a/+'))
  for (const filter of ['a/#', '#', 'a/+/c', '+/+', 'b/+/c', 'b/:id/c'])
    assert.ok(!rules.allows(client, 'subscribe', filter), filter)
})

test('both spellings are read, at the top and in the section config', () => {
  const files = [
    'acl: [{ name: r, authorize_publish: [x] }]',
    'roles: [{ name: r, authorizePublish: [x], authorizeSubscribe: null }]',
    'config: { roles: [{ name: r, authorizePublish: [x] }], acl: null }\nother: 1',
    'acl: []\nconfig: { acl: [{ name: r, authorizePublish: [], authorize_publish: [x] }] }',
    '{"config": {"acl": [{"name": "r", "authorize_publish": ["x"]}]}}',
  ]
  for (const text of files) assert.ok(roles(text, 'roles').allows(subjectOf('r'), 'publish', 'x'), text)
  assert.ok(roles(files[4] ?? '', 'roles.json').allows(subjectOf('r'), 'publish', 'x'))
})

test('roles that are there twice add up', () => {
  const rules = roles('acl: [{ name: r, authorize_publish: [x] }, { name: r, authorize_publish: [y] }]')
  for (const topic of ['x', 'y']) assert.ok(rules.allows(subjectOf('r'), 'publish', topic))
})

test('a name with signs of topics in it stands for nothing', () => {
  const rules = roles('acl: [{ name: r, authorize_publish: [a/:id/b, "a/x-:id"], authorize_subscribe: [a/:id/#] }]')
  for (const name of ['+', '#', 'a/b', 'x/#']) {
    const client = subjectOf(name, { roles: ['r'] })
    for (const topic of ['a/x/b', `a/${name}/b`, 'a/x-'] as const)
      assert.ok(!rules.allows(client, 'publish', topic), name)
    for (const filter of [`a/${name}/#`, 'a/+/#', 'a/#']) assert.ok(!rules.allows(client, 'subscribe', filter), name)
  }
  assert.ok(rules.allows(subjectOf('r'), 'publish', 'a/x-r'))
})

test('a word that looks like :id is said to be none', () => {
  const { remarks } = roles('acl:\n  - name: r\n    authorize_publish: [":identity/x", ":id-1/:id", "a/:name"]').list
  assert.deepEqual(
    remarks.map(({ line, text }) => `${line} ${text}`),
    [
      '3 :identity in the pattern :identity/x stands for itself: only :id stands for the client',
      '3 :name in the pattern a/:name stands for itself: only :id stands for the client',
    ],
  )
})

test('all mistakes of a file are told at once, with their places', () => {
  const text = `roles:
  - { name: x, authorizePublish: [a+, "", 5], authorizeSubscrib: [] }
  - 5
  - { authorizePublish: 5 }
  - { name: y, authorizePublish: a/b }
config: { acl: x }
`
  assert.deepEqual(mistakesOf(readRolePatterns, text, 'r.yaml'), [
    'r.yaml:2:35: the pattern "a+" is no topic filter: + stands alone in its level, and # in the last',
    'r.yaml:2:39: a pattern must not be empty',
    'r.yaml:2:43: a pattern must be a text',
    'r.yaml:2:66: "authorizeSubscrib" is not known here, did you mean "authorizeSubscribe"?',
    'r.yaml:3:5: must be a role: a section with a name and lists of patterns',
    'r.yaml:4:5: a role needs a name, which is a text',
    'r.yaml:5:34: "authorizePublish" must be a list of patterns',
    'r.yaml:6:16: must be a list of roles',
  ])
  assert.deepEqual(mistakesOf(readRolePatterns, 'rols: []', 'r.yaml'), [
    'r.yaml:1:1: needs the section "acl" or "roles", at the top or in "config"',
  ])
})

interface Entry {
  readonly name: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

interface Person {
  readonly name: string
  readonly method: string
  readonly roles: readonly string[] | undefined
}

const filter = (words: readonly string[]) =>
  fc
    .tuple(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
    .filter((text) => text !== '')
const roleNames = fc.constantFrom('r1', 'r2', 'r3', 'a', 'b')
const patterns = fc.array(filter(['a', 'b', '+', ':id', 'x-:id', ':identity', '$a', '']), { maxLength: 4 })
const entries = fc.array(fc.record<Entry>({ name: roleNames, publish: patterns, subscribe: patterns }), {
  maxLength: 5,
})
const person = fc.record<Person>({
  name: fc.constantFrom('a', 'b', 'r1', '+', '#', 'a/b', '$a'),
  method: fc.constantFrom('password', 'token', 'certificate'),
  roles: fc.option(fc.array(roleNames, { maxLength: 2 }), { nil: undefined }),
})
const topic = fc
  .array(fc.constantFrom('a', 'b', 'r1', 'x-a', ':identity', ':id', '$a', ''), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const asked = fc.oneof(
  fc.tuple(fc.constantFrom('publish' as const, 'will' as const, 'receive' as const), topic),
  fc.tuple(fc.constant('subscribe' as const), filter(['a', 'b', '+', '$a', 'x-a', ''])),
)

function referenceAllows(
  given: readonly Entry[],
  { name, method, roles: own = [] }: Person,
  action: Action,
  about: string,
) {
  const held = own.length === 0 && method !== 'token' ? [name] : own
  return given
    .filter((entry) => held.includes(entry.name))
    .flatMap(({ publish, subscribe }) => (action === 'publish' || action === 'will' ? publish : subscribe))
    .flatMap((pattern) => substitutions(pattern, /:id(?![a-z])/, () => [name]))
    .some((each) => (action === 'subscribe' ? naiveCovers(each, about) : naiveMatches(each, about)))
}

test('100,000 decisions about random roles are those of a naive reading of them', () => {
  const requests = fc.array(fc.tuple(person, asked), { minLength: 50, maxLength: 50 })
  let allowed = 0
  fc.assert(
    fc.property(entries, fc.boolean(), requests, (given, snake, questions) => {
      const acl = given.map(({ name, publish, subscribe }) =>
        snake
          ? { name, authorize_publish: publish, authorize_subscribe: subscribe }
          : { name, authorizePublish: publish, authorizeSubscribe: subscribe },
      )
      const rules = roles(JSON.stringify(snake ? { config: { acl } } : { roles: acl }), 'roles.json')
      for (const [who, [action, about]] of questions) {
        const expected = referenceAllows(given, who, action, about)
        const facts = { method: who.method, ...(who.roles !== undefined && { roles: who.roles }) }
        const actual = rules.allows(subjectOf(who.name, facts), action, about)
        assert.equal(actual, expected, `${action} ${about} by ${JSON.stringify(who)}`)
        if (expected) allowed++
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(allowed > 2_000)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, mistakesIn, policyOf } from './kit.ts'

type Who = Readonly<Record<string, unknown>>

function may(topic: string, who: Who, names: readonly string[]): string[] {
  const policy = policyOf(`rules:\n  - allow: publish\n    topic: ${JSON.stringify(topic)}\n`)
  return names.filter((name) => allows(policy, who, 'publish', name))
}

test('a variable is a level, or a part of one', () => {
  const who = { user: 'pump', client: 'c1', attributes: { site: 'a', n: 7, list: ['x', 'y'] }, roles: ['r1', 'r2'] }
  assert.deepEqual(may('dt/{user}/#', who, ['dt/pump', 'dt/pump/a', 'dt/pump2', 'dt/c1']), ['dt/pump', 'dt/pump/a'])
  assert.deepEqual(may('{client}', who, ['c1', 'pump']), ['c1'])
  assert.deepEqual(may('site-{attributes.site}.x{attributes.n}/+', who, ['site-a.x7/t', 'site-a.x7', 'site-b.x7/t']), [
    'site-a.x7/t',
  ])
  assert.deepEqual(may('s/{attributes.list}', who, ['s/x', 's/y', 's/z', 's/x,y']), ['s/x', 's/y'])
  assert.deepEqual(may('{role}/x', who, ['r1/x', 'r2/x', 'r3/x']), ['r1/x', 'r2/x'])
  assert.deepEqual(may('{user}-{attributes.list}', who, ['pump-x', 'pump-y', 'pump-']), ['pump-x', 'pump-y'])
})

test('a value never stands for more than its place', () => {
  for (const user of ['+', '#', 'a/b', 'a+', '', 'a\0b', '#/x', '/'])
    assert.deepEqual(may('dt/{user}/x', { user }, ['dt/a/x', `dt/${user}/x`, 'dt/x', 'dt/a/b/x']), [], user)
  assert.deepEqual(may('dt/{attributes.none}/x', { user: 'a' }, ['dt//x', 'dt/x', 'dt/a/x']), [])
  assert.deepEqual(may('dt/{user}', {}, ['dt/', 'dt/null', 'dt/anonymous', 'dt/client']), [])
})

test('braces are written twice', () => {
  assert.deepEqual(may('a{{user}}/{{{user}}}', { user: 'x' }, ['a{user}/{x}', 'ax/x', 'a{user}/{user}']), [
    'a{user}/{x}',
  ])
  for (const topic of [
    'a{',
    'a}',
    '{{user}',
    '{user}}',
    '{}',
    '{ user }',
    '{attributes.}',
    '{attributes.a b}',
    '{user/x}',
  ])
    assert.equal(mistakesIn(`rules:\n  - allow: publish\n    topic: ${JSON.stringify(topic)}\n`).length, 1, topic)
})

test('topics that are no filters are refused', () => {
  for (const topic of [
    'a#',
    '#/a',
    'a/#/b',
    'a+',
    '+a',
    '{user}+',
    '{user}#',
    '+{user}',
    'a\0',
    '$share/g/a',
    '$share',
  ])
    assert.equal(mistakesIn(`rules:\n  - allow: publish\n    topic: ${JSON.stringify(topic)}\n`).length, 1, topic)
  for (const topic of ['/', '//', '+/+', '/#', ' ', '$SYS/#', 'a/ /b', '$shared/a', 'ü/😀'])
    assert.deepEqual(mistakesIn(`rules:\n  - allow: publish\n    topic: ${JSON.stringify(topic)}\n`), [], topic)
})

test('a wildcard at the beginning is not about topics that begin with $; a rule without a topic is', () => {
  assert.deepEqual(may('#', {}, ['a', '$SYS/x', '/a']), ['a', '/a'])
  assert.deepEqual(may('+/x', {}, ['a/x', '$SYS/x']), ['a/x'])
  const policy = policyOf('rules:\n  - allow: publish\n')
  assert.ok(allows(policy, {}, 'publish', '$SYS/x'))
})

test('permissions that came with the identity are a topic of their own', () => {
  const policy = policyOf(
    'rules:\n  - { allow: publish, topic: "{permissions.publish}" }\n  - { allow: subscribe, topic: "{permissions.subscribe}", qos: 1 }\n',
  )
  const who = { user: 'a', permissions: { publish: ['out/#'], subscribe: ['in/+'] } }
  assert.ok(allows(policy, who, 'publish', 'out/1'))
  assert.ok(!allows(policy, who, 'publish', 'in/1'))
  assert.ok(allows(policy, who, 'subscribe', 'in/1', 1))
  assert.ok(!allows(policy, who, 'subscribe', 'in/1', 2))
  assert.ok(!allows(policy, who, 'subscribe', 'in/#'))
  assert.ok(!allows(policy, { user: 'a' }, 'publish', 'out/1'))
})

test('a filter of a thousand levels is one level too many for nobody', () => {
  const deep = 'a/'.repeat(1_023)
  assert.deepEqual(may(`${deep}#`, {}, [`${deep}b`, deep, 'a'.repeat(10_000), 'a/'.repeat(10_000)]).length, 3)
  assert.equal(mistakesIn(`rules: [{allow: publish, topic: ${'a/'.repeat(1_024)}#}]`).length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lint } from '../../../../src/authz/check/lint.ts'
import { rulesIn } from '../rules/kit.ts'

function remarks(rules: readonly string[], attributes: readonly string[] | null = null): string[] {
  const list = rulesIn(`rules:\n${rules.map((rule) => `  - { ${rule} }\n`).join('')}`)
  const found = lint(list.rules, attributes === null ? null : new Set(attributes))
  assert.ok(!found.partial)
  return found.remarks.map(({ line, text }) => `${line}: ${text}`)
}

const never = (line: number, by: number, text: string) =>
  `${line}: never decides: rules.yaml:${by} comes first and is about all of it: ${text}`

test('a rule behind one that is about all of it never decides', () => {
  const first = 'allow: [publish, subscribe], topic: a/#, users: [x, y]'
  const text = 'allow publish, subscribe a/# if user is "x" or "y"'
  for (const rule of [
    'deny: publish, topic: a/b, user: x',
    'allow: receive, topic: a, users: [y, x]',
    'deny: retain, topics: [a/+, a/+/#], user: y, role: z',
    'allow: will, topic: "a/{user}/b", user: x, qos: 1',
    'allow: subscribe, topic: a/#, user: x, unless: { role: z }',
  ])
    assert.deepEqual(remarks([first, rule]), [never(3, 2, text)], rule)
  for (const rule of [
    'allow: publish, topic: a/b, user: z',
    'allow: publish, topic: "+/b", user: x',
    'allow: publish, user: x',
    'allow: publish, topic: a/b, user: "x*"',
    'allow: publish, topic: a/b',
    'deny: connect, user: x',
  ])
    assert.deepEqual(
      remarks([first, rule]).filter((remark) => remark.includes('never')),
      [],
      rule,
    )
})

test('a rule is not covered by one about less: QoS, RETAIN, exceptions, $ topics', () => {
  const silent = (first: string, second: string) => assert.deepEqual(remarks([first, second]), [], `${first} ${second}`)
  silent('allow: publish, topic: a, qos: 1', 'allow: publish, topic: a')
  silent('allow: publish, topic: a, retain: true', 'allow: publish, topic: a')
  silent('allow: publish, topic: a, unless: { user: x }', 'allow: publish, topic: a')
  silent('allow: publish, topic: +/a, role: x', 'allow: publish, topic: $x/a, role: x')
  silent('allow: publish, topic: "+/a", role: x', 'allow: publish, topic: "{user}/a", role: x')
  silent('allow: retain, topic: a', 'allow: publish, topic: a')
  assert.deepEqual(remarks(['allow: publish, topic: x/+, role: x', 'allow: publish, topic: "x/{user}", role: x']), [
    never(3, 2, 'allow publish x/+ if role is "x"'),
  ])
})

test('a deny behind an allow that overlaps it denies less than it says', () => {
  assert.deepEqual(remarks(['allow: publish, topic: a/+', 'deny: publish, topic: a/#']), [
    '3: denies less than it says: what rules.yaml:2 allows stays allowed: allow publish a/+',
  ])
  assert.deepEqual(remarks(['deny: publish, topic: a/+', 'allow: publish, topic: a/#']), [])
  assert.deepEqual(remarks(['allow: publish, topic: a/+', 'deny: publish, topic: b/#']), [])
  assert.deepEqual(remarks(['allow: publish, topic: a/+, role: x', 'deny: publish, topic: a/#, role: y']), [])
})

test('rules that let everybody do everything are told', () => {
  assert.deepEqual(remarks(["allow: [publish, subscribe], topic: '#'"]), [
    '2: lets everybody publish to and read all topics: #',
  ])
  assert.deepEqual(remarks(['allow: receive']), ['2: lets everybody read all topics, those that begin with $ too'])
  assert.deepEqual(remarks(['allow: publish, topic: $SYS/#']), [
    '2: lets everybody publish to topics of the broker itself: $SYS/#',
  ])
  assert.deepEqual(remarks(["allow: publish, topic: '#', role: admin", 'deny: publish', 'allow: connect']), [])
})

test('attributes that no client has are told where that is known', () => {
  const rules = [
    'allow: publish, topic: "a/{attributes.site}/{attributes.area}"',
    'allow: publish, topic: b, attributes: { floor: 1 }',
  ]
  assert.deepEqual(remarks(rules, ['area']), [
    '2: no client has the attribute site: its topic matches nothing',
    '3: no client has the attribute floor, so it is about nobody',
  ])
  assert.deepEqual(remarks(rules, ['area', 'site', 'floor']), [])
  assert.deepEqual(remarks(rules), [])
})

test('twenty thousand rules are looked through, too', () => {
  const many = Array.from(
    { length: 20_000 },
    (_, n) => `  - { allow: publish, topic: 'dt/${n}/#', user: u${n % 1_000} }\n`,
  )
  const { rules } = rulesIn(`rules:\n${many.join('')}`)
  assert.deepEqual(lint(rules, null), { remarks: [], partial: false })
  const same = Array.from({ length: 4_000 }, (_, n) => `  - { allow: publish, topic: 'dt/${n}/#' }\n`)
  assert.ok(lint(rulesIn(`rules:\n${same.join('')}`).rules, null).partial)
})

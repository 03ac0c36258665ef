import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOrderedRules } from '../../../../src/authz/ordered-rules/ordered-rules.ts'
import type { Subject } from '../../../../src/authz/policy/subject.ts'
import { Rules, subjectOf } from '../mosquitto-acl/kit.ts'

const device1 = subjectOf('device1')
const nobody = subjectOf(null, 'device1')

function ordered(...rules: readonly string[]): Rules {
  return new Rules(readOrderedRules, `rules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`)
}

function may(rules: Rules, subject: Subject, topic: string): string {
  const allowed = (['subscribe', 'receive', 'publish', 'will'] as const).filter((action) =>
    rules.allows(subject, action, topic),
  )
  return allowed.join(' ')
}

test('a device may say how warm it is, and not how warm another one is', () => {
  const rules = new Rules(
    readOrderedRules,
    `rules:
  - name: devices say how warm it is
    access: Write
    client: { pattern: 'device.*' }
    topic: { pattern: '/{%client%}/temperature' }
`,
  )
  assert.equal(may(rules, device1, '/device1/temperature'), 'publish will')
  assert.equal(may(rules, device1, '/device2/temperature'), '')
  assert.equal(may(rules, device1, 'device1/temperature'), '', 'the first level is empty')
  assert.equal(
    may(rules, subjectOf('mydevice1'), '/mydevice1/temperature'),
    '',
    'the expression is about the whole name',
  )
  assert.equal(may(rules, nobody, '/device1/temperature'), '', 'the client identifier is no name')
  const { rule } = rules.decision(device1, 'publish', '/device1/temperature')
  assert.equal(rule?.text, 'devices say how warm it is: Write, client device.*, topic /{%client%}/temperature')
  assert.deepEqual(rule.place, { file: 'rules', line: 2 })
})

test('the same rules as JSON are the same rules', () => {
  const text = `{
  "rules": [
    { "name": "in", "access": "Read", "client": "All", "topic": { "specific": "in/#" } },
    {
      "access": "Write",
      "client": { "pattern": "dev.*" },
      "topic": { "pattern": "out/{%client%}" }
    }
  ]
}`
  const rules = new Rules(readOrderedRules, text)
  assert.equal(may(rules, device1, 'in/x'), 'subscribe receive')
  assert.equal(rules.line(device1, 'receive', 'in/x'), 3)
  assert.equal(may(rules, device1, 'out/device1'), 'publish will')
  assert.equal(rules.line(device1, 'publish', 'out/device1'), 4)
})

test('the first rule that matches decides', () => {
  const rules = ordered(
    '{ access: ReadWrite, client: { specific: device1 }, topic: { specific: a/secret } }',
    '{ access: Deny, client: All, topic: { specific: +/secret } }',
    '{ access: ReadWrite, client: All, topic: { specific: a/# } }',
  )
  assert.equal(may(rules, device1, 'a/secret'), 'subscribe receive publish will')
  assert.equal(may(rules, subjectOf('other'), 'a/secret'), '')
  assert.equal(rules.line(subjectOf('other'), 'receive', 'a/secret'), 3)
  assert.equal(may(rules, subjectOf('other'), 'a/x'), 'subscribe receive publish will')
})

test('a rule whose access is not what is asked for is passed over, a denial never is', () => {
  const rules = ordered(
    '{ access: Read, client: All, topic: { specific: a } }',
    '{ access: Write, client: All, topic: { specific: a } }',
    '{ access: Deny, client: All, topic: { specific: b } }',
    '{ access: ReadWrite, client: All, topic: { specific: b } }',
  )
  assert.equal(rules.line(device1, 'publish', 'a'), 3)
  assert.equal(may(rules, device1, 'a'), 'subscribe receive publish will')
  assert.equal(may(rules, device1, 'b'), '')
})

test('where no rule matches nothing is allowed, and a list may be empty', () => {
  assert.equal(may(new Rules(readOrderedRules, 'rules: []'), device1, 'a'), '')
  assert.equal(may(ordered('{ access: Read, client: All, topic: { specific: b } }'), device1, 'a'), '')
})

test('words may be written in any case, and access in several ways', () => {
  const words = ['ReadWrite', 'readwrite', 'READ_WRITE', 'read-write', 'Read/Write', 'read write']
  for (const word of words) {
    const rules = ordered(`{ access: ${word}, client: ALL, topic: all }`)
    assert.equal(may(rules, nobody, 'a'), 'subscribe receive publish will', word)
  }
})

test('All are all clients, proved or not, and all topics, those that begin with $ too', () => {
  const rules = ordered('{ access: Read, client: All, topic: All }')
  assert.equal(may(rules, nobody, '$SYS/broker/uptime'), 'subscribe receive')
  assert.equal(may(ordered('{ access: Read, client: All, topic: { specific: "#" } }'), nobody, '$SYS/x'), '')
})

test('a name is that of the identity, exactly', () => {
  const rules = ordered('{ access: Read, client: { specific: Device1 }, topic: All }')
  assert.equal(may(rules, subjectOf('Device1'), 'a'), 'subscribe receive')
  for (const other of [device1, subjectOf('Device11'), subjectOf('other', 'Device1'), subjectOf(null, 'Device1')])
    assert.equal(may(rules, other, 'a'), '')
})

test('an expression is about the whole name, whatever alternatives it has', () => {
  const rules = ordered("{ access: Read, client: { pattern: 'a|b[0-9]+' }, topic: All }")
  for (const name of ['a', 'b1', 'b42']) assert.equal(may(rules, subjectOf(name), 'x'), 'subscribe receive', name)
  for (const name of ['ab1', 'xa', 'ax', 'b', 'a\n', '\nb1']) assert.equal(may(rules, subjectOf(name), 'x'), '', name)
})

test('the dot stands for no end of a line, in simple expressions neither', () => {
  for (const pattern of ['dev.*', 'dev(.*)']) {
    const rules = ordered(`{ access: Read, client: { pattern: '${pattern}' }, topic: All }`)
    assert.equal(may(rules, subjectOf('dev'), 'x'), 'subscribe receive')
    assert.equal(may(rules, subjectOf('dev-1'), 'x'), 'subscribe receive')
    assert.equal(may(rules, subjectOf('dev\n1'), 'x'), '')
  }
})

test('{%client%} may be part of a level, and stand several times', () => {
  const rules = ordered(
    "{ access: Write, client: All, topic: { pattern: 'x/{%client%}-{%client%}/dev-{%client%}/#' } }",
  )
  assert.equal(may(rules, subjectOf('a'), 'x/a-a/dev-a/1'), 'publish will')
  assert.equal(may(rules, subjectOf('a'), 'x/a-b/dev-a/1'), '')
  assert.equal(may(rules, nobody, 'x/{%client%}-{%client%}/dev-{%client%}/1'), '')
})

test('a name with a wildcard or a slash never widens a rule', () => {
  const rules = ordered("{ access: ReadWrite, client: All, topic: { pattern: '{%client%}/x' } }")
  for (const name of ['+', '#', 'a/b', 'a+', '/', 'a\0'])
    for (const topic of ['a/x', 'a/b/x', '+/x', '#/x', '//x', '#', '+/+'])
      assert.equal(may(rules, subjectOf(name), topic), '', `${name} ${topic}`)
})

test('a name that begins with $ opens no topic that does, but behind what is written it is a name', () => {
  const rules = ordered(
    "{ access: Read, client: All, topic: { pattern: '{%client%}/#' } }",
    "{ access: Read, client: All, topic: { pattern: 'x{%client%}' } }",
    "{ access: Read, client: All, topic: { pattern: '$own/{%client%}' } }",
  )
  assert.equal(may(rules, subjectOf('$SYS'), '$SYS/broker'), '')
  assert.equal(may(rules, subjectOf('$SYS'), 'x$SYS'), 'subscribe receive')
  assert.equal(may(rules, subjectOf('$SYS'), '$own/$SYS'), 'subscribe receive')
})

test('an expression that is a plain name is found by name', () => {
  const rules = ordered(
    "{ access: Read, client: { pattern: 'dev-1' }, topic: All }",
    '{ access: Write, client: { specific: dev-1 }, topic: All }',
  )
  const [first, second] = rules.policy.rules
  assert.deepEqual(first?.who[0]?.among, { fact: 'user', values: ['dev-1'] })
  assert.equal(first?.who, second?.who)
})

test('what is likely to be meant otherwise is said', () => {
  const rules = ordered(
    "{ access: Read, client: All, topic: { specific: 'a/{%client%}' } }",
    '{ access: Read, client: All, topic: { pattern: a/b } }',
  )
  assert.match(rules.remarks[0] ?? '', /^2: \{%client%\} stands for itself here: write "pattern"/)
  assert.match(rules.remarks[1] ?? '', /^3: the pattern is the same for all clients/)
  assert.equal(may(rules, device1, 'a/{%client%}'), 'subscribe receive')
})

test('a subscription is accepted when no rule before refuses part of it', () => {
  const rules = ordered(
    '{ access: Deny, client: All, topic: { specific: a/secret } }',
    '{ access: Read, client: All, topic: { specific: a/# } }',
  )
  assert.equal(rules.allows(device1, 'subscribe', 'a/+/b'), true)
  assert.equal(rules.allows(device1, 'subscribe', 'a/#'), false)
  assert.equal(rules.line(device1, 'subscribe', 'a/#'), 2)
})

test('a list in which every rule is commented out allows nothing', () => {
  assert.deepEqual(
    readOrderedRules(new Map([['r.yaml', 'rules:\n  # - { access: Read, client: All, topic: All }\n']])).rules,
    [],
  )
})

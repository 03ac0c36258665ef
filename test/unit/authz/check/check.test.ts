import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptOf } from '../../../../src/authz/check/cases.ts'
import { changesBetween } from '../../../../src/authz/check/diff.ts'
import { examplesOf } from '../../../../src/authz/check/examples.ts'
import { lint } from '../../../../src/authz/check/lint.ts'
import { runCases } from '../../../../src/authz/check/run-cases.ts'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { Policy } from '../../../../src/authz/policy/policy.ts'
import { writtenRules } from '../../../../src/authz/policy/rule.ts'
import { BrokerError } from '../../../../src/base/errors.ts'
import { parsePolicyCases } from '../../../../src/config/policy-test.ts'
import type { PolicyCase } from '../../../../src/config/policy-test-case.ts'
import { RuleMistakes } from '../../../../src/config/rule-mistakes.ts'
import { policyOf } from '../rules/kit.ts'

function casesIn(text: string): PolicyCase[] {
  const mistakes = new RuleMistakes()
  const cases = parsePolicyCases(text, 'cases.yaml', mistakes)
  mistakes.check()
  return cases
}

function mistakesIn(text: string): string[] {
  try {
    casesIn(text)
    return []
  } catch (error) {
    if (error instanceof BrokerError) return error.message.split('\n')
    throw error
  }
}

const rules = policyOf(
  'rules:\n  - { name: own, allow: publish, topic: "dt/{user}/#" }\n  - { deny: subscribe, topic: a/secret }\n  - { allow: subscribe, topic: a/# }\n',
)

test('cases are written one by one, or as lists of what is allowed and denied', () => {
  const cases = casesIn(
    [
      'who:',
      '  device: { user: d1, client: c1, roles: [a], attributes: { n: 1 } }',
      'cases:',
      '  - who: device',
      '    name: own topic',
      '    action: publish',
      '    topic: dt/d1/a b',
      '    qos: 1',
      '    retain: true',
      '    expect: allow',
      '    rule: own',
      '  - who: { user: x }',
      '    allow:',
      '      - connect',
      '      - publish dt/x/a b qos 2 retain',
      '    deny: [subscribe a/+, will qos qos 1]',
    ].join('\n'),
  )
  assert.deepEqual(
    cases.map(({ who, name, rule, ...rest }) => [who.user, name, rule, ...Object.values(rest)]),
    [
      ['d1', 'own topic', 'own', 'publish', 'dt/d1/a b', 1, true, 'allow', 'cases.yaml:4'],
      ['x', null, null, 'connect', '', 0, false, 'allow', 'cases.yaml:14'],
      ['x', null, null, 'publish', 'dt/x/a b', 2, true, 'allow', 'cases.yaml:15'],
      ['x', null, null, 'subscribe', 'a/+', 0, false, 'deny', 'cases.yaml:16'],
      ['x', null, null, 'will', 'qos', 1, false, 'deny', 'cases.yaml:16'],
    ],
  )
  const [first] = cases
  assert.ok(first !== undefined)
  const { subject } = attemptOf(first)
  assert.deepEqual([subject.clientId, [...subject.roles], subject.attribute('n')], ['c1', ['a'], 1])
})

test('mistakes in cases are told with line and column', () => {
  const text = [
    'cases:',
    '  - who: nobod',
    '    allow: [pubish a, "publish #", subscribe, connect a]',
    '  - action: publish',
    '    topic: a',
    '  - who: {usr: a, role: 5, attributes: {a: true}}',
    '    action: fly',
    '    expect: allow',
    '  - 12',
    '  - who: {permissions: {publish: a, read: b}}',
    '    allow: [publish a]',
    '    qos: 1',
  ].join('\n')
  assert.deepEqual(mistakesIn(text), [
    'cases.yaml:2:10: nobody is called "nobod"; describe it in the section "who" at the top, or here with {user: …}',
    'cases.yaml:3:13: "pubish" is no action, did you mean "publish"?',
    'cases.yaml:3:23: publish needs the name of a topic, which has no + and no #: "#"',
    'cases.yaml:3:36: subscribe needs a topic; in YAML an unquoted # begins a comment, so put it in quotes',
    'cases.yaml:3:47: connecting is about no topic',
    'cases.yaml:4:5: the case needs "expect: allow" or "expect: deny"',
    'cases.yaml:6:11: unknown option "usr", did you mean "user"?',
    'cases.yaml:6:25: role must be a text: put 5 in quotes',
    'cases.yaml:6:41: a must be a text, a whole number or a list of texts, not true',
    'cases.yaml:7:13: "fly" is no action; it must be connect, publish, subscribe, receive, will',
    'cases.yaml:9:5: a case must be a section with "who", "action", "topic" and "expect", not 12',
    'cases.yaml:10:37: unknown option "read"',
    'cases.yaml:12:5: qos does not go with lists of what is allowed and denied',
  ])
  assert.deepEqual(mistakesIn('who: {}'), ['cases.yaml:1:1: the file has no "cases"; give a list of them'])
})

test('rules that nobody wrote need not be covered', async () => {
  const { rules: list } = readMosquittoAcl(new Map([['acl.txt', 'user x\ntopic read a\npattern write dt/%u/#\n']]))
  assert.equal(list.length, 3)
  assert.deepEqual(
    writtenRules(list).map(({ place }) => place.line),
    [2, 3],
  )
  const policy = new Policy(list, { otherwise: 'deny', subscriptions: 'contained' })
  const read = '  - { who: { user: x }, action: subscribe, topic: a, expect: allow }'
  const write = '  - { who: { user: x }, action: publish, topic: dt/x/1, expect: allow }'
  const { coverage } = await runCases(policy, casesIn(`cases:\n${read}\n${write}`))
  assert.deepEqual([coverage.decided, coverage.total, coverage.percent, coverage.silent], [2, 2, 100, []])
  const odd = '  - { who: { user: x+ }, action: publish, topic: dt/x/1, expect: deny, rule: "acl.txt:3" }'
  const { failures, coverage: other } = await runCases(policy, casesIn(`cases:\n${odd}`))
  assert.deepEqual([failures, other.decided, other.total], [[], 0, 2])
  assert.deepEqual(lint(list, null).remarks, [])
})

test('a case fails when it comes out otherwise, or by another rule', async () => {
  const cases = casesIn(
    [
      'cases:',
      '  - { who: { user: x }, action: publish, topic: dt/x/1, expect: allow, rule: own }',
      '  - { who: { user: x }, action: publish, topic: dt/x/1, expect: allow, rule: "rules.yaml:2" }',
      '  - { who: { user: x }, action: publish, topic: dt/x/1, expect: allow, rule: "rules.yaml:3" }',
      '  - { who: { user: x }, action: publish, topic: dt/x/1, expect: deny }',
      '  - { who: { user: x }, action: publish, topic: dt/y/1, expect: deny, rule: own }',
      '  - { who: { user: x }, action: subscribe, topic: a/b, expect: allow }',
    ].join('\n'),
  )
  const { failures, coverage } = await runCases(rules, cases)
  assert.deepEqual(
    failures.map(({ test: { place }, what }) => `${place}: ${what}`),
    [
      'cases.yaml:4: expected rules.yaml:3 to decide, rules.yaml:2 did',
      'cases.yaml:5: expected deny, was allowed',
      'cases.yaml:6: expected own to decide, no rule did',
    ],
  )
  assert.deepEqual(
    [coverage.decided, coverage.total, Math.floor(coverage.percent), coverage.silent.map(({ place }) => place.line)],
    [2, 3, 66, [3]],
  )
})

test('a comparison tells what is answered otherwise, and by which rules', async () => {
  const other = policyOf(
    'rules:\n  - { allow: publish, topic: "dt/{client}/#" }\n  - { allow: subscribe, topic: a/+ }\n',
    { subscriptions: 'overlapping' },
  )
  const attempts = casesIn(
    'cases:\n  - { who: { user: x, client: c }, allow: [publish dt/x/1, publish dt/c/1, publish z, "subscribe a/b", subscribe a/secret] }\n',
  ).map(attemptOf)
  const changes = await changesBetween(rules, other, attempts)
  assert.deepEqual(
    changes.map(({ attempt, kind, before, after }) => [
      attempt.request.topic,
      kind,
      before.rule?.place.line ?? null,
      after.rule?.place.line ?? null,
    ]),
    [
      ['dt/x/1', 'denied', 2, null],
      ['dt/c/1', 'allowed', null, 2],
      ['a/secret', 'allowed', 3, 3],
    ],
  )
  assert.deepEqual(await changesBetween(rules, rules, attempts), [])
})

test('examples are made up from the rules: for those they are about, and for others', async () => {
  const policy = policyOf(
    [
      'rules:',
      '  - { allow: publish, topic: "dt/{user}/{attributes.site}/#", user: alice, role: device }',
      '  - { allow: subscribe, topic: a/+, group: g }',
      '  - { deny: connect, address: 10.0.0.0/8 }',
      '  - { allow: publish, topic: "{permissions.publish}" }',
    ].join('\n'),
  )
  const { attempts, without, omitted } = examplesOf(policy.rules)
  const decided = new Set<number>()
  for (const { subject, request } of attempts) {
    const { rule } = await policy.decide(subject, request)
    decided.add(rule?.place.line ?? 0)
  }
  assert.deepEqual([...decided].toSorted(), [0, 2, 3, 5])
  assert.deepEqual(
    without.map(({ place }) => place.line),
    [4],
  )
  assert.equal(omitted, 0)
})

test('examples are bounded', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => `  - { allow: publish, topic: 'dt/${n}/#' }\n`)
  const { attempts, omitted } = examplesOf(policyOf(`rules:\n${many.join('')}`).rules)
  assert.ok(attempts.length < 21_000)
  assert.ok(omitted > 1_000)
})

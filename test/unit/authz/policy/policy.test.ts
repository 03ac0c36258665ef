import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patternOf, rest, single } from '../../../../src/authz/policy/pattern.ts'
import { type Decision, type Policy, whyText } from '../../../../src/authz/policy/policy.ts'
import { type AskedAnswer, actionBit, actionBits, type Request } from '../../../../src/authz/policy/rule.ts'
import type { Subject } from '../../../../src/authz/policy/subject.ts'
import {
  area,
  ask,
  everything,
  openBehind,
  policyOf,
  publishing,
  reading,
  roleIs,
  ruleOf,
  subjectOf,
  user,
  userIs,
} from './made.ts'

const alice = subjectOf('alice')
const bob = subjectOf('bob')

function decide(policy: Policy, subject: Subject, request: Request): Decision {
  const decision = policy.decide(subject, request)
  if (decision instanceof Promise) return assert.fail('a promise')
  return decision
}

function isAllowed(policy: Policy, subject: Subject, action: Request['action'], topic: string): boolean {
  return decide(policy, subject, ask(action, topic)).allowed
}

test('the first rule that matches decides, and nothing matching is denied', () => {
  const policy = policyOf([ruleOf('deny', everything, ['a/b']), ruleOf('allow', everything, ['a/+'])])
  assert.equal(isAllowed(policy, alice, 'publish', 'a/b'), false)
  assert.equal(isAllowed(policy, alice, 'publish', 'a/c'), true)
  assert.equal(isAllowed(policy, alice, 'publish', 'c'), false)
  assert.equal(isAllowed(policyOf([], { otherwise: 'allow' }), alice, 'publish', 'c'), true)
})

test('the order of the rules counts across users, roles and everybody', () => {
  const rules = [
    ruleOf('deny', publishing, ['x'], { who: [roleIs('r')] }),
    ruleOf('allow', publishing, ['#'], { who: [userIs('alice')] }),
    ruleOf('deny', publishing, ['y']),
    ruleOf('allow', publishing, ['#'], { who: [roleIs('r')] }),
  ]
  const carol = subjectOf('carol', { roles: ['r'] })
  assert.equal(isAllowed(policyOf(rules), subjectOf('alice', { roles: ['r'] }), 'publish', 'x'), false)
  assert.equal(isAllowed(policyOf(rules), alice, 'publish', 'y'), true)
  assert.equal(isAllowed(policyOf(rules), carol, 'publish', 'y'), false)
  assert.equal(isAllowed(policyOf(rules), carol, 'publish', 'z'), true)
})

test('QoS and RETAIN count for what is sent, and QoS for what is subscribed to', () => {
  const policy = policyOf([ruleOf('allow', everything, ['a'], { maximumQos: 1, retain: false })])
  assert.equal(decide(policy, alice, ask('publish', 'a', { qos: 1 })).allowed, true)
  assert.equal(decide(policy, alice, ask('will', 'a', { qos: 2 })).allowed, false)
  assert.equal(decide(policy, alice, ask('publish', 'a', { retain: true })).allowed, false)
  assert.equal(decide(policy, alice, ask('subscribe', 'a', { qos: 2 })).allowed, false)
  assert.equal(decide(policy, alice, ask('receive', 'a', { qos: 2, retain: true })).allowed, true)
})

test('a rule about retaining is about messages and wills with RETAIN only', () => {
  const policy = policyOf([ruleOf('deny', actionBits(['retain']), null), ruleOf('allow', everything, ['a'])])
  assert.equal(decide(policy, alice, ask('publish', 'a')).allowed, true)
  assert.equal(decide(policy, alice, ask('publish', 'a', { retain: true })).allowed, false)
  assert.equal(decide(policy, alice, ask('will', 'a', { retain: true })).allowed, false)
  assert.equal(decide(policy, alice, ask('receive', 'a', { retain: true })).allowed, true)
})

test('connecting is allowed until a rule denies it, or rules say who may', () => {
  const who = [userIs('alice')]
  assert.equal(isAllowed(policyOf([]), alice, 'connect', ''), true)
  const denying = policyOf([ruleOf('deny', actionBit.connect, null, { who })])
  assert.equal(isAllowed(denying, alice, 'connect', ''), false)
  assert.equal(isAllowed(denying, bob, 'connect', ''), true)
  const allowing = policyOf([ruleOf('allow', actionBit.connect, null, { who })])
  assert.equal(isAllowed(allowing, alice, 'connect', ''), true)
  assert.equal(isAllowed(allowing, bob, 'connect', ''), false)
})

test('a value with a wildcard, a slash or nothing in it never widens a rule', () => {
  const policy = policyOf([ruleOf('allow', everything, [openBehind('dev', user), openBehind('area', area)])])
  for (const name of ['+', '#', 'a/b', '', 'a+', 'a\0']) {
    const subject = subjectOf('c', { name, attributes: { area: name } })
    for (const start of ['dev', 'area']) {
      assert.equal(isAllowed(policy, subject, 'publish', `${start}/a/b/c`), false, name)
      assert.equal(isAllowed(policy, subject, 'publish', `${start}/${name}/c`), false, name)
      assert.equal(isAllowed(policy, subject, 'subscribe', `${start}/+/c`), false, name)
      assert.equal(isAllowed(policy, subject, 'subscribe', `${start}/#`), false, name)
    }
  }
  assert.equal(isAllowed(policy, alice, 'publish', 'dev/alice/c'), true)
})

test('names of what every object has are names as others', () => {
  const attributes = { constructor: 'x', area: ['__proto__', 'toString'] }
  const odd = subjectOf('__proto__', { name: 'constructor', roles: ['hasOwnProperty'], attributes })
  const rules = [
    ruleOf('allow', everything, ['__proto__/valueOf'], { who: [userIs('constructor'), roleIs('hasOwnProperty')] }),
    ruleOf('allow', everything, [openBehind('constructor', area)], { who: [userIs('constructor')] }),
  ]
  assert.equal(isAllowed(policyOf(rules), odd, 'publish', '__proto__/valueOf'), true)
  assert.equal(isAllowed(policyOf(rules), odd, 'publish', 'constructor/__proto__/a'), true)
  assert.equal(isAllowed(policyOf(rules), alice, 'publish', '__proto__/valueOf'), false)
  assert.equal(isAllowed(policyOf(rules), subjectOf('x'), 'publish', 'constructor/toString/a'), false)
})

test('text is compared character by character and never normalised', () => {
  const policy = policyOf([ruleOf('allow', everything, ['caf\u00e9', openBehind('dev', user)])])
  assert.equal(isAllowed(policy, alice, 'publish', 'caf\u00e9'), true)
  assert.equal(isAllowed(policy, alice, 'publish', 'cafe\u0301'), false)
  const lookalike = subjectOf('\u0430lice')
  assert.equal(isAllowed(policy, lookalike, 'publish', 'dev/alice/x'), false)
  assert.equal(isAllowed(policy, subjectOf('\uff0b'), 'publish', 'dev/\uff0b/x'), true)
  assert.equal(isAllowed(policy, subjectOf('Alice'), 'publish', 'dev/alice/x'), false)
})

test('wildcards in the first level leave out topics that begin with $, and so do subscriptions to them', () => {
  const policy = policyOf([ruleOf('allow', everything, ['#', '+/broker']), ruleOf('allow', reading, ['$SYS/broker'])])
  assert.equal(isAllowed(policy, alice, 'publish', '$SYS/broker'), false)
  assert.equal(isAllowed(policy, alice, 'receive', '$SYS/broker'), true)
  assert.equal(isAllowed(policy, alice, 'subscribe', '$SYS/broker'), true)
  assert.equal(isAllowed(policy, alice, 'subscribe', '$SYS/#'), false)
  assert.equal(isAllowed(policy, alice, 'subscribe', '#'), true)
  assert.equal(isAllowed(policy, alice, 'subscribe', '$share/g/a'), false)
})

test('topics and filters of ten thousand levels are decided, and rules that long', () => {
  const deep = 'a/'.repeat(10_000)
  const rules = Array.from({ length: 40 }, (_, at) => ruleOf('allow', everything, [`${deep}x${at}`, `${deep}x${at}/#`]))
  const policy = policyOf([ruleOf('deny', everything, [`${deep}x7/+`]), ...rules])
  assert.equal(isAllowed(policy, alice, 'publish', `${deep}x39`), true)
  assert.equal(isAllowed(policy, alice, 'publish', `${deep}x7/a`), false)
  assert.equal(isAllowed(policy, alice, 'publish', `${deep}y`), false)
  assert.equal(isAllowed(policy, alice, 'subscribe', `${deep}x8/#`), true)
  assert.equal(isAllowed(policy, alice, 'subscribe', `${deep}x7/#`), false)
  assert.equal(isAllowed(policy, alice, 'subscribe', `${'+/'.repeat(10_000)}#`), false)
  assert.equal(isAllowed(policy, alice, 'publish', '/'.repeat(60_000)), false)
})

test('a subscription is contained, or overlapping, or any', () => {
  const rules = [ruleOf('deny', everything, ['a/secret']), ruleOf('allow', everything, ['a/#'])]
  const outcomes = (subscriptions: 'contained' | 'overlapping' | 'any') =>
    ['a/+', 'a/open', '#', 'a/secret', 'b'].map((filter) => {
      const { allowed, whole } = decide(policyOf(rules, { subscriptions }), alice, ask('subscribe', filter))
      return [filter, allowed, whole]
    })
  assert.deepEqual(outcomes('contained'), [
    ['a/+', false, false],
    ['a/open', true, true],
    ['#', false, false],
    ['a/secret', false, false],
    ['b', false, false],
  ])
  assert.deepEqual(outcomes('overlapping'), [
    ['a/+', true, false],
    ['a/open', true, true],
    ['#', true, false],
    ['a/secret', false, false],
    ['b', false, false],
  ])
  assert.deepEqual(
    outcomes('any').map(([, allowed, whole]) => [allowed, whole]),
    [
      [true, false],
      [true, true],
      [true, false],
      [true, false],
      [true, false],
    ],
  )
})

test('a subscription that may be made is not whole when something of it may not be received', () => {
  const rules = [ruleOf('deny', actionBits(['receive']), ['a/secret']), ruleOf('allow', reading, ['a/#'])]
  const { allowed, whole } = decide(policyOf(rules), alice, ask('subscribe', 'a/+'))
  assert.deepEqual([allowed, whole], [true, false])
  assert.equal(decide(policyOf(rules), alice, ask('subscribe', 'a/open/#')).whole, true)
})

test('what came with an identity is allowed where a rule says so, and invalid filters match nothing', () => {
  const permissions = { publish: ['up/+', 'bad#', 'a/#/b', '', 'n\0'], subscribe: ['down/#'] }
  const subject = subjectOf('t', { permissions })
  const policy = policyOf([
    ruleOf('allow', publishing, [], { topics: 'carried publish' }),
    ruleOf('allow', reading, [], { topics: 'carried subscribe' }),
  ])
  assert.equal(isAllowed(policy, subject, 'publish', 'up/1'), true)
  assert.equal(isAllowed(policy, subject, 'publish', 'bad'), false)
  assert.equal(isAllowed(policy, subject, 'publish', 'a/x/b'), false)
  assert.equal(isAllowed(policy, subject, 'publish', 'down/1'), false)
  assert.equal(isAllowed(policy, subject, 'subscribe', 'down/+/x'), true)
  assert.equal(isAllowed(policy, subject, 'subscribe', '#'), false)
  assert.equal(isAllowed(policy, alice, 'publish', 'up/1'), false)
})

test('no more than a thousand carried filters count', () => {
  const publish = Array.from({ length: 1_001 }, (_, at) => `up/${at}`)
  const policy = policyOf([ruleOf('allow', publishing, [], { topics: 'carried publish' })])
  const subject = subjectOf('t', { permissions: { publish, subscribe: [] } })
  assert.equal(isAllowed(policy, subject, 'publish', 'up/999'), true)
  assert.equal(isAllowed(policy, subject, 'publish', 'up/1000'), false)
})

test('a variable with several values stands for each of them', () => {
  const policy = policyOf([
    ruleOf('allow', everything, [
      openBehind('area', area),
      { text: 'm/{area}-%u/+', levels: ['m', [area, '-', user], single] },
    ]),
  ])
  const subject = subjectOf('eve', { attributes: { area: ['north', 'north-a', '+'] } })
  assert.equal(isAllowed(policy, subject, 'publish', 'area/north-a/x'), true)
  assert.equal(isAllowed(policy, subject, 'publish', 'm/north-a-eve/x'), true)
  assert.equal(isAllowed(policy, subject, 'publish', 'm/north-eve/x'), true)
  assert.equal(isAllowed(policy, subject, 'publish', 'm/north-a/x'), false)
  assert.equal(isAllowed(policy, subject, 'subscribe', 'm/+/x'), false)
})

test('variables of the same text are the same within a file, and not across files', () => {
  const other = { text: user.text, values: () => ['other'] }
  const rules = Array.from({ length: 40 }, (_, at) => {
    const of = at % 2 === 0 ? { ...user } : other
    const place = { file: at % 2 === 0 ? 'one' : 'two', line: at }
    return ruleOf('allow', everything, [{ text: `x/%u/${at}`, levels: ['x', [of], `${at}`] }], { place })
  })
  const policy = policyOf(rules)
  assert.equal(isAllowed(policy, alice, 'publish', 'x/alice/38'), true)
  assert.equal(isAllowed(policy, alice, 'publish', 'x/alice/39'), false)
  assert.equal(isAllowed(policy, alice, 'publish', 'x/other/39'), true)
  assert.equal(isAllowed(policy, alice, 'publish', 'x/other/38'), false)
})

test('who may subscribe, and how many, is told with the rule that allows it', () => {
  const policy = policyOf([ruleOf('allow', reading, ['a/#'], { maximumSubscribers: 10 })])
  assert.equal(decide(policy, alice, ask('subscribe', 'a/b')).maximumSubscribers, 10)
  assert.equal(decide(policy, alice, ask('subscribe', 'b')).maximumSubscribers, 0)
})

function asking(answers: Readonly<Record<string, AskedAnswer['decision']>>, asked: string[] = [], later = false) {
  return {
    ask(_: Subject, { topic }: Request) {
      asked.push(topic)
      const answer: AskedAnswer = { decision: answers[topic] ?? 'unknown', why: `it knows ${topic}` }
      return later ? Promise.resolve(answer) : answer
    },
  }
}

test('a rule that asks is asked when it is the first that matches, and passed over when the answer is not known', async () => {
  for (const later of [false, true]) {
    const asked: string[] = []
    const rules = [
      ruleOf('deny', publishing, ['secret']),
      ruleOf(asking({ a: 'allow', b: 'deny' }, asked, later), everything, null),
      ruleOf('allow', publishing, ['c']),
    ]
    const policy = policyOf(rules)
    const answers: [string, boolean, string | null][] = []
    for (const topic of ['secret', 'a', 'b', 'c', 'd']) {
      const { allowed, asked: said } = await policy.decide(alice, ask('publish', topic))
      answers.push([topic, allowed, said])
    }
    assert.deepEqual(answers, [
      ['secret', false, null],
      ['a', true, 'it knows a'],
      ['b', false, 'it knows b'],
      ['c', true, null],
      ['d', false, 'it knows d'],
    ])
    assert.deepEqual(asked, ['a', 'b', 'c', 'd'])
  }
})

test('deliveries ask nobody, and a subscription that was asked about is whole', async () => {
  const asked: string[] = []
  const policy = policyOf([ruleOf(asking({ 'a/#': 'allow' }, asked, true), everything, null)])
  assert.equal(isAllowed(policy, alice, 'receive', 'a/b'), false)
  const { allowed, whole } = await policy.decide(alice, ask('subscribe', 'a/#'))
  assert.deepEqual([allowed, whole, asked], [true, true, ['a/#']])
})

test('nobody is asked about a subscription of which a rule denies some already', async () => {
  const asked: string[] = []
  const rules = [ruleOf('deny', reading, ['a/secret']), ruleOf(asking({ 'a/#': 'allow' }, asked), everything, null)]
  const decision = await policyOf(rules).decide(alice, ask('subscribe', 'a/#'))
  assert.deepEqual([decision.allowed, decision.rule, asked], [false, rules[0], []])
  const part = await policyOf(rules, { subscriptions: 'overlapping' }).decide(alice, ask('subscribe', 'a/#'))
  assert.deepEqual([part.allowed, part.whole, asked], [true, false, ['a/#']])
})

test('what somebody else decides about some of a filter keeps the subscription from being contained', async () => {
  const rules = [ruleOf(asking({ 'a/b': 'allow' }), everything, ['a/b']), ruleOf('allow', reading, ['a/#'])]
  assert.equal((await policyOf(rules).decide(alice, ask('subscribe', 'a/#'))).allowed, false)
  assert.equal((await policyOf(rules).decide(alice, ask('subscribe', 'a/b'))).allowed, true)
})

test('what decided is said in one line with its place', () => {
  const denying = ruleOf('deny', everything, ['secret/#'], {
    place: { file: 'acl.txt', line: 12 },
    text: 'topic deny secret/#',
  })
  const policy = policyOf([denying])
  const why = (request: Request) => whyText(decide(policy, alice, request), request)
  assert.equal(why(ask('publish', 'secret/a')), 'denied by acl.txt:12: topic deny secret/#')
  assert.equal(why(ask('publish', 'open')), 'no rule allows it')
  assert.equal(why(ask('subscribe', 'open/#')), 'no rule allows all of it')
  assert.equal(why(ask('connect', '')), 'no rule is against it')
})

test('a variable in the first level does not let a client whose name begins with $ to topics that do', () => {
  const policy = policyOf([ruleOf('allow', everything, [patternOf('%u/#', [[user], rest])])])
  assert.equal(isAllowed(policy, subjectOf('$SYS'), 'subscribe', '$SYS/#'), false)
  assert.equal(isAllowed(policy, subjectOf('$SYS'), 'receive', '$SYS/broker/uptime'), false)
  assert.equal(isAllowed(policy, alice, 'subscribe', 'alice/#'), true)
})

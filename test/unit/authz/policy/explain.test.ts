import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explain } from '../../../../src/authz/policy/explain.ts'
import { single } from '../../../../src/authz/policy/pattern.ts'
import { Policy } from '../../../../src/authz/policy/policy.ts'
import { actionBit, placeText } from '../../../../src/authz/policy/rule.ts'
import { fc } from '../../../kit/fast-check.ts'
import { options, request, rules, subject } from './arbitrary.ts'
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

const bob = subjectOf('bob')

test('an explanation says what the decision says', async () => {
  await fc.assert(
    fc.asyncProperty(
      rules,
      options,
      subject,
      fc.array(request, { minLength: 3 }),
      async (list, chosen, client, asked) => {
        const policy = new Policy(list, chosen)
        for (const one of asked) {
          const decision = await policy.decide(client, one)
          const explanation = await explain(policy, client, one)
          assert.equal(explanation.allowed, decision.allowed)
          assert.equal(explanation.rule?.place, decision.rule === null ? undefined : placeText(decision.rule.place))
          assert.equal(explanation.nearest === null || !explanation.allowed, true)
          for (const { why } of explanation.before) assert.notEqual(why, '')
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('the rule that decided is shown with the values of the client', async () => {
  const policy = policyOf([
    ruleOf('allow', everything, [{ text: 'dt/{area}/+/%u/#', levels: [...'dt'.split('/'), [area], single, [user]] }]),
  ])
  const client = subjectOf('dev00001', { attributes: { area: 'demo' } })
  const { allowed, rule } = await explain(policy, client, ask('publish', 'dt/demo/x/dev00001'))
  assert.deepEqual([allowed, rule?.filter], [true, 'dt/demo/+/dev00001'])
})

test('rules that came before say what of them was not met', async () => {
  const policy = policyOf([
    ruleOf('allow', everything, ['dt/demo/y'], { who: [] }),
    ruleOf('allow', everything, ['dt/demo/x'], { who: [userIs('alice')] }),
    ruleOf('deny', reading, ['dt/demo/x']),
    ruleOf('allow', everything, [openBehind('dt', area)]),
    ruleOf('allow', publishing, ['dt/demo/x'], { maximumQos: 1 }),
    ruleOf('allow', publishing, ['dt/demo/x'], { retain: true }),
    ruleOf('allow', publishing, ['dt/demo/x'], { who: [roleIs('admin')] }),
    ruleOf('allow', publishing, ['dt/demo']),
    ruleOf('allow', publishing, ['dt/#']),
  ])
  const { allowed, before, beforeCount, nearest } = await explain(policy, bob, ask('publish', 'dt/demo/x', { qos: 2 }))
  assert.equal(allowed, true)
  assert.equal(nearest, null)
  assert.equal(beforeCount, 8)
  assert.deepEqual(
    before.map(({ why }) => why),
    [
      'the topic is not matched: level 3 is "x", not "y"',
      'user is "bob", not "alice"',
      'is about subscribe and receive, not publish',
      'the topic is not matched: the client has nothing for {area}',
      'QoS 2 is over 1',
      'is about messages with RETAIN, and this one is without',
      'the client has no role, not "admin"',
      'the topic is not matched: it has 3 levels, not 2',
    ],
  )
})

test('no more than a hundred rules are shown, and those are the nearest, in order', async () => {
  const far = Array.from({ length: 500 }, (_, at) => ruleOf('allow', everything, [`x${at}/y/z`]))
  const policy = policyOf([...far, ruleOf('allow', everything, ['a/c']), ...far])
  const { before, beforeCount } = await explain(policy, bob, ask('publish', 'a/b'))
  assert.equal(beforeCount, 1_001)
  assert.equal(before.length, 100)
  assert.ok(before.some(({ rule }) => rule.filter === 'a/c'))
})

test('the nearest rule is one of which a single thing is missing, and what that is', async () => {
  const policy = policyOf([
    ruleOf('allow', reading, ['other/+/place']),
    ruleOf('allow', publishing, ['plant/+/pump/state'], { who: [userIs('alice')] }),
    ruleOf('allow', publishing, [openBehind('dev', user)]),
  ])
  const nearest = async (action: 'publish' | 'subscribe', topic: string) =>
    (await explain(policy, bob, ask(action, topic))).nearest
  assert.deepEqual(
    (await nearest('publish', 'dev/bobby/x'))?.why,
    'the topic is not matched: level 2 is "bobby", not "bob"',
  )
  assert.equal((await nearest('publish', 'dev/bobby/x'))?.rule.filter, 'dev/bob/#')
  assert.equal((await nearest('publish', 'plant/7/pump/state'))?.why, 'user is "bob", not "alice"')
  assert.equal((await nearest('publish', 'other/1/place'))?.why, 'is about subscribe and receive, not publish')
  assert.equal(await nearest('publish', 'nothing/of/the/kind'), null)
})

test('a rule about another client is nearer than one about a topic with nothing in common', async () => {
  const policy = policyOf([
    ruleOf('allow', everything, ['sensors/#'], { who: [userIs('bob')] }),
    ruleOf('allow', publishing, ['plant/hall'], { who: [userIs('alice')] }),
  ])
  const { nearest } = await explain(policy, bob, ask('publish', 'plant/hall'))
  assert.equal(nearest?.why, 'user is "bob", not "alice"')
})

test('of connecting, only rules about connecting are shown', async () => {
  const connecting = actionBit.connect
  const policy = policyOf([
    ruleOf('allow', everything, ['a/#']),
    ruleOf('allow', connecting, null, { who: [userIs('alice')] }),
  ])
  const { allowed, before, nearest } = await explain(policy, bob, ask('connect', ''))
  assert.equal(allowed, false)
  assert.deepEqual(
    before.map(({ why }) => why),
    ['user is "bob", not "alice"'],
  )
  assert.equal(nearest?.why, 'user is "bob", not "alice"')
})

test('a rule behind the one that denied is said to come too late', async () => {
  const policy = policyOf([ruleOf('deny', everything, ['a/#']), ruleOf('allow', everything, ['a/b'])])
  const { rule, nearest } = await explain(policy, bob, ask('publish', 'a/b'))
  assert.equal(rule?.text, 'deny a/#')
  assert.equal(nearest?.why, 'comes after the rule that decided')
})

test('a subscription that is too wide is told which rule allows some of it', async () => {
  const policy = policyOf([ruleOf('allow', reading, ['a/b'])])
  const { allowed, why, nearest } = await explain(policy, bob, ask('subscribe', 'a/+'))
  assert.equal(allowed, false)
  assert.equal(why, 'no rule allows all of it')
  assert.equal(nearest?.why, 'matches only some of it: level 2 is "+", which is more than "b"')
})

test('what clients say of themselves is cut short and quoted', async () => {
  const policy = policyOf([ruleOf('allow', everything, ['a/#'], { who: [userIs('alice')] })])
  const { nearest } = await explain(policy, subjectOf(`x"\n${'y'.repeat(70_000)}`), ask('publish', 'a/b'))
  assert.ok((nearest?.why.length ?? 0) < 200)
  assert.match(nearest?.why ?? '', /^user is "x\\"\\ny/)
})

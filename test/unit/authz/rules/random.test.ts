import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../kit/fast-check.ts'
import { clientOf, policyOf } from './kit.ts'
import { evaluate, type RawRequest, type RawRule, type RawWho } from './reference.ts'

const word = fc.constantFrom('a', 'b', 'ab', '$x', '__proto__')
// In a list of names, $ begins the name of a set.
const glob = fc.oneof(
  word.filter((name) => name !== '$x'),
  fc.constantFrom('*', 'a*', '*b', 'a*b'),
)
const globs = fc.array(glob, { minLength: 1, maxLength: 2 })
const filterLevel = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'ab', '', '$x') },
  { weight: 2, arbitrary: fc.constant('+') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '{user}',
      '{client}',
      '{role}',
      '{attributes.k}',
      'a{user}',
      '{attributes.k}b',
      '{user}{client}',
    ),
  },
)
const filter = fc
  .tuple(fc.array(filterLevel, { maxLength: 3 }), fc.boolean())
  .map(([levels, open]) => joined(open || levels.length === 0 ? [...levels, '#'] : levels))
const value = fc.oneof(word, fc.constantFrom('5', 'a+', '#', 'a/b', '', 'b'), fc.integer({ min: -2, max: 9 }))
const attribute = fc.oneof(value, fc.array(fc.constantFrom('a', 'b', '7', 'ab'), { maxLength: 2 }))
const attributeTest = fc.oneof(
  fc.constantFrom('a', 'a*', '*', '!= a', '< 5', '<= 5', '> 5', '>= 5', '!= 5'),
  fc.integer({ min: -2, max: 9 }),
  fc.array(fc.constantFrom('a', 'b*', '7'), { minLength: 1, maxLength: 2 }),
)
const conditions = {
  users: globs,
  clients: globs,
  roles: globs,
  groups: globs,
  listener: glob,
  address: fc.constantFrom('10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '192.168.0.0/17'),
  anonymous: fc.boolean(),
  attributes: fc.record({ k: attributeTest }),
}
/** Most rules have none or one of them. */
const who = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 4,
    arbitrary: fc.oneof(
      fc.record({ users: conditions.users }),
      fc.record({ clients: conditions.clients }),
      fc.record({ roles: conditions.roles }),
      fc.record({ groups: conditions.groups }),
      fc.record({ attributes: conditions.attributes }),
      fc.record({ address: conditions.address }),
    ),
  },
  { weight: 1, arbitrary: fc.record(conditions, { requiredKeys: [] }) },
)
const exceptions = fc.record({ unless: who.filter((each) => Object.keys(each).length > 0) })
const about = fc.oneof(
  { weight: 1, arbitrary: fc.record({ actions: fc.constant<string[]>(['connect']) }) },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        actions: fc.subarray<string>(['publish', 'subscribe', 'receive', 'will', 'retain'], {
          minLength: 1,
          maxLength: 2,
        }),
        topics: fc.array(filter, { minLength: 1, maxLength: 2 }),
        qos: fc.constantFrom(0, 1),
        retain: fc.boolean(),
      },
      { requiredKeys: ['actions'] },
    ),
  },
)
const rule = fc
  .tuple(fc.constantFrom('allow', 'deny'), about, who, fc.option(exceptions, { freq: 5, nil: {} }))
  .map(([effect, { actions, ...rest }, conditions, unless]): RawRule => {
    const { qos, retain, topics } = { qos: undefined, retain: undefined, topics: undefined, ...rest }
    const sends = actions.includes('publish') || actions.includes('will')
    const plain = !actions.includes('receive') && !actions.includes('connect')
    return {
      [effect]: actions,
      ...(topics === undefined ? {} : { topics }),
      ...(qos === undefined || !plain ? {} : { qos }),
      ...(retain === undefined || !plain || !sends ? {} : { retain }),
      ...conditions,
      ...unless,
    }
  })
const client: fc.Arbitrary<RawWho> = fc.record(
  {
    user: fc.oneof(word, fc.constantFrom('a/b', '+', 'a#')),
    client: word,
    roles: fc.subarray(['a', 'b', 'ab', 'c+'], { minLength: 1 }),
    groups: fc.subarray(['a', 'b', '__proto__'], { minLength: 1 }),
    listener: fc.constantFrom('a', 'ab', 'c'),
    address: fc.constantFrom('10.1.2.3', '10.200.0.1', '192.168.5.5', '192.168.200.1'),
    attributes: fc.oneof(fc.constant({}), fc.record({ k: attribute })),
  },
  { requiredKeys: ['client', 'listener', 'address', 'attributes'] },
)
const nameLevel = fc.constantFrom('a', 'b', 'ab', '', '$x', 'aa', 'bb', '__proto__')
const topicName = fc.array(nameLevel, { minLength: 1, maxLength: 4 }).map(joined)
const subscription = fc
  .tuple(fc.array(fc.oneof(nameLevel, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .map(([levels, open]) => joined(open || levels.length === 0 ? [...levels, '#'] : levels))
const terms = { qos: fc.constantFrom(0 as const, 1 as const, 2 as const), retain: fc.boolean() }
const action = (...words: RawRequest['action'][]) => fc.constantFrom(...words)
const request: fc.Arbitrary<RawRequest> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ action: action('connect'), topic: fc.constant(''), ...terms }) },
  {
    weight: 6,
    arbitrary: fc.record({
      action: action('publish', 'will', 'receive'),
      topic: topicName,
      ...terms,
    }),
  },
  { weight: 3, arbitrary: fc.record({ action: action('subscribe'), topic: subscription, ...terms }) },
)

/** No level makes no topic. */
function joined(levels: readonly string[]): string {
  return levels.join('/') || '/'
}

test('a hundred thousand requests are decided as the page of the rules says', () => {
  const cases = fc.record({
    rules: fc.array(rule, { maxLength: 8 }),
    clients: fc.array(client, { minLength: 5, maxLength: 5 }),
    requests: fc.array(request, { minLength: 16, maxLength: 16 }),
  })
  let decided = 0
  let allowed = 0
  const property = fc.property(cases, ({ rules, clients, requests }) => {
    const policy = policyOf(JSON.stringify({ rules }))
    for (const raw of clients) {
      const subject = clientOf({ ...raw })
      for (const each of requests) {
        const expected = evaluate(rules, raw, each)
        const decision = policy.decide(subject, each)
        assert.ok(!(decision instanceof Promise))
        const story = () => JSON.stringify({ raw, each, expected, rule: decision.rule?.text })
        assert.equal(decision.allowed, expected.allowed, story())
        if (each.action !== 'subscribe') assert.equal(decision.rule, policy.rules[expected.rule] ?? null, story())
        decided++
        if (decision.allowed) allowed++
      }
    }
  })
  fc.assert(property, { numRuns: 1_250 })
  assert.equal(decided, 100_000)
  assert.ok(allowed > 5_000 && allowed < 95_000)
})

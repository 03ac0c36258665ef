import { type Level, type Pattern, rest, single, type Variable } from '../../../../src/authz/policy/pattern.ts'
import type { PolicyOptions } from '../../../../src/authz/policy/policy.ts'
import type { AskedAnswer, Condition, Fact, Request, Rule } from '../../../../src/authz/policy/rule.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import type { AttributeValue } from '../../../../src/engine/ports.ts'
import { fc } from '../../../kit/fast-check.ts'

const names = ['a', 'b', 'ab', '$x', '', 'a+', 'a/b', '#', '__proto__', 'constructor', 'toString']
const name = fc.constantFrom(...names)
const word = fc.constantFrom('', 'a', 'b', '$x', 'ab')
const text = fc.constantFrom('a', 'b', '', '$x', '__proto__')

export const subject: fc.Arbitrary<Subject> = fc
  .record({
    id: name,
    name,
    method: fc.constantFrom('anonymous', 'password', 'token'),
    roles: fc.array(name, { maxLength: 3 }),
    groups: fc.array(name, { maxLength: 2 }),
    site: fc.oneof(name, fc.array(name, { maxLength: 3 }), fc.constant(7)),
    publish: fc.array(fc.oneof(filterText(), fc.constantFrom('a#', '#/a', '', 'a\0')), { maxLength: 3 }),
    subscribe: fc.array(filterText(), { maxLength: 3 }),
  })
  .map(({ id, name: own, method, roles, groups, site, publish, subscribe }) => {
    const attributes: Record<string, AttributeValue> = { site }
    const identity = { name: own, method, roles, groups, attributes, permissions: { publish, subscribe } }
    const peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null } as const
    return new Subject({ id, identity, version: 5, listener: 'test', peer })
  })

const variables: readonly Variable[] = [
  { text: '%u', values: ({ user }) => (user === null ? [] : [user]) },
  { text: '%c', values: ({ clientId }) => [clientId] },
  { text: '{role}', values: ({ roles }) => [...roles] },
  { text: '{attributes.site}', values: (client) => siteOf(client.attribute('site')) },
  { text: '{attributes.unknown}', values: () => [] },
]

function siteOf(site: AttributeValue | null): readonly string[] {
  if (site === null) return []
  return typeof site === 'object' ? site : [String(site)]
}

const variable = fc.constantFrom(...variables)
const pieces: fc.Arbitrary<Level> = fc.oneof(
  fc.tuple(variable),
  fc.tuple(fc.constantFrom('a', ''), variable),
  fc.tuple(variable, fc.constantFrom('b', '')),
  fc.tuple(variable, variable),
)
const level: fc.Arbitrary<Level> = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: fc.constant<Level>(single) },
  { weight: 1, arbitrary: pieces },
)

const pattern: fc.Arbitrary<Pattern> = fc
  .tuple(fc.array(level, { maxLength: 3 }), fc.boolean())
  .map(([levels, open]): Level[] => (open ? [...levels, rest] : levels))
  .filter((levels) => levels.length > 1 || (levels.length === 1 && levels[0] !== ''))
  .map((levels) => ({ text: levels.map(written).join('/'), levels }))

function written(own: Level): string {
  if (own === single) return '+'
  if (own === rest) return '#'
  if (typeof own === 'string') return own
  return own.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')
}

function among(fact: Fact, values: readonly string[]): Condition {
  const text = `${fact} is one of ${values.join(', ')}`
  if (fact === 'user')
    return { text, holds: ({ user }) => user !== null && values.includes(user), among: { fact, values } }
  if (fact === 'client') return { text, holds: ({ clientId }) => values.includes(clientId), among: { fact, values } }
  const having = (client: Subject) => (fact === 'role' ? client.roles : client.groups)
  return { text, holds: (client) => values.some((value) => having(client).has(value)), among: { fact, values } }
}

const condition: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom<Fact[]>('user', 'client', 'role', 'group'), fc.array(name, { maxLength: 4 }))
      .map(([fact, values]) => among(fact, values)),
  },
  {
    weight: 1,
    arbitrary: name.map((value) => ({
      text: `site is ${value}`,
      holds: (client: Subject) => client.attribute('site') === value,
    })),
  },
)

const answer: fc.Arbitrary<AskedAnswer['decision']> = fc.constantFrom('allow', 'deny', 'unknown')

/** Says the same to the same question. */
const asked: fc.Arbitrary<Rule['effect']> = fc
  .tuple(fc.array(answer, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([decisions, later]) => ({
    ask(_, { topic }) {
      const said: AskedAnswer = { decision: decisions[topic.length % decisions.length], why: 'it says so' }
      return later ? Promise.resolve(said) : said
    },
  }))

const effect: fc.Arbitrary<Rule['effect']> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Rule['effect'][]>('allow', 'deny') },
  { weight: 1, arbitrary: asked },
)

const actions = fc.oneof(fc.constantFrom(12, 18, 30), fc.integer({ min: 0, max: 63 }))
const ruleTopics: fc.Arbitrary<Rule['topics']> = fc.oneof(
  { weight: 10, arbitrary: fc.array(pattern, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom<Rule['topics'][]>(null, 'carried publish', 'carried subscribe', []) },
)

function ruleOf(someEffect: fc.Arbitrary<Rule['effect']>): fc.Arbitrary<Rule> {
  return fc.record({
    effect: someEffect,
    actions,
    topics: ruleTopics,
    who: fc.oneof(fc.constant([]), fc.array(condition, { maxLength: 2 })),
    maximumQos: fc.constantFrom(2, 2, 2, 1, 0),
    retain: fc.constantFrom(null, null, true, false),
    maximumSubscribers: fc.constantFrom(0, 10),
    text: fc.constant('a rule'),
    place: fc.integer({ min: 1, max: 99 }).map((line) => ({ file: 'rules', line })),
  })
}

/** Lists with and without rules that ask, short and long ones. */
export const rules: fc.Arbitrary<Rule[]> = fc.oneof(
  fc.array(ruleOf(effect), { maxLength: 6 }),
  fc.array(ruleOf(fc.constantFrom<Rule['effect'][]>('allow', 'deny')), { maxLength: 8 }),
  fc.array(ruleOf(effect), { minLength: 25, maxLength: 40 }),
)

export const options: fc.Arbitrary<PolicyOptions> = fc.record({
  otherwise: fc.constantFrom('allow', 'deny'),
  subscriptions: fc.constantFrom('contained', 'overlapping', 'any'),
})

function filterText(): fc.Arbitrary<string> {
  const part = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: fc.constant('+') })
  return fc
    .tuple(fc.array(part, { maxLength: 3 }), fc.boolean())
    .map(([parts, open]) => (open ? [...parts, '#'] : parts).join('/'))
    .filter((filter) => filter !== '')
}

const topic: fc.Arbitrary<string> = fc
  .array(word, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((joined) => joined !== '')

export const request: fc.Arbitrary<Request> = fc
  .record({
    action: fc.constantFrom('publish', 'will', 'receive', 'connect', 'subscribe', 'subscribe'),
    topic,
    filter: filterText(),
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
  })
  .map(({ action, topic: name, filter, qos, retain }) => {
    const topics = { connect: '', subscribe: filter }
    return { action, topic: action === 'connect' || action === 'subscribe' ? topics[action] : name, qos, retain }
  })

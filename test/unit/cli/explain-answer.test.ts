import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { answerJson } from '../../../src/cli/explain-json.ts'
import type { Answer } from '../../../src/cli/explain-request.ts'
import { answerLines } from '../../../src/cli/explain-text.ts'
import { Failure } from '../../../src/cli/failure.ts'
import type { Explanation, Identity } from '../../../src/engine/ports.ts'
import { place, usersText } from './explain-kit.ts'

const rules = `pattern write dev/%c/state
user alice
topic readwrite sensors/hall
topic read plant/+/state
topic deny sensors/secret
user bob
topic write sensors/attic
`
const configuration = `
listeners: [{ url: mqtt://127.0.0.1:0, name: inside }]
authenticators: [{ password: { file: '%/users.yaml' } }]
access: { sources: [{ mosquitto_acl: { file: '%/acl' } }] }
`

function withRules(t: TestContext, more = '') {
  return place(t, configuration.replace(' }] }', ` }]${more} }`), { acl: rules, 'users.yaml': usersText })
}

const alice = { user: 'alice', client: 'p7' }

test('the answer is that of the rules, for every action', async (t) => {
  const { ask } = withRules(t)
  const cases: [string, string | undefined, boolean][] = [
    ['connect', undefined, true],
    ['publish', 'sensors/hall', true],
    ['publish', 'plant/1/state', false],
    ['publish', 'dev/p7/state', true],
    ['publish', 'dev/p8/state', false],
    ['will', 'sensors/hall', true],
    ['will', 'sensors/secret', false],
    ['receive', 'plant/1/state', true],
    ['receive', 'dev/p7/state', false],
    ['subscribe', 'plant/1/state', true],
    ['subscribe', '$share/group/plant/+/state', true],
  ]
  for (const [action, topic, allowed] of cases)
    assert.equal((await ask(action, topic, alice)).allowed, allowed, `${action} ${topic}`)
})

test('of a subscription it is said what the client gets', async (t) => {
  const { ask } = withRules(t, ', subscriptions: overlapping')
  const whole = await ask('subscribe', 'plant/1/state', alice)
  assert.equal(whole.gets, 'everything the filter matches may be received')
  const part = await ask('subscribe', 'plant/#', alice)
  assert.match(part.gets ?? '', /^of what the filter matches, only what the client may receive is delivered/)
  assert.deepEqual([part.allowed, (await ask('subscribe', 'other/#', alice)).gets], [true, null])
})

test('topics of the broker are its own, whatever the rules say', async (t) => {
  const { ask } = withRules(t, ', otherwise: allow')
  for (const action of ['publish', 'will']) {
    const { allowed, why } = await ask(action, '$SYS/broker/uptime', alice)
    assert.deepEqual([allowed, why], [false, 'topics under $SYS belong to the broker'])
  }
  assert.equal((await ask('subscribe', '$SYS/#', alice)).allowed, true)
})

test('who would not be let in cannot connect, and the rules are asked about everything else', async (t) => {
  const { ask } = withRules(t)
  const refused = await ask('connect', undefined, { user: 'carol' })
  assert.deepEqual([refused.allowed, /"carol" is disabled/.test(refused.why), refused.explanation], [false, true, null])
  const answer = await ask('publish', 'dev/c/state', { user: 'carol' })
  assert.equal(answer.allowed, true)
  assert.match(answerLines(answer).join('\n'), /the client would not even be let in: the user "carol" is disabled/)
})

test('without rules everything is allowed, and that is said', async (t) => {
  const { ask } = place(t, '')
  const { allowed, why } = await ask('publish', 'a')
  assert.deepEqual([allowed, why], [true, 'no rules are configured'])
})

test('what cannot be asked is a mistake of the command line', async (t) => {
  const { ask } = withRules(t)
  const cases: [string, string | undefined, RegExp][] = [
    ['connect', 'a', /connect takes no topic/],
    ['publish', undefined, /say which topic/],
    ['publish', 'a/#', /"a\/#" is not a topic/],
    ['receive', '', /"" is not a topic/],
    ['will', 'a\0', /is not a topic/],
    ['publish', 'x'.repeat(70_000), /is not a topic/],
    ['subscribe', 'a#', /"a#" is not a topic filter/],
    ['subscribe', '$share/a', /is not a topic filter/],
    ['eat', 'a', /"eat" is none of connect, publish/],
  ]
  for (const [action, topic, message] of cases)
    await assert.rejects(
      ask(action, topic),
      (error) => error instanceof Failure && message.test(error.message) && error.exitCode === 2,
    )
})

const deciding = { text: 'topic deny dev/%c/#', place: 'acl:4', filter: 'dev/p7/#' }
const explanation: Explanation = {
  allowed: false,
  why: 'denied by acl:4: topic deny dev/%c/#',
  rule: deciding,
  before: [{ rule: { text: 'topic read a', place: 'acl:2', filter: 'a' }, why: 'is about reading, not publish' }],
  beforeCount: 3,
  nearest: { rule: { text: 'topic write b', place: 'acl:9', filter: 'b' }, why: 'level 1 is "dev", not "b"' },
}

function answered(identity: Identity, given: Partial<Answer> = {}): Answer {
  const peer = { transport: 'tcp', address: '192.0.2.1', port: 0, loopback: false, tls: null } as const
  const client = { id: 'p7', identity, version: 5, listener: 'inside', peer } as const
  return {
    request: { action: 'publish', topic: 'dev/p7/state', qos: 1, retain: true },
    who: { client, from: 'the command line', refused: null, notes: ['this was not checked'] },
    allowed: false,
    why: explanation.why,
    explanation,
    gets: null,
    ...given,
  }
}

test('the text has the answer first, then the rule, what nearly allowed it, what came before, and who was asked about', () => {
  const identity = { name: 'alice', method: 'token', roles: ['a', 'b'], permissions: { publish: ['x'], subscribe: [] } }
  assert.deepEqual(answerLines(answered(identity)), [
    'denied: the client "p7" of "alice" publishing to "dev/p7/state" with QoS 1, retained',
    '',
    '  why         denied by acl:4: topic deny dev/%c/#',
    '  rule        for this client: dev/p7/#',
    '  nearest     acl:9: topic write b',
    '                did not decide: level 1 is "dev", not "b"',
    '  before it   3 rules, 1 about this client, action or topic',
    '              acl:2: topic read a',
    '                did not decide: is about reading, not publish',
    '',
    '  client      "p7"',
    '              at inside from 192.0.2.1',
    '  identity    "alice" (proved by token)',
    '              from the command line',
    '  roles       "a", "b"',
    '  carries     publish: "x"',
    '              subscribe: nothing',
    '  note        this was not checked',
  ])
})

test('nothing in a name or a rule moves the cursor of a terminal', () => {
  const evil = '\u001b[2J\n\u202edrow'
  const rule = { text: evil, place: evil, filter: evil }
  const passed = [{ rule, why: evil }]
  const identity = { name: evil, method: 'token', roles: [evil], attributes: { [evil]: evil } }
  const answer = answered(identity, {
    why: evil,
    explanation: { ...explanation, rule, before: passed, nearest: passed[0] ?? null },
  })
  for (const line of answerLines(answer)) assert.doesNotMatch(line, /[\p{Cc}\u202e]/u)
  assert.doesNotMatch(answerJson(answer).replaceAll('\n', ''), /\p{Cc}/u)
})

test('the JSON says the same', () => {
  const identity = { name: 'alice', method: 'password', attributes: { area: 'north' } }
  const parsed: unknown = JSON.parse(answerJson(answered(identity)))
  assert.deepEqual(parsed, {
    allowed: false,
    why: explanation.why,
    request: { action: 'publish', topic: 'dev/p7/state', qos: 1, retain: true },
    rule: deciding,
    gets: null,
    nearest: explanation.nearest,
    before: explanation.before,
    before_count: 3,
    client: {
      id: 'p7',
      listener: 'inside',
      address: '192.0.2.1',
      identity: {
        name: 'alice',
        method: 'password',
        from: 'the command line',
        roles: [],
        groups: [],
        attributes: { area: 'north' },
        permissions: null,
        certificate: null,
      },
    },
    let_in: true,
    refused: null,
    notes: ['this was not checked'],
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/packet/reason.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { Rules, ruledBench } from './access-kit.ts'
import { turn } from './kit.ts'

test('a decision is asked for once for each client, topic, QoS and RETAIN, until the rules change', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const client = await bench.connect(v4)
  const say = (fields: { qos?: 0 | 1; retain?: boolean }) => client.send(v4.publish({ topic: 't', ...fields }))
  // A topic name is remembered when it comes for the second time.
  say({})
  say({})
  rules.asked.length = 0
  for (let times = 0; times < 5; times++) for (const fields of [{}, { qos: 1 }, { retain: true }] as const) say(fields)
  assert.deepEqual(rules.asked, ['publish t', 'publish t'])
  bench.core.accessReviews.changed()
  rules.asked.length = 0
  say({})
  assert.deepEqual(rules.asked, ['publish t'])
})

test('a decision that holds for one time is asked for every time', async () => {
  const rules = new Rules()
  rules.passing = true
  using bench = ruledBench(rules)
  const client = await bench.connect(v4)
  for (let times = 0; times < 5; times++) client.send(v4.publish({ topic: 't' }))
  assert.equal(rules.asked.filter((each) => each === 'publish t').length, 5)
})

test('a decision for one client is not taken for another', async () => {
  const rules = new Rules().deny('bob publish t')
  using bench = ruledBench(rules)
  const alice = await bench.connect(v5, { username: 'alice' })
  const bob = await bench.connect(v5, { username: 'bob' })
  for (let times = 0; times < 3; times++)
    for (const client of [alice, bob]) client.send(v5.publish({ topic: 't', qos: 1 }))
  await turn()
  const reasons = (client: typeof bob) => client.take().map((packet) => (packet.type === 'puback' ? packet.code : -1))
  assert.deepEqual(new Set(reasons(alice)), new Set([Reason.NoMatchingSubscribers]))
  assert.deepEqual(reasons(bob), [Reason.NotAuthorized, Reason.NotAuthorized, Reason.NotAuthorized])
})

test('connecting can be forbidden, and the will too', async () => {
  const rules = new Rules().deny('bob connect', 'will w')
  using bench = ruledBench(rules)
  const refused = async (fields: Parameters<typeof bench.connect>[1]) => {
    const client = await bench.connect(v5, { ...fields, clean: true })
    const connack = client.wire.bytes
    return { code: connack[3], closed: client.wire.closed, text: connack.toString('latin1') }
  }
  const bob = await refused({ username: 'bob' })
  assert.equal(bob.code, Reason.NotAuthorized)
  assert.ok(bob.closed)
  assert.match(bob.text, /connecting|denied by test:1/)
  const willing = await refused({ username: 'alice', will: { topic: 'w', payload: 'x' } })
  assert.equal(willing.code, Reason.NotAuthorized)
  const event = bench.events.findLast(({ kind }) => kind === 'refused')
  assert.ok(event?.kind === 'refused')
  assert.equal(event.identity, 'alice')
  assert.equal(event.rule, 'test:1')
})

test('an MQTT 5 publisher is told the rule, in PUBACK and PUBREC, and goes on', async () => {
  using bench = ruledBench(new Rules().deny('publish t'))
  const client = await bench.connect(v5, { username: 'alice' })
  for (const qos of [0, 1, 2] as const) client.send(v5.publish({ topic: 't', qos, id: qos }))
  await turn()
  const answers = client.take()
  assert.deepEqual(
    answers.map(({ type }) => type),
    ['puback', 'pubrec'],
  )
  for (const answer of answers) {
    if (answer.type !== 'puback' && answer.type !== 'pubrec') continue
    assert.equal(answer.code, Reason.NotAuthorized)
    assert.deepEqual(answer.properties, { reasonString: 'denied by test:1: publish t' })
  }
  assert.equal(bench.core.counters.publishRefused, 3)
  const denied = bench.events.filter((event) => event.kind === 'denied')
  assert.deepEqual(
    denied.map(({ qos, identity, rule, action }) => [qos, identity, rule, action]),
    [0, 1, 2].map((qos) => [qos, 'alice', 'test:1', 'publish']),
  )
})

test('rules are told to nobody where that is said', async () => {
  using bench = ruledBench(new Rules().deny('publish t', 'subscribe t'), { tellRules: 'never' })
  const client = await bench.connect(v5)
  client.send(v5.publish({ topic: 't', qos: 1 }), v5.subscribe({ id: 2, filters: ['t'] }))
  await turn()
  const text = client.wire.bytes.toString('latin1')
  assert.doesNotMatch(text, /denied|test/)
  assert.deepEqual(
    client.take().map(({ type }) => type),
    ['puback', 'suback'],
  )
})

test('an MQTT 5 publisher is disconnected where that is said', async () => {
  using bench = ruledBench(new Rules().deny('publish t'), { deniedMqtt5: 'disconnect' })
  const client = await bench.connect(v5)
  client.send(v5.publish({ topic: 't' }))
  await turn()
  const [last] = client.take()
  assert.ok(last?.type === 'disconnect')
  assert.equal(last.code, Reason.NotAuthorized)
  assert.ok(client.wire.closed)
})

for (const qos of [0, 1, 2] as const)
  test(`an MQTT 3 publisher at QoS ${qos} is acknowledged and ignored where that is said`, async () => {
    using bench = ruledBench(new Rules().deny('publish t'), { deniedMqtt3: 'ignore' })
    const reader = await (await bench.connect(v4)).subscribe('#', 2)
    const client = await bench.connect(v4)
    client.send(v4.publish({ topic: 't', qos, id: qos === 0 ? null : 7 }))
    if (qos === 2) client.send(v4.publish({ topic: 't', qos, id: 7, dup: true }), v4.pubrel(7))
    client.send(v4.publish({ topic: 'u', qos: 0 }))
    await turn()
    assert.deepEqual(
      client.take().map(({ type }) => type),
      qos === 0 ? [] : qos === 1 ? ['puback'] : ['pubrec', 'pubrec', 'pubcomp'],
    )
    assert.deepEqual(
      reader.published().map(({ topic }) => topic),
      ['u'],
    )
  })

test('how many may subscribe can be limited, and who has the subscription may renew it', async () => {
  const rules = new Rules()
  rules.maximumSubscribers = 2
  using bench = ruledBench(rules)
  const codes = async (client: Awaited<ReturnType<typeof bench.connect>>, filter: string) => {
    client.send(v5.subscribe({ id: 1, filters: [filter] }))
    await turn()
    return client.take().flatMap((packet) => (packet.type === 'suback' ? packet.codes : []))
  }
  const [one, two, three] = [await bench.connect(v5), await bench.connect(v5), await bench.connect(v5)]
  assert.deepEqual(await codes(one, 'a/+'), [0])
  assert.deepEqual(await codes(two, 'a/1'), [0])
  assert.deepEqual(await codes(three, 'a/1'), [Reason.QuotaExceeded])
  assert.deepEqual(await codes(three, 'a/+'), [0])
  assert.deepEqual(await codes(two, 'a/1'), [0])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v4, v5 } from '../../kit/packets.ts'
import { Rules, ruledBench } from './access-kit.ts'
import { type Bench, BenchClient, turn } from './kit.ts'

const topics = (client: BenchClient) => client.published().map(({ topic }) => topic)

async function route(bench: Bench, ...names: readonly string[]): Promise<void> {
  for (const name of names) bench.core.router.route(bench.message(name, 'x', { qos: 1 }))
  await turn()
}

async function back(bench: Bench, clientId: string, username: string): Promise<BenchClient> {
  const client = new BenchClient(bench.reception, v4)
  client.send(v4.connect({ clientId, username, clean: false }))
  await turn()
  return client
}

test('a message is given to those only who may receive it, and the others are recorded with a count', async () => {
  using bench = ruledBench(new Rules().deny('bob receive a/secret'))
  const alice = await (await bench.connect(v4, { username: 'alice' })).subscribe('a/#', 1)
  const bob = await (await bench.connect(v4, { username: 'bob' })).subscribe('a/#', 1)
  await route(bench, 'a/open', 'a/secret', 'a/secret', 'a/secret')
  assert.deepEqual(topics(alice), ['a/open', 'a/secret', 'a/secret', 'a/secret'])
  assert.deepEqual(topics(bob), ['a/open'])
  bench.core.router.recordWithheld()
  const drops = bench.events.filter((event) => event.kind === 'dropped')
  assert.equal(
    drops.reduce((sum, { count }) => sum + count, 0),
    3,
  )
  assert.deepEqual(
    new Set(drops.map(({ identity, topic, why }) => `${identity} ${topic} ${why}`)),
    new Set(['bob a/secret not authorized']),
  )
  bench.events.length = 0
  bench.core.router.recordWithheld()
  assert.deepEqual(bench.events, [])
})

test('one of whom everything may be received is not asked about each topic', async () => {
  const rules = new Rules()
  rules.whole.add('a/#')
  using bench = ruledBench(rules)
  const client = await (await bench.connect(v4)).subscribe('a/#')
  rules.asked.length = 0
  await route(bench, 'a/1', 'a/2', 'a/1')
  assert.deepEqual(rules.asked, [])
  assert.equal(client.published().length, 3)
})

test('retained messages are replayed as far as they may be received', async () => {
  using bench = ruledBench(new Rules().deny('receive a/2', 'receive exact'))
  for (const topic of ['a/1', 'a/2', 'a/3', 'exact'])
    bench.core.router.route(bench.message(topic, 'x', { retain: true }))
  const client = await bench.connect(v4)
  client.send(v4.subscribe({ id: 1, filters: [{ filter: 'a/#' }, { filter: 'exact' }] }))
  await turn()
  await turn()
  assert.deepEqual(topics(client).sort(), ['a/1', 'a/3'])
})

test('a shared subscription gives a message to a member that may receive it', async () => {
  using bench = ruledBench(new Rules().deny('bob receive t'))
  const bob = await (await bench.connect(v4, { username: 'bob' })).subscribe('$share/g/#', 1)
  const alice = await (await bench.connect(v4, { username: 'alice' })).subscribe('$share/g/#', 1)
  await route(bench, 't', 't', 't', 'u', 'u')
  assert.equal(topics(alice).filter((topic) => topic === 't').length, 3)
  assert.ok(!topics(bob).includes('t'))
})

test('what a lost member of a shared subscription had goes to nobody who may not have it', async () => {
  using bench = ruledBench(new Rules().deny('bob receive t'))
  const alice = await (await bench.connect(v4, { username: 'alice' })).subscribe('$share/g/t', 1)
  await route(bench, 't')
  assert.equal(topics(alice).length, 1)
  const bob = await (await bench.connect(v4, { username: 'bob' })).subscribe('$share/g/t', 1)
  alice.lose()
  await turn()
  assert.deepEqual(topics(bob), [])
})

test('what waits for a client that is away is not delivered when the rules have changed meanwhile', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const fields = { clientId: 'keeper', username: 'alice', clean: false }
  const client = await (await bench.connect(v4, fields)).subscribe('a/#', 1)
  client.lose()
  await route(bench, 'a/1', 'a/2', 'a/3')
  rules.deny('receive a/2')
  bench.core.accessReviews.changed()
  await turn()
  assert.deepEqual(topics(await back(bench, 'keeper', 'alice')), ['a/1', 'a/3'])
  assert.deepEqual(bench.drops, ['not authorized'])
  assert.equal(bench.core.counters.queued, 0)
})

test('what was sent and not acknowledged is not sent again when it may not be received any more', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const fields = { clientId: 'keeper', username: 'alice', clean: false }
  const client = await (await bench.connect(v4, fields)).subscribe('a/#', 1)
  await route(bench, 'a/1', 'a/2')
  client.lose()
  rules.deny('receive a/1')
  bench.core.accessReviews.changed()
  await turn()
  const again = await back(bench, 'keeper', 'alice')
  assert.deepEqual(topics(again), ['a/2'])
  again.send(v4.puback(2))
  await turn()
  assert.ok(!again.wire.closed)
})

test('messages for a client that is away are not kept when it may not have them', async () => {
  using bench = ruledBench(new Rules().deny('alice receive a/2'))
  const client = await (await bench.connect(v4, { clientId: 'keeper', username: 'alice', clean: false })).subscribe(
    'a/#',
    1,
  )
  client.lose()
  await route(bench, 'a/1', 'a/2')
  assert.equal(bench.core.counters.queued, 1)
})

test('a session that is taken up under other rights delivers what those allow', async () => {
  using bench = ruledBench(new Rules().deny('bob receive a/1', 'bob subscribe b'), { boundSessions: false })
  const fields = { clientId: 'keeper', username: 'alice', clean: false }
  const client = await (await bench.connect(v4, fields)).subscribe('a/#', 1)
  await client.subscribe('b', 1)
  client.lose()
  await route(bench, 'a/1', 'a/2')
  const bob = await back(bench, 'keeper', 'bob')
  assert.deepEqual(topics(bob), ['a/2'])
  const ended = bench.events.filter((event) => event.kind === 'unsubscribed')
  assert.deepEqual(
    ended.map(({ topic, identity, rule }) => [topic, identity, rule]),
    [['b', 'bob', 'test:1']],
  )
})

test('a will is published only if the rules of that moment allow it', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const reader = await (await bench.connect(v4)).subscribe('#')
  const willing = async () => await bench.connect(v4, { username: 'alice', will: { topic: 'w', payload: 'x' } })
  const [first, second] = [await willing(), await willing()]
  first.lose()
  await turn()
  assert.deepEqual(topics(reader), ['w'])
  rules.deny('alice will w')
  bench.core.accessReviews.changed()
  second.lose()
  await turn()
  assert.deepEqual(topics(reader), [])
  const denied = bench.events.find((event) => event.kind === 'denied')
  assert.equal(denied?.action, 'will')
})

test('the program itself receives everything', async () => {
  using bench = ruledBench(new Rules().deny('receive t'))
  const { LocalReceiver } = await import('../../../src/engine/local.ts')
  const { parseFilter } = await import('../../../src/topic/filter.ts')
  const filter = parseFilter('t')
  assert.ok(filter !== null)
  let count = 0
  const receiver = new LocalReceiver('here', () => count++)
  bench.core.router.subscribe(receiver.subscription(filter))
  await route(bench, 't')
  assert.equal(count, 1)
})

for (const packets of [v4, v5])
  test(`a subscription ends when the rules do not allow it any more, and the client is told (MQTT ${packets.version})`, async () => {
    const rules = new Rules()
    using bench = ruledBench(rules)
    const client = await bench.connect(packets, { username: 'alice', clientId: 'a', clean: false })
    await client.subscribe('a/#', 1)
    await client.subscribe('b', 1)
    rules.deny('alice subscribe a/#')
    bench.core.accessReviews.changed()
    await turn()
    await route(bench, 'a/1')
    const last = client.take().at(-1)
    assert.ok(client.wire.closed)
    assert.equal(last?.type, packets === v5 ? 'disconnect' : undefined)
    assert.deepEqual(
      [...(bench.core.sessions.get('a')?.subscriptions.values() ?? [])].map(({ text }) => text),
      packets === v5 ? [] : ['b'],
    )
  })

test('an MQTT 3 client stays when its subscription ends where that is said', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules, { deniedMqtt3: 'ignore' })
  const client = await (await bench.connect(v4, { username: 'alice' })).subscribe('a/#', 1)
  await client.subscribe('b', 1)
  rules.deny('alice subscribe a/#')
  bench.core.accessReviews.changed()
  await turn()
  await route(bench, 'a/1', 'b')
  assert.deepEqual(topics(client), ['b'])
  assert.ok(!client.wire.closed)
})

test('a client that may not be connected any more is disconnected', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const client = await bench.connect(v5, { username: 'alice' })
  rules.deny('alice connect')
  bench.core.accessReviews.changed()
  await turn()
  assert.ok(client.wire.closed)
})

test('a shared message that waits for a member that may not have it any more goes to another', async () => {
  const rules = new Rules()
  using bench = ruledBench(rules)
  const fields = { clientId: 'keeper', username: 'alice', clean: false }
  const alice = await (await bench.connect(v4, fields)).subscribe('$share/g/t', 1)
  alice.lose()
  await route(bench, 't')
  rules.deny('alice receive t', 'alice subscribe t')
  bench.core.accessReviews.changed()
  const bob = await (await bench.connect(v4, { username: 'bob' })).subscribe('$share/g/t', 1)
  assert.deepEqual(topics(await back(bench, 'keeper', 'alice')), [])
  await turn()
  assert.deepEqual(topics(bob), ['t'])
  assert.deepEqual(bench.drops, [])
})

test('a message that no member of a shared subscription may have is recorded', async () => {
  using bench = ruledBench(new Rules().deny('receive t'))
  await (await bench.connect(v4)).subscribe('$share/g/t', 1)
  await route(bench, 't')
  assert.deepEqual(bench.drops, ['not authorized'])
})

test('a will that is kept and of which nobody knows whose it is, is decided as that of a client that proved nothing', async () => {
  const { actorFrom } = await import('../../../src/engine/actor.ts')
  const actor = actorFrom('a', '')
  assert.deepEqual([actor.id, actor.identity.name, actor.identity.method], ['a', '', 'none'])
  const kept = actorFrom('a', (await import('../../../src/engine/actor.ts')).actorFrom('a', '').toText())
  assert.ok(kept.sameAs(actor))
})

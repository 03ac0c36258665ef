import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import {
  type Broker,
  BrokerError,
  createBroker,
  type JournalEvent,
  type Log,
  type ReceivedMessage,
  silentLog,
} from '../../src/index.ts'
import { FakeClock } from '../kit/fake-clock.ts'
import { v4, v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { freePort } from '../system/cli-kit.ts'

/** A client that came in through `attach`. */
async function attached(broker: Broker, clientId: string, packets = v5, fields = {}): Promise<WireClient> {
  const [ours, theirs] = duplexPair()
  broker.attach(ours)
  const client = new WireClient(theirs, packets)
  client.send(packets.connect({ clientId, ...fields }))
  await client.expect('connack', { code: 0 })
  return client
}

test('a client is served through a stream, without any port', async () => {
  await using broker = await createBroker()
  assert.deepEqual(broker.addresses, [])
  const client = await attached(broker, 'embedded')
  await client.subscribe('t')
  client.send(v5.publish({ topic: 't', payload: 'to myself' }))
  await client.expect('publish', { topic: 't', payload: 'to myself' })
  const [known] = broker.clients()
  assert.deepEqual(known, {
    ...known,
    id: 'embedded',
    version: 5,
    listener: 'attached',
    address: '',
    subscriptions: 1,
    queued: 0,
  })
  await client.disconnect()
  assert.deepEqual(broker.clients(), [])
})

test('what the program publishes reaches clients with QoS, flags and properties', async () => {
  await using broker = await createBroker()
  const client = await attached(broker, 'reader')
  await client.subscribe({ filter: 't', qos: 2 })
  const reached = broker.publish('t', 'hello', {
    qos: 1,
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: Buffer.from([1, 2]),
    userProperties: [
      ['b', '2'],
      ['a', '1'],
      ['b', '2'],
    ],
    messageExpiryInterval: 60,
  })
  assert.equal(reached, 1)
  const { properties } = await client.expect('publish', { topic: 't', qos: 1, retain: false, payload: 'hello' })
  assert.equal(properties.contentType, 'text/plain')
  assert.equal(properties.responseTopic, 'answers')
  assert.equal(properties.messageExpiryInterval, 60)
  assert.deepEqual(properties.userProperty, [
    ['b', '2'],
    ['a', '1'],
    ['b', '2'],
  ])
})

test('publishing says how many it reached', async () => {
  await using broker = await createBroker()
  assert.equal(broker.publish('t', 'x'), 0)
  const stop = broker.subscribe('#', () => {})
  broker.subscribe('t', () => {})
  assert.equal(broker.publish('t', 'x'), 2)
  stop()
  assert.equal(broker.publish('t', 'x'), 1)
})

test('the program hears what clients publish, with all that belongs to it', async () => {
  await using broker = await createBroker()
  const heard: ReceivedMessage[] = []
  broker.subscribe('t/+', (message) => heard.push(message))
  const client = await attached(broker, 'writer')
  client.send(
    v5.publish({
      topic: 't/1',
      qos: 1,
      id: 3,
      payload: 'x',
      properties: { contentType: 'a/b', userProperty: [['k', 'v']] },
    }),
  )
  await client.expect('puback', { id: 3, code: 0 })
  const [message] = heard
  assert.equal(heard.length, 1)
  assert.equal(message?.topic, 't/1')
  assert.equal(message?.payload.toString(), 'x')
  assert.equal(message?.qos, 1)
  assert.equal(message?.retain, false)
  assert.equal(message?.publisher, 'writer')
  assert.equal(message?.properties.contentType, 'a/b')
  assert.deepEqual(message?.properties.userProperties, [['k', 'v']])
})

test('a received payload is the copy of the program, which nobody else sees changed', async () => {
  await using broker = await createBroker()
  const client = await attached(broker, 'reader')
  await client.subscribe('t')
  broker.subscribe('t', ({ payload }) => payload.fill(0))
  const sent = Buffer.from('hello')
  broker.publish('t', sent, { retain: true })
  sent.fill(0)
  await client.expect('publish', { payload: 'hello' })
  let later = ''
  broker.subscribe('t', ({ payload }) => (later = payload.toString()))
  assert.equal(later, 'hello')
})

test('retained messages come first, and only where they match', async () => {
  await using broker = await createBroker()
  broker.publish('kept/a', 'a', { retain: true, qos: 1 })
  broker.publish('kept/b', 'b', { retain: true })
  broker.publish('kept/b', '', { retain: true })
  for (const filter of ['kept/+', 'kept/a', '#']) {
    const heard: string[] = []
    const stop = broker.subscribe(filter, ({ topic, payload, retain }) => heard.push(`${topic} ${payload} ${retain}`))
    broker.publish('kept/a/other', 'not for kept/+')
    assert.deepEqual(heard.slice(0, 1), ['kept/a a true'])
    stop()
  }
})

test('a retained message that has expired is not given to later subscribers', async () => {
  const clock = new FakeClock()
  await using broker = await createBroker({ clock })
  broker.publish('kept', 'x', { retain: true, messageExpiryInterval: 5 })
  const count = () => {
    let heard = 0
    broker.subscribe('kept', () => heard++)()
    return heard
  }
  clock.advance(4_900)
  assert.equal(count(), 1)
  clock.advance(200)
  assert.equal(count(), 0)
})

test('a subscriber that throws hurts nobody and is logged', async () => {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (message) => errors.push(message) }
  await using broker = await createBroker({ log })
  broker.subscribe('t', () => {
    throw new Error('mine')
  })
  let heard = 0
  broker.subscribe('t', () => heard++)
  const client = await attached(broker, 'writer')
  client.send(v5.publish({ topic: 't', qos: 1, id: 1, payload: 'x' }))
  await client.expect('puback', { id: 1, code: 0 })
  assert.equal(heard, 1)
  assert.deepEqual(errors, ['a subscriber in this program failed'])
})

test('a subscriber that throws at a retained message is told of nothing it did not do', async () => {
  await using broker = await createBroker()
  broker.publish('kept', 'x', { retain: true })
  let later = 0
  assert.doesNotThrow(() =>
    broker.subscribe('kept', ({ retain }) => {
      if (retain) throw new Error('mine')
      later++
    }),
  )
  broker.publish('kept', 'y')
  assert.equal(later, 1)
})

test('publishing within a subscription works', async () => {
  await using broker = await createBroker()
  const heard: string[] = []
  broker.subscribe('request', ({ payload }) => broker.publish('answer', `${payload}!`))
  broker.subscribe('answer', ({ payload }) => heard.push(payload.toString()))
  broker.publish('request', 'hello')
  assert.deepEqual(heard, ['hello!'])
})

test('what cannot be published to or subscribed to is an error with a code', async () => {
  await using broker = await createBroker()
  const invalid = { name: 'BrokerError', code: 'TOPIC_INVALID' }
  for (const topic of ['', 'a/+', '#', 'a\0b', '\ud800', 'x'.repeat(70_000)]) {
    assert.throws(() => broker.publish(topic, ''), invalid, JSON.stringify(topic.slice(0, 10)))
  }
  for (const filter of ['', 'a#', 'a/#/b', 'a+', '\ud800', '$share/group/t', '$share/x']) {
    assert.throws(() => broker.subscribe(filter, () => {}), invalid, JSON.stringify(filter))
  }
})

test('observers hear of connects, disconnects and drops until they stop', async () => {
  await using broker = await createBroker()
  const heard: JournalEvent['kind'][] = []
  const stop = broker.observe(({ kind }) => heard.push(kind))
  const client = await attached(broker, 'seen', v4)
  await client.disconnect()
  assert.deepEqual(heard, ['connected', 'disconnected'])
  stop()
  await (await attached(broker, 'unseen')).disconnect()
  assert.equal(heard.length, 2)
  const recent = broker.recentEvents().map(({ event }) => event.kind)
  assert.deepEqual(recent, ['connected', 'disconnected', 'connected', 'disconnected'])
})

test('a refusal is observed with its reason', async () => {
  await using broker = await createBroker({ authenticator: { authenticate: () => 'refused', begin: () => null } })
  const refused = new Promise<JournalEvent>((resolve) => broker.observe(resolve))
  const [ours, theirs] = duplexPair()
  broker.attach(ours)
  const client = new WireClient(theirs, v5)
  client.send(v5.connect({ clientId: 'who', username: 'u', password: 'p' }))
  await client.expectRefused(0x86)
  const event = await refused
  assert.equal(event.kind, 'refused')
  assert.equal(event.kind === 'refused' && event.clientId, 'who')
})

test('two brokers in one process know nothing of each other', async () => {
  await using one = await createBroker({ listen: ['mqtt://127.0.0.1:0'] })
  await using other = await createBroker({ listen: ['mqtt://127.0.0.1:0'] })
  const heard: string[] = []
  one.subscribe('#', ({ payload }) => heard.push(`one ${payload}`))
  other.subscribe('#', ({ payload }) => heard.push(`other ${payload}`))
  const [client, twin] = [await attached(one, 'same'), await attached(other, 'same')]
  one.publish('t', 'x', { retain: true })
  client.send(v5.publish({ topic: 't', payload: 'y' }))
  await client.expectNoMore()
  await twin.expectNoMore()
  assert.deepEqual(heard, ['one x', 'one y'])
  assert.equal(other.counters.publishReceived, 0)
  assert.equal(other.counters.retained > 0 && other.publish('t', ''), 1)
  await one.close()
  await twin.expectNoMore()
})

test('closing says good-bye, lets go of every port, and refuses further calls', async () => {
  const port = await freePort()
  const broker = await createBroker({ listen: [`mqtt://127.0.0.1:${port}`] })
  const client = await attached(broker, 'guest')
  await Promise.all([broker.close(), broker.close(), client.expectDisconnect(0x8b)])
  for (const call of [
    () => broker.publish('t', ''),
    () => broker.subscribe('t', () => {}),
    () => broker.attach(duplexPair()[0]),
  ])
    assert.throws(call, { code: 'BROKER_CLOSED' })
  await assert.rejects(broker.listen('mqtt://127.0.0.1:0'), { code: 'BROKER_CLOSED' })
  await using again = await createBroker({ listen: [`mqtt://127.0.0.1:${port}`] })
  assert.equal(again.addresses[0]?.port, port)
})

test('a broker that cannot have its ports leaves none open', async () => {
  await using first = await createBroker({ listen: ['mqtt://127.0.0.1:0'] })
  const taken = first.addresses[0]?.url ?? ''
  await assert.rejects(createBroker({ listen: ['mqtt://127.0.0.1:0', taken] }), (error) => {
    assert.ok(error instanceof BrokerError)
    assert.equal(error.code, 'LISTEN_ADDRESS_IN_USE')
    return true
  })
})

test('an address that is no address is an error with a code', async () => {
  for (const url of ['nonsense', 'http://127.0.0.1:0', 'mqtt://127.0.0.1:99999'])
    await assert.rejects(createBroker({ listen: [url] }), { name: 'BrokerError' }, url)
})

test('the $SYS tree is there for clients, unless it is not wanted', async () => {
  for (const sysInterval of [10, 0]) {
    await using broker = await createBroker({ settings: { sysInterval } })
    let heard = 0
    broker.subscribe('$SYS/broker/version', () => heard++)
    assert.equal(heard, sysInterval === 0 ? 0 : 1)
  }
})

test('the values of the $SYS tree follow what happens', async () => {
  const clock = new FakeClock()
  await using broker = await createBroker({ clock, settings: { sysInterval: 10 } })
  const values: string[] = []
  broker.subscribe('$SYS/broker/clients/connected', ({ payload }) => values.push(payload.toString()))
  await attached(broker, 'one')
  clock.advance(10_000)
  assert.deepEqual(values, ['0', '1'])
})

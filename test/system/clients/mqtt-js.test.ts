import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, afterEach, before, test } from 'node:test'
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import { Host } from './kit.ts'

interface Received {
  readonly topic: string
  readonly payload: Buffer
  readonly packet: IPublishPacket
}

const kinds = [
  { name: 'MQTT 3.1 over TCP', listener: 0, options: { protocolVersion: 3, protocolId: 'MQIsdp' } },
  { name: 'MQTT 3.1.1 over TCP', listener: 0, options: { protocolVersion: 4 } },
  { name: 'MQTT 5 over TCP', listener: 0, options: { protocolVersion: 5 } },
  { name: 'MQTT 3.1.1 over WebSocket', listener: 1, options: { protocolVersion: 4 } },
  { name: 'MQTT 5 over WebSocket', listener: 1, options: { protocolVersion: 5 } },
] as const
const levels = [0, 1, 2] as const

let host: Host
const clients: MqttClient[] = []
let names = 0

before(async () => {
  host = await Host.open('mqtt://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt')
})

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
})

after(() => host[Symbol.asyncDispose]())

const fresh = () => `js/${++names}`

/** A connected client, and what it gets, one by one. */
interface Joined {
  readonly client: MqttClient
  readonly next: () => Promise<Received>
  readonly sessionPresent: boolean
}

async function join(listener: number, options: IClientOptions): Promise<Joined> {
  const url = listener === 0 ? `mqtt://127.0.0.1:${host.port()}` : `ws://127.0.0.1:${host.port(1)}/mqtt`
  const client = connect(url, { reconnectPeriod: 0, manualConnect: true, ...options })
  clients.push(client)
  const next = messages(client)
  const sessionPresent = await new Promise<boolean>((resolve, reject) => {
    client.once('connect', (connack) => resolve(connack.sessionPresent))
    client.once('error', reject)
    client.connect()
  })
  return { client, next, sessionPresent }
}

function messages(client: MqttClient): () => Promise<Received> {
  const waiting: Received[] = []
  const takers: ((received: Received) => void)[] = []
  client.on('message', (topic, payload, packet) => {
    const received = { topic, payload, packet }
    const taker = takers.shift()
    if (taker === undefined) waiting.push(received)
    else taker(received)
  })
  return async () => waiting.shift() ?? new Promise((resolve) => takers.push(resolve))
}

for (const { name, listener, options } of kinds) {
  const enter = (more: IClientOptions = {}) => join(listener, { ...options, ...more })

  test(`messages of every QoS, size and emptiness pass in ${name}`, async () => {
    const topic = fresh()
    const [{ client: reader, next }, { client: writer }] = [await enter(), await enter()]
    await reader.subscribeAsync(topic, { qos: 2 })
    for (const qos of levels) {
      for (const payload of [Buffer.from('hello'), Buffer.alloc(0), randomBytes(1_048_576)]) {
        await writer.publishAsync(topic, payload, { qos })
        const { topic: from, payload: got, packet } = await next()
        assert.equal(from, topic)
        assert.ok(got.equals(payload))
        assert.equal(packet.qos, qos)
        assert.equal(packet.retain, false)
      }
    }
  })

  test(`a retained message is there for later subscribers until it is cleared in ${name}`, async () => {
    const [topic, sentinel] = [fresh(), fresh()]
    const { client: writer } = await enter()
    await writer.publishAsync(topic, 'kept', { qos: 1, retain: true })
    await writer.publishAsync(sentinel, 'sentinel', { qos: 1, retain: true })
    const early = await enter()
    await early.client.subscribeAsync(topic)
    const { payload, packet } = await early.next()
    assert.equal(payload.toString(), 'kept')
    assert.equal(packet.retain, true)
    await writer.publishAsync(topic, '', { qos: 1, retain: true })
    const late = await enter()
    await late.client.subscribeAsync([topic, sentinel])
    assert.equal((await late.next()).payload.toString(), 'sentinel')
  })

  test(`the will of a connection that breaks is published, that of one that ends is not, in ${name}`, async () => {
    const topic = fresh()
    const { client: reader, next } = await enter()
    await reader.subscribeAsync(topic)
    const { client: polite } = await enter({ will: { topic, payload: Buffer.from('polite'), qos: 1, retain: false } })
    await polite.endAsync()
    const { client: broken } = await enter({ will: { topic, payload: Buffer.from('broken'), qos: 1, retain: false } })
    broken.stream.destroy()
    assert.equal((await next()).payload.toString(), 'broken')
  })

  test(`a session goes on with its subscriptions and messages in ${name}`, async () => {
    const topic = fresh()
    const lasting = options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
    const session = { clientId: `js-${name.replaceAll(/\W/g, '')}`, clean: false, ...lasting }
    const { client: before } = await enter(session)
    await before.subscribeAsync(topic, { qos: 2 })
    await before.endAsync()
    const { client: writer } = await enter()
    for (const qos of [1, 2] as const) await writer.publishAsync(topic, `waited ${qos}`, { qos })
    const { next, sessionPresent } = await enter(session)
    // CONNACK of MQTT 3.1 cannot say it.
    assert.equal(sessionPresent, options.protocolVersion > 3)
    assert.equal((await next()).payload.toString(), 'waited 1')
    assert.equal((await next()).payload.toString(), 'waited 2')
  })

  test(`a shared subscription divides messages evenly in ${name}`, async () => {
    const topic = fresh()
    const members = [await enter(), await enter()]
    const counts = members.map(() => 0)
    const { promise, resolve } = Promise.withResolvers<void>()
    for (const [index, member] of members.entries()) {
      member.client.on('message', () => {
        counts[index] = (counts[index] ?? 0) + 1
        if (counts.reduce((sum, count) => sum + count, 0) === 20) resolve()
      })
      await member.client.subscribeAsync(`$share/pair/${topic}`, { qos: 1 })
    }
    const { client: writer } = await enter()
    for (let index = 0; index < 20; index++) await writer.publishAsync(topic, 'x', { qos: 1 })
    await promise
    assert.deepEqual(counts, [10, 10])
  })
}

test('all properties of MQTT 5 arrive as they were sent', async () => {
  const topic = fresh()
  const { client: reader, next } = await join(0, { protocolVersion: 5 })
  const { client: writer } = await join(1, { protocolVersion: 5 })
  await reader.subscribeAsync(topic, { qos: 1, properties: { subscriptionIdentifier: 7 } })
  await writer.publishAsync(topic, '{}', {
    qos: 1,
    properties: {
      payloadFormatIndicator: true,
      messageExpiryInterval: 300,
      responseTopic: 'answers',
      correlationData: Buffer.from([0, 1, 2]),
      contentType: 'application/json',
      userProperties: { unit: ['C', 'F'], place: 'hall' },
    },
  })
  const { properties } = (await next()).packet
  assert.deepEqual(
    { ...properties, userProperties: { ...properties?.userProperties } },
    {
      payloadFormatIndicator: true,
      messageExpiryInterval: 300,
      responseTopic: 'answers',
      correlationData: Buffer.from([0, 1, 2]),
      contentType: 'application/json',
      subscriptionIdentifier: 7,
      userProperties: { unit: ['C', 'F'], place: 'hall' },
    },
  )
})

test('topic aliases of client and broker shorten packets and change no topic', async () => {
  const topic = `${fresh()}/${'long/'.repeat(20)}`
  const { client: reader, next } = await join(0, { protocolVersion: 5, properties: { topicAliasMaximum: 10 } })
  const { client: writer } = await join(0, { protocolVersion: 5, autoUseTopicAlias: true, autoAssignTopicAlias: true })
  await reader.subscribeAsync(topic)
  const sent = () => host.broker.counters.bytesSent
  await writer.publishAsync(topic, 'first')
  assert.equal((await next()).topic, topic)
  const before = sent()
  await writer.publishAsync(topic, 'again')
  assert.equal((await next()).topic, topic)
  assert.ok(sent() - before < topic.length)
})

test('a client that connects again with the same identifier takes over, and the first is told', async () => {
  const { client: first } = await join(0, { protocolVersion: 5, clientId: 'js-twin' })
  const told = new Promise((resolve) => first.once('disconnect', ({ reasonCode }) => resolve(reasonCode)))
  await join(1, { protocolVersion: 5, clientId: 'js-twin' })
  assert.equal(await told, 0x8e)
})

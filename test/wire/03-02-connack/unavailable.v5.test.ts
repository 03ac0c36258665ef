import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { type SubscribeFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  settings: {
    retainAvailable: false,
    wildcardSubscriptionAvailable: false,
    sharedSubscriptionAvailable: false,
    subscriptionIdentifierAvailable: false,
    maximumSessionExpiry: 100,
  },
})

test('CONNACK says what is not available [MQTT §3.2.2.3]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const properties = {
    retainAvailable: 0,
    wildcardSubscriptionAvailable: 0,
    sharedSubscriptionAvailable: 0,
    subscriptionIdentifierAvailable: 0,
  }
  await client.expect('connack', { code: 0, properties })
})

test('a retained Will is refused with 0x9A, another accepted [MQTT-3.2.2-13]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), will: { topic: fresh(), retain: true } }))
  await client.expectRefused(0x9a)
  await broker.connect(v5, { will: { topic: fresh(), retain: false } })
})

for (const qos of [0, 1, 2]) {
  test(
    `a retained QoS ${qos} PUBLISH is answered by DISCONNECT 0x9A and not distributed, another is [MQTT-3.2.2-14]`,
    broker.ours,
    async () => {
      const topic = fresh()
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      const client = await broker.connect(v5)
      await publish(client, { topic, qos, payload: 'plain' })
      await reader.expect('publish', { topic, payload: 'plain' })
      client.send(v5.publish({ topic, qos, payload: 'retained', retain: true }))
      await client.expectDisconnect(0x9a)
      await reader.expectNoMore()
    },
  )
}

const refused: Record<string, { fields: SubscribeFields; code: number }> = {
  'a wildcard subscription': { fields: { filters: ['a/#'] }, code: 0xa2 },
  'a shared subscription': { fields: { filters: ['$share/group/a'] }, code: 0x9e },
  'a Subscription Identifier': { fields: { filters: ['a'], properties: { subscriptionIdentifier: 5 } }, code: 0xa1 },
}

for (const [kind, { fields, code }] of Object.entries(refused)) {
  test(`${kind} is refused with 0x${code.toString(16)} [MQTT §3.2.2.3] [MQTT §3.9.3]`, broker.ours, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id: 3, ...fields }))
    const answer = await client.next()
    if (answer?.type === 'suback') {
      if (answer.codes.join() !== `${code}`) throw new Error(`SUBACK ${answer.codes.join()}, not ${code}`)
    } else if (answer?.type !== 'disconnect' || answer.code !== code) throw new Error(`${answer?.type} came`)
  })
}

test('a plain subscription is accepted [MQTT §3.2.2.3]', broker.ours, async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  await publish(await broker.connect(v5), { topic, payload: 'x' })
  await client.expect('publish', { topic })
})

for (const sessionExpiryInterval of [101, 0xffff_ffff]) {
  test(
    `a Session Expiry Interval of ${sessionExpiryInterval} is cut to the maximum, which CONNACK says [MQTT §3.2.2.3.2]`,
    broker.ours,
    async () => {
      const client = await broker.open(v5)
      client.send(v5.connect({ clientId: fresh(), properties: { sessionExpiryInterval } }))
      await client.expect('connack', { code: 0, properties: { sessionExpiryInterval: 100 } })
    },
  )
}

const other = useTarget()

test(
  'by default all is available, and CONNACK says nothing else [MQTT-3.2.2-9] [MQTT §3.2.2.3]',
  other.ours,
  async () => {
    const client = await other.open(v5)
    client.send(v5.connect({ clientId: fresh() }))
    const { properties } = await client.expect('connack', { code: 0, properties: { maximumQos: undefined } })
    for (const [name, value] of Object.entries(properties)) {
      if (name.endsWith('Available') && value !== 1) throw new Error(`${name} is ${String(value)}`)
    }
    await client.subscribe({ filter: `${fresh()}/#`, qos: 2 }, `$share/group/${fresh()}`)
    await publish(client, { topic: fresh(), qos: 2, retain: true })
  },
)

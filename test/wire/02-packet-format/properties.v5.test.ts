import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import type { PropertyName, PropertySection } from '../../kit/properties.ts'
import { fresh, useTarget } from '../../kit/target.ts'

// Duplicate, misplaced, unknown and out-of-range properties of CONNECT, Will and PUBLISH.
const broker = useTarget()

type Entry = readonly [PropertyName, number | string]

/** A good value of every property that may stand once. */
const once: readonly Entry[] = [
  ['payloadFormatIndicator', 1],
  ['messageExpiryInterval', 60],
  ['contentType', 'text/plain'],
  ['responseTopic', 'answers'],
  ['correlationData', 'data'],
  ['subscriptionIdentifier', 1],
  ['sessionExpiryInterval', 0],
  ['assignedClientIdentifier', 'id'],
  ['serverKeepAlive', 60],
  ['authenticationMethod', 'method'],
  ['authenticationData', 'data'],
  ['requestProblemInformation', 1],
  ['willDelayInterval', 60],
  ['requestResponseInformation', 1],
  ['responseInformation', 'info'],
  ['serverReference', 'other'],
  ['reasonString', 'reason'],
  ['receiveMaximum', 5],
  ['topicAliasMaximum', 5],
  ['topicAlias', 1],
  ['maximumQos', 1],
  ['retainAvailable', 1],
  ['maximumPacketSize', 100_000],
  ['wildcardSubscriptionAvailable', 1],
  ['subscriptionIdentifierAvailable', 1],
  ['sharedSubscriptionAvailable', 1],
]

const inConnect = new Set<PropertyName>([
  'sessionExpiryInterval',
  'authenticationMethod',
  'authenticationData',
  'requestProblemInformation',
  'requestResponseInformation',
  'receiveMaximum',
  'topicAliasMaximum',
  'maximumPacketSize',
])

const inMessage: readonly PropertyName[] = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'contentType',
  'responseTopic',
  'correlationData',
]
const inWill = new Set<PropertyName>([...inMessage, 'willDelayInterval'])
const inPublish = new Set<PropertyName>([...inMessage, 'topicAlias'])

/** No property has these identifiers. */
const unknown = [0x00, 0x04, 0x07, 0x0a, 0x0c, 0x10, 0x14, 0x1b, 0x1d, 0x20, 0x2b, 0x7f]

const userProperty: PropertySection = [
  [
    'userProperty',
    [
      ['a', '1'],
      ['b', '2'],
      ['a', '1'],
    ],
  ],
]

const connectWith = (properties: PropertySection): ConnectFields => ({ properties })
const willWith = (properties: PropertySection): ConnectFields => ({ will: { topic: fresh(), properties } })

async function refused(fields: ConnectFields, code: number): Promise<void> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), ...fields }))
  await client.expectRefused(...(broker.foreign ? [] : [code]))
}

async function broken(properties: PropertySection, ...codes: readonly number[]): Promise<void> {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: fresh(), payload: 'x', properties }))
  await client.expectBroken(...codes)
}

const openings = [
  { name: 'CONNECT', build: connectWith, allowed: inConnect },
  { name: 'a Will', build: willWith, allowed: inWill },
]

for (const { name, build, allowed } of openings) {
  for (const entry of once) {
    const [property] = entry
    if (!allowed.has(property)) {
      test(`${property} in ${name} is a Malformed Packet [MQTT §2.2.2.2]`, () => refused(build([entry]), 0x81))
      continue
    }
    test(`${property} twice in ${name} is a Protocol Error [MQTT §2.2.2.2]`, () => {
      const method: Entry[] = property === 'authenticationData' ? [['authenticationMethod', 'method']] : []
      return refused(build([...method, entry, entry]), 0x82)
    })
    if (property.startsWith('authentication')) continue
    test(`${property} once in ${name} is accepted [MQTT §2.2.2.2]`, async () => {
      await broker.connect(v5, build([entry]))
    })
  }

  test(`userProperty may stand in ${name} more than once, with the same name too [MQTT §2.2.2.2]`, async () => {
    await broker.connect(v5, build(userProperty))
  })

  test(`an unknown property in ${name} is a Malformed Packet [MQTT §2.2.2.2]`, async () => {
    for (const id of unknown) await refused(build(hex`${id} 00`), 0x81)
  })
}

for (const entry of once) {
  const [property] = entry
  // A Subscription Identifier from a client is a Protocol Error by 3.3.4, and for any other reason malformed.
  const code = property === 'subscriptionIdentifier' ? 0x82 : 0x81
  if (inPublish.has(property)) {
    test(`${property} twice in PUBLISH is a Protocol Error [MQTT §2.2.2.2]`, () => broken([entry, entry], 0x82))
    test(`${property} once in PUBLISH is accepted [MQTT §2.2.2.2]`, async () => {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: fresh(), payload: 'x', properties: [entry] }))
      await client.expectNoMore()
    })
  } else test(`${property} in PUBLISH ends the connection [MQTT §2.2.2.2]`, () => broken([entry], code))
}

test('userProperty may stand in PUBLISH more than once, with the same name too [MQTT §2.2.2.2]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: fresh(), properties: userProperty }))
  await client.expectNoMore()
})

test('an unknown property in PUBLISH is a Malformed Packet [MQTT §2.2.2.2]', async () => {
  for (const id of unknown) await broken(hex`${id} 00`, 0x81)
})

const outOfRange: readonly Entry[] = [
  ['receiveMaximum', 0],
  ['maximumPacketSize', 0],
  ['requestProblemInformation', 2],
  ['requestProblemInformation', 255],
  ['requestResponseInformation', 2],
  ['requestResponseInformation', 255],
]

for (const entry of outOfRange) {
  test(`${entry.join(' ')} in CONNECT is a Protocol Error [MQTT §3.1.2.11]`, () =>
    refused({ properties: [entry] }, 0x82))
}

test('Authentication Data without Authentication Method in CONNECT is a Protocol Error [MQTT §3.1.2.11.10]', () =>
  refused({ properties: { authenticationData: 'x' } }, 0x82))

const accepted: readonly Entry[] = [
  ['receiveMaximum', 1],
  ['receiveMaximum', 0xffff],
  ['maximumPacketSize', 0xffffffff],
  ['topicAliasMaximum', 0],
  ['topicAliasMaximum', 0xffff],
  ['requestProblemInformation', 0],
  ['requestResponseInformation', 0],
  ['sessionExpiryInterval', 0xffffffff],
]

for (const entry of accepted) {
  test(`${entry.join(' ')} in CONNECT is accepted [MQTT §3.1.2.11]`, async () => {
    await broker.connect(v5, { properties: [entry] })
  })
}

test('a Payload Format Indicator other than 0 and 1 is refused [MQTT §3.3.2.3.2]', broker.ours, async () => {
  for (const value of [2, 255]) await broken([['payloadFormatIndicator', value]], 0x82)
})

test('a Payload Format Indicator other than 0 and 1 is refused in a Will [MQTT §3.1.3.2.3]', broker.ours, async () => {
  for (const value of [2, 255]) await refused(willWith([['payloadFormatIndicator', value]]), 0x82)
})

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4, v5 } from '../../kit/packets.ts'
import type { BuildProperties } from '../../kit/properties.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

const cases: Record<string, { tag: string; properties: BuildProperties }> = {
  'Payload Format Indicator 0': { tag: '[MQTT-3.3.2-4]', properties: { payloadFormatIndicator: 0 } },
  'Payload Format Indicator 1': { tag: '[MQTT-3.3.2-4]', properties: { payloadFormatIndicator: 1 } },
  'Response Topic': { tag: '[MQTT-3.3.2-15] [MQTT-3.3.2-13]', properties: { responseTopic: 'answers/for/me é€😀' } },
  'Correlation Data of any bytes': { tag: '[MQTT-3.3.2-16]', properties: { correlationData: everyByte } },
  'empty Correlation Data': { tag: '[MQTT-3.3.2-16]', properties: { correlationData: hex`` } },
  'Correlation Data of 65,535 bytes': {
    tag: '[MQTT-3.3.2-16]',
    properties: { correlationData: Buffer.alloc(65_535, 1) },
  },
  'Content Type': { tag: '[MQTT-3.3.2-20] [MQTT-3.3.2-19]', properties: { contentType: 'application/x; é€😀' } },
  'empty Content Type': { tag: '[MQTT-3.3.2-20]', properties: { contentType: '' } },
  'User Property': { tag: '[MQTT-3.3.2-17]', properties: { userProperty: [['name', 'value é€😀']] } },
  'User Properties of the same name, in order': {
    tag: '[MQTT-3.3.2-17] [MQTT-3.3.2-18]',
    properties: {
      userProperty: [
        ['b', '1'],
        ['a', '2'],
        ['b', '1'],
        ['a', '1'],
        ['', ''],
        ['b', '0'],
      ],
    },
  },
  'all of them': {
    tag: '[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]',
    properties: {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'r',
      correlationData: hex`00`,
      userProperty: [
        ['z', '1'],
        ['y', '2'],
        ['z', '1'],
      ],
    },
  },
}

for (const [name, { tag, properties }] of Object.entries(cases)) {
  test(`${name} reaches every subscriber unaltered ${tag}`, async () => {
    const topic = fresh()
    const stored = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
    const readers = []
    for (const qos of [0, 1, 2]) {
      const reader = await broker.connect(v5)
      await reader.subscribe({ filter: topic, qos })
      readers.push(reader)
    }
    const shared = await broker.connect(v5)
    await shared.subscribe(`$share/group/${topic}`)
    const absent = await broker.connect(v5, stored)
    await absent.subscribe({ filter: topic, qos: 1 })
    await absent.end()
    const old = await broker.connect(v4)
    await old.subscribe(topic)
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 2, retain: true, payload: 'text', properties })
    for (const reader of [...readers, shared])
      await receive(reader, { topic, payload: 'text', properties: only(properties) })
    await old.expect('publish', { topic, payload: 'text' })
    const back = await broker.resume(v5, stored)
    await receive(back, { payload: 'text', properties: only(properties) })
    const later = await broker.connect(v5)
    await later.subscribe(topic)
    await receive(later, { payload: 'text', retain: true, properties: only(properties) })
  })
}

/** What was sent and nothing else. */
function only(properties: BuildProperties): object {
  const none = {
    payloadFormatIndicator: undefined,
    messageExpiryInterval: undefined,
    contentType: undefined,
    responseTopic: undefined,
    correlationData: undefined,
    userProperty: undefined,
  }
  return { ...none, ...properties }
}

test('the User Properties keep their order among other properties, whatever the order of those [MQTT-3.3.2-18]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const mixed = hex`
    26 0001 62 0001 31   03 0001 74   26 0001 61 0001 32   23 0001   26 0001 62 0001 31   02 00000e10   26 0001 61 0001 30`
  writer.send(v5.publish({ topic, properties: mixed }))
  const { properties } = await reader.expect('publish', { topic })
  deepEqual(properties.userProperty, [
    ['b', '1'],
    ['a', '2'],
    ['b', '1'],
    ['a', '0'],
  ])
  deepEqual(properties.contentType, 't')
})

test('a message of MQTT 3.1.1 has no properties for a client of MQTT 5 [MQTT-3.3.2-4] [MQTT-3.3.2-17]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v4)
  writer.send(v4.publish({ topic, payload: 'x' }))
  await reader.expectBytes(v5.publish({ topic, payload: 'x' }))
})

test('a payload that is not the text it is said to be goes on as it is, or is answered by 0x99 [MQTT §3.3.2.3.2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const payload = hex`c328`
  writer.send(v5.publish({ topic, qos: 1, payload, properties: { payloadFormatIndicator: 1 } }))
  const answer = await writer.next()
  if (answer?.type === 'puback' && answer.code < 0x80) {
    await reader.expect('publish', { payload, properties: { payloadFormatIndicator: 1 } })
    return
  }
  const refused = answer?.type === 'puback' || answer?.type === 'disconnect'
  if (!refused || answer.code !== 0x99) throw new Error(`${answer?.type} came`)
  await reader.expectNoMore()
})

const wildcards = ['#', '+', 'a/#', 'a/+/b']

for (const qos of [0, 1, 2]) {
  test(`a Response Topic with a wildcard is refused at QoS ${qos} and not distributed [MQTT-3.3.2-14]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    for (const responseTopic of wildcards) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic, qos, properties: { responseTopic } }))
      const answer = await client.next()
      if (answer?.type === 'puback' || answer?.type === 'pubrec') {
        if (answer.code < 0x80) throw new Error(`${responseTopic} was acknowledged with ${answer.code}`)
      } else if (answer !== null && (answer.type !== 'disconnect' || ![0x81, 0x82, 0x90].includes(answer.code))) {
        throw new Error(`${responseTopic} was answered by ${answer.type}`)
      }
    }
    await reader.expectNoMore()
  })
}

for (const [property, tag] of [
  ['responseTopic', '[MQTT-3.3.2-13]'],
  ['contentType', '[MQTT-3.3.2-19]'],
] as const) {
  test(`${property} in ill-formed UTF-8 is a Malformed Packet ${tag}`, async () => {
    for (const text of [hex`ff`, hex`c080`, hex`eda080`, hex`6100`]) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: fresh(), properties: [[property, text]] }))
      await client.expectBroken(0x81)
    }
  })
}

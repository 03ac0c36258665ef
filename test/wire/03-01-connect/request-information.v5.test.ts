import { equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerPacket } from '../../kit/decode.ts'
import { v5 } from '../../kit/packets.ts'
import type { Properties } from '../../kit/properties.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  settings: { responseInformation: 'answers/here' },
  authorizer: {
    decide: (_client, action, topic) => ({ allowed: !topic.includes(`no-${action}`), why: 'the rule of the test' }),
  },
})

async function connackProperties(properties: Record<string, number>): Promise<Properties> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties }))
  return (await client.expect('connack', { code: 0 })).properties
}

test('no Response Information unless requested [MQTT-3.1.2-28]', async () => {
  equal((await connackProperties({})).responseInformation, undefined)
  equal((await connackProperties({ requestResponseInformation: 0 })).responseInformation, undefined)
})

test('Response Information when requested [MQTT-3.1.2-28] [MQTT §3.2.2.3.15]', broker.ours, async () => {
  equal((await connackProperties({ requestResponseInformation: 1 })).responseInformation, 'answers/here')
})

/** Every acknowledgement with a refusal or a mismatch a client can provoke, and DISCONNECT at the end. */
async function refusals(properties: Record<string, number>): Promise<ServerPacket[]> {
  const client = await broker.connect(v5, { properties })
  const topic = `${fresh()}/no-publish`
  client.send(
    v5.publish({ topic, qos: 1, id: 1 }),
    v5.publish({ topic, qos: 2, id: 2 }),
    v5.publish({ topic: fresh(), qos: 1, id: 3 }),
    v5.pubrel(4),
    v5.pubrec(5),
    v5.subscribe({ filters: [`${fresh()}/no-subscribe`, fresh(), 'invalid/#/filter'] }),
    v5.unsubscribe({ filters: [fresh()] }),
  )
  const packets = await client.drain()
  client.send(v5.publish({ topic: '#' }))
  const last = await client.next()
  return last === null ? packets : [...packets, last]
}

test(
  'Request Problem Information 0: no Reason String and no User Property but in CONNACK and DISCONNECT [MQTT-3.1.2-29]',
  broker.ours,
  async () => {
    const packets = await refusals({ requestProblemInformation: 0 })
    for (const { type, properties } of packets) {
      if (type === 'disconnect') continue
      equal(properties.reasonString, undefined, `${type} has a Reason String`)
      equal(properties.userProperty, undefined, `${type} has a User Property`)
    }
    const types = packets.map(({ type }) => type)
    equal(types.join(), 'puback,pubrec,puback,pubcomp,pubrel,suback,unsuback,disconnect')
  },
)

for (const [kind, properties] of Object.entries({ absent: {}, '1': { requestProblemInformation: 1 } })) {
  test(
    `Request Problem Information ${kind}: refusals say why [MQTT-3.1.2-29] [MQTT §3.1.2.11.7]`,
    broker.ours,
    async () => {
      const packets = await refusals(properties)
      for (const { type, properties, ...fields } of packets) {
        const refused =
          'code' in fields ? fields.code >= 0x80 : 'codes' in fields && fields.codes.some((code) => code >= 0x80)
        if (refused && type !== 'pubcomp' && type !== 'pubrel')
          notEqual(properties.reasonString, undefined, `${type} says nothing`)
      }
    },
  )
}

test('Request Problem Information 0 leaves messages as they are [MQTT-3.1.2-29] [MQTT-3.3.2-17]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { requestProblemInformation: 0 } })
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const properties = { userProperty: [['a', '1'] as const] }
  writer.send(v5.publish({ topic, properties }))
  await reader.expect('publish', { topic, properties })
})

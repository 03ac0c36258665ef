import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const small = useTarget({
  settings: {
    receiveMaximum: 2,
    topicAliasMaximum: 3,
    maximumPacketSize: 500,
    maximumQos: 1,
    retainAvailable: false,
  },
})
const topic = fresh()

const errors: readonly (readonly [what: string, code: number, packet: Buffer])[] = [
  ['a second CONNECT', 0x82, v5.connect({ clientId: fresh() })],
  ['PUBLISH with QoS 3', 0x81, v5.publish({ topic, qos: 3 })],
  ['a Remaining Length of five bytes', 0x81, hex`30 80 80 80 80 01`],
  ['an unknown topic alias', 0x82, v5.publish({ topic: '', properties: { topicAlias: 1 } })],
  ['a Subscription Identifier in PUBLISH', 0x82, v5.publish({ topic, properties: { subscriptionIdentifier: 1 } })],
  ['AUTH without a method in CONNECT', 0x82, v5.auth({ reason: 0x19, properties: { authenticationMethod: 'A' } })],
  ['PUBLISH shorter than its topic', 0x81, hex`30 05 00ff 61 62 63`],
  ['SUBSCRIBE without a filter', 0x82, v5.subscribe({ filters: [] })],
]
for (const [what, code, packet] of errors) {
  const name = `0x${code.toString(16)}`
  test(`${what} is answered by DISCONNECT ${name} and the end [MQTT-4.13.1-1] [MQTT-4.13.2-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectDisconnect(code)
  })
}

const exceeding: readonly (readonly [what: string, code: number, packets: readonly Buffer[]])[] = [
  ['the topic alias 0', 0x94, [v5.publish({ topic, properties: { topicAlias: 0 } })]],
  ['a topic alias over the maximum', 0x94, [v5.publish({ topic, properties: { topicAlias: 4 } })]],
  ['a packet over Maximum Packet Size', 0x95, [v5.publish({ topic, payload: 'x'.repeat(500) })]],
  ['a retained message where there are none', 0x9a, [v5.publish({ topic, retain: true, payload: 'x' })]],
  ['QoS 2 where 1 is the maximum', 0x9b, [v5.publish({ topic, qos: 2 })]],
]
for (const [what, code, packets] of exceeding) {
  const name = `0x${code.toString(16)}`
  test(
    `${what} is answered by DISCONNECT ${name} and the end [MQTT-4.13.1-1] [MQTT-4.13.2-1]`,
    small.ours,
    async () => {
      const client = await small.connect(v5)
      client.send(...packets)
      await client.expectDisconnect(code)
    },
  )
}

test('what keeps to the announced limits is served [MQTT-4.13.1-1]', small.ours, async () => {
  const client = await small.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  const limits = { receiveMaximum: 2, topicAliasMaximum: 3, maximumPacketSize: 500, maximumQos: 1, retainAvailable: 0 }
  await client.expect('connack', { code: 0, properties: limits })
  const bare = v5.publish({ topic, properties: { topicAlias: 3 } }).length + 1
  client.send(v5.publish({ topic, properties: { topicAlias: 3 }, payload: 'x'.repeat(500 - bare) }))
  client.send(v5.publish({ topic: '', properties: { topicAlias: 3 } }))
  for (let id = 1; id <= 10; id++) client.send(v5.publish({ topic, qos: 1, id }))
  for (let id = 1; id <= 10; id++) await client.expect('puback', { id })
  await client.expectNoMore()
})

const closing: readonly (readonly [what: string, packet: Buffer])[] = [
  ['a malformed CONNECT', v5.connect({ flags: 0x03 })],
  ['an unsupported authentication method', v5.connect({ properties: { authenticationMethod: 'NONE' } })],
  ['Authentication Data without a method', v5.connect({ properties: { authenticationData: 'x' } })],
]
for (const [what, packet] of closing) {
  test(`${what} ends the connection whatever is answered [MQTT-4.13.2-1]`, async () => {
    const client = await broker.open(v5)
    client.send(packet)
    await client.expectRefused()
  })
}

test('an error of one client does not disturb another [MQTT-4.13.1-1]', async () => {
  const other = await broker.connect(v5)
  await other.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(hex`00 00`)
  await client.expectDisconnect(0x81, 0x82)
  await other.expectNoMore()
})

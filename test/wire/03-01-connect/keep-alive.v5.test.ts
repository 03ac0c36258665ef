import { test } from 'node:test'
import type { ServerPacketType } from '../../kit/decode.ts'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true, settings: { maximumKeepAlive: 0 } })

test(
  'a client silent for 1.5 times its Keep Alive is disconnected, and its Will published [MQTT-3.1.2-22] [MQTT-3.2.2-22]',
  broker.takes(4_000),
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), keepAlive: 1, will: { topic, payload: 'silent' } }))
    await client.expect('connack', { code: 0, properties: { serverKeepAlive: undefined } })
    await reader.expectNoMore()
    await broker.elapse(4_000)
    await client.expectBroken(0x8d)
    await reader.expect('publish', { payload: 'silent' })
  },
)

test(
  'the client has the whole of 1.5 times its Keep Alive [MQTT-3.1.2-22] [MQTT-3.2.2-22]',
  broker.takes(45_000),
  async () => {
    const client = await broker.connect(v5, { keepAlive: 10 })
    await broker.elapse(14_800)
    await client.expectNoMore()
    await broker.elapse(14_800)
    await client.expectNoMore()
    await broker.elapse(17_000)
    await client.expectBroken(0x8d)
  },
)

const own = fresh()

/** Packets, and the answer that shows that they were read. */
const exchanges: Record<string, { packet: Buffer; answer: ServerPacketType }> = {
  'QoS 0 PUBLISH': { packet: v5.publish({ topic: own }), answer: 'publish' },
  'QoS 1 PUBLISH': { packet: v5.publish({ topic: 'nowhere', qos: 1 }), answer: 'puback' },
  PUBREC: { packet: v5.pubrec(1), answer: 'pubrel' },
  PUBREL: { packet: v5.pubrel(1), answer: 'pubcomp' },
  SUBSCRIBE: { packet: v5.subscribe({ filters: ['nowhere'] }), answer: 'suback' },
  UNSUBSCRIBE: { packet: v5.unsubscribe({ filters: ['nowhere'] }), answer: 'unsuback' },
  PINGREQ: { packet: v5.pingreq(), answer: 'pingresp' },
}

for (const [name, { packet, answer }] of Object.entries(exchanges)) {
  test(`${name} keeps a client alive [MQTT-3.1.2-22]`, broker.takes(60_000), async () => {
    const client = await broker.connect(v5, { keepAlive: 10 })
    await client.subscribe(own)
    for (let round = 0; round < 4; round++) {
      await broker.elapse(12_000)
      client.send(packet)
      await client.expect(answer)
    }
    await broker.elapse(17_000)
    await client.expectBroken(0x8d)
  })
}

test('what the server sends does not keep the client alive [MQTT-3.1.2-22]', broker.takes(30_000), async () => {
  const topic = fresh()
  const client = await broker.connect(v5, { keepAlive: 10 })
  await client.subscribe(topic)
  const writer = await broker.connect(v5)
  await broker.elapse(9_000)
  await publish(writer, { topic, payload: 'x' })
  await client.expect('publish')
  await broker.elapse(8_000)
  await client.expectBroken(0x8d)
})

test('a packet begun and not ended does not keep the client alive [MQTT-3.1.2-22]', broker.takes(30_000), async () => {
  const client = await broker.connect(v5, { keepAlive: 10 })
  const packet = v5.publish({ topic: 'somewhere', payload: 'x'.repeat(100) })
  const other = await broker.connect(v5)
  for (let sent = 0; sent < 4; sent++) {
    client.send(packet.subarray(sent * 10, sent * 10 + 10))
    // The other client's answer comes after the server has read ours.
    await other.expectNoMore()
    await broker.elapse(5_000)
  }
  await client.expectBroken(0x8d)
})

test('Keep Alive 0 is no limit [MQTT-3.1.2-22] [MQTT-3.2.2-22]', broker.takes(400_000), async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), keepAlive: 0 }))
  await client.expect('connack', { code: 0, properties: { serverKeepAlive: undefined } })
  await broker.elapse(7_200_000)
  await client.expectNoMore()
})

test('the largest Keep Alive is kept [MQTT-3.1.2-22] [MQTT-3.2.2-22]', broker.takes(1e9), async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), keepAlive: 65_535 }))
  await client.expect('connack', { code: 0, properties: { serverKeepAlive: undefined } })
  await broker.elapse(98_000_000)
  await client.expectNoMore()
})

test(
  'a client that lost its connection to silence finds its session [MQTT-3.1.2-22] [MQTT-3.1.2-23]',
  broker.takes(20_000),
  async () => {
    const clientId = fresh()
    const properties = { sessionExpiryInterval: 100 }
    const client = await broker.connect(v5, { clientId, keepAlive: 10, properties })
    await broker.elapse(17_000)
    await client.expectBroken(0x8d)
    await broker.resume(v5, { clientId, properties })
  },
)

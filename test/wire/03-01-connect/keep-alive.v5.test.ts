import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true, settings: { maximumKeepAlive: 0 } })

test('a client silent for 1.5 times its Keep Alive is disconnected, and its Will published [MQTT-3.1.2-22] [MQTT-3.2.2-22]', broker.takes(4_000), async () => {
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
})

test('the client has the whole of 1.5 times its Keep Alive [MQTT-3.1.2-22] [MQTT-3.2.2-22]', broker.takes(45_000), async () => {
  const client = await broker.connect(v5, { keepAlive: 10 })
  await broker.elapse(14_800)
  await client.expectNoMore()
  await broker.elapse(14_800)
  await client.expectNoMore()
  await broker.elapse(17_000)
  await client.expectBroken(0x8d)
})

const packets = {
  PUBLISH: v5.publish({ topic: 'somewhere' }),
  PUBACK: v5.puback(1),
  SUBSCRIBE: v5.subscribe({ filters: ['somewhere/else'] }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['somewhere/else'] }),
  PINGREQ: v5.pingreq(),
}

for (const [name, packet] of Object.entries(packets)) {
  test(`${name} keeps a client alive [MQTT-3.1.2-22]`, broker.takes(30_000), async () => {
    const client = await broker.connect(v5, { keepAlive: 10 })
    for (let round = 0; round < 3; round++) {
      await broker.elapse(12_000)
      client.send(packet)
      await client.drain()
    }
    await broker.elapse(12_000)
    await client.expectNoMore()
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
  await broker.elapse(99_000_000)
  await client.expectBroken(0x8d)
})

test('a client that lost its connection to silence finds its session [MQTT-3.1.2-22] [MQTT-3.1.2-23]', broker.takes(20_000), async () => {
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 100 }
  const client = await broker.connect(v5, { clientId, keepAlive: 10, properties })
  await broker.elapse(17_000)
  await client.expectBroken(0x8d)
  await broker.resume(v5, { clientId, properties })
})

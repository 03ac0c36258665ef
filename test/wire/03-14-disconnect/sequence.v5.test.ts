import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { startLocal } from '../../kit/local-broker.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

test('the server closes after the DISCONNECT of a client, and answers nothing [MQTT-3.14.4-2] [MQTT §3.14.4]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.disconnect())
  await client.expectClosed()
})

test('what a client sends after DISCONNECT is not processed [MQTT-3.14.4-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 1 })
  const client = await broker.connect(v5)
  client.send(
    v5.publish({ topic, payload: 'before' }),
    v5.disconnect(),
    v5.publish({ topic, payload: 'after' }),
    v5.pingreq(),
  )
  await client.expectClosed()
  await receive(reader, { payload: 'before' })
  await reader.expectNoMore()
})

test('after the DISCONNECT of the server nothing comes, and it closes [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.2-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  client.send(v5.subscribe({ id: 3, filters: [] }), v5.pingreq(), v5.publish({ topic, qos: 1, payload: 'late' }))
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await client.expectDisconnect(0x82)
})

test('what a client sends after its protocol error is not processed [MQTT-4.13.2-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(
    v5.publish({ topic, payload: 'before' }),
    v5.connect({ clientId: fresh() }),
    v5.publish({ topic, payload: 'after' }),
  )
  await client.expectDisconnect(0x82)
  await receive(reader, { payload: 'before' })
  await reader.expectNoMore()
})

test('answers due before DISCONNECT come before it, in order [MQTT-3.14.4-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.subscribe({ id: 3, filters: [fresh()] }), v5.pingreq(), v5.subscribe({ id: 4, filters: [] }))
  await client.expect('suback', { id: 3 })
  await client.expect('pingresp')
  await client.expectDisconnect(0x82)
})

const first: readonly (readonly [string, Buffer])[] = [
  ['PINGREQ', v5.pingreq()],
  ['PUBLISH', v5.publish({ topic: 'a', payload: 'x' })],
  ['PUBLISH with QoS 3', v5.publish({ topic: 'a', qos: 3 })],
  ['SUBSCRIBE', v5.subscribe({ filters: ['a'] })],
  ['AUTH', v5.auth({ reason: 0x18, properties: { authenticationMethod: 'METHOD' } })],
  ['DISCONNECT', v5.disconnect()],
  ['DISCONNECT with flags', v5.disconnect({ header: 0xe5 })],
  ['CONNECT with flags in its first byte', v5.connect({ header: 0x11 })],
  ['CONNECT with the reserved Connect Flag', v5.connect({ flags: 0x03 })],
  [
    'CONNECT with a property twice',
    v5.connect({
      properties: [
        ['receiveMaximum', 1],
        ['receiveMaximum', 1],
      ],
    }),
  ],
  ['CONNECT with a property out of place', v5.connect({ properties: { topicAlias: 1 } })],
  ['CONNECT with Receive Maximum 0', v5.connect({ properties: { receiveMaximum: 0 } })],
  ['CONNECT with an ill-formed Client Identifier', v5.connect({ clientId: hex`c0 af` })],
  ['CONNECT with too long a Remaining Length', hex`10 80 80 80 80 01`],
  ['the reserved packet type 0', hex`00 00`],
  ['bytes of another protocol', Buffer.from(`GET / HTTP/1.1\r\nHost: ${'x'.repeat(100)}\r\n\r\n`)],
]
for (const [what, packet] of first) {
  test(`${what} first is not answered by DISCONNECT [MQTT-3.14.0-1] [MQTT-4.13.2-1]`, async () => {
    const client = await broker.open(v5)
    client.send(packet)
    await client.expectRefused()
  })
}

test('a refused CONNECT is not followed by DISCONNECT [MQTT-3.14.0-1]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ properties: { authenticationMethod: 'UNKNOWN' } }), v5.pingreq(), v5.publish({ topic: 'a' }))
  await client.expectRefused()
})

test('a broker that shuts down says 0x8B [MQTT-3.14.2-1] [MQTT-3.14.2-2]', broker.ours, async () => {
  const local = await startLocal({}, null)
  const client = await WireClient.open({ host: '127.0.0.1', port: local.port }, v5)
  client.send(v5.connect({ clientId: fresh(), properties: { sessionExpiryInterval: 60 } }))
  await client.expect('connack', { code: 0 })
  await client.expectNoMore()
  const [{ properties }] = await Promise.all([client.expectDisconnect(0x8b), local.close()])
  equal(properties.sessionExpiryInterval, undefined)
  deepEqual(client.closed, true)
})

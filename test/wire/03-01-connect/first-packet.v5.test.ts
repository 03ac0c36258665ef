import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

const others = {
  PUBLISH: v5.publish({ topic: 'a', payload: 'x' }),
  'QoS 1 PUBLISH': v5.publish({ topic: 'a', qos: 1 }),
  PUBACK: v5.puback(1),
  PUBREC: v5.pubrec(1),
  PUBREL: v5.pubrel(1),
  PUBCOMP: v5.pubcomp(1),
  SUBSCRIBE: v5.subscribe({ filters: ['a'] }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['a'] }),
  PINGREQ: v5.pingreq(),
  DISCONNECT: v5.disconnect(),
  AUTH: v5.auth({ reason: 0x18, properties: { authenticationMethod: 'm' } }),
}

for (const [name, packet] of Object.entries(others)) {
  test(`${name} as the first packet ends the connection without an answer [MQTT-3.1.0-1]`, async () => {
    const client = await broker.open(v5)
    client.send(packet)
    await client.expectClosed()
  })
}

test('what came before CONNECT has no effect, nor has the CONNECT behind it [MQTT-3.1.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.open(v5)
  const connect = v5.connect({ clientId: fresh(), will: { topic, payload: 'will' } })
  client.send(v5.publish({ topic, retain: true }), connect, v5.publish({ topic }))
  await client.expectClosed()
  await reader.expectNoMore()
})

const second = v5.connect({ clientId: fresh() })

test('a second CONNECT is a Protocol Error, and the Will is published [MQTT-3.1.0-2] [MQTT-3.2.0-2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'will' } })
  client.send(second)
  await client.expectBroken(0x82)
  await reader.expect('publish', { topic, payload: 'will' })
})

test('a second CONNECT in the same segment is a Protocol Error too [MQTT-3.1.0-2] [MQTT-3.2.0-2]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }), second)
  await client.expect('connack', { code: 0 })
  await client.expectBroken(0x82)
})

test('a second CONNECT does not touch the session it names [MQTT-3.1.0-2]', async () => {
  const clientId = fresh()
  const other = await broker.connect(v5, { clientId })
  const client = await broker.connect(v5)
  client.send(v5.connect({ clientId }))
  await client.expectBroken(0x82)
  await other.expectNoMore()
})

const unknownProtocols = {
  'a misspelt name': v5.connect({ protocolName: 'MQTX' }),
  'a name in lower case': v5.connect({ protocolName: 'mqtt' }),
  'a longer name': v5.connect({ protocolName: 'MQTTT' }),
  'an empty name': v5.connect({ protocolName: '' }),
  'the name of MQTT 3.1': v5.connect({ protocolName: 'MQIsdp' }),
  // Long enough to be a whole packet in the eyes of a server of MQTT.
  'another protocol': Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${'x'.repeat(60)}\r\n\r\n`),
}

for (const [kind, connect] of Object.entries(unknownProtocols)) {
  test(`CONNECT with ${kind} is refused [MQTT-3.1.2-1]`, async () => {
    const client = await broker.open(v5)
    client.send(connect)
    await expectUnsupported(client)
  })
}

for (const protocolLevel of [0, 1, 2, 6, 127, 128, 255]) {
  test(`CONNECT with Protocol Version ${protocolLevel} is refused [MQTT-3.1.2-2]`, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ protocolLevel }))
    await expectUnsupported(client)
  })
}

/** No answer, or CONNACK with 0x84 of MQTT 5 or the return code 1 of those before: any client may have been there. */
async function expectUnsupported(client: WireClient): Promise<void> {
  const answer = (await client.nextBytes())?.toString('hex') ?? null
  if (answer !== null && answer !== '20020001' && !/^20..0084/.test(answer)) throw new Error(`${answer} came`)
  if (answer !== null) await client.expectClosed()
}

test('CONNECT with the name MQTT and version 5 is accepted [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT-3.1.4-5]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), protocolName: 'MQTT', protocolLevel: 5 }))
  await client.expect('connack', { code: 0, sessionPresent: false })
  await client.expectNoMore()
})

test('CONNECT is read whole when it comes byte by byte [MQTT-3.1.4-5]', async () => {
  const client = await broker.open(v5)
  const connect = v5.connect({
    clientId: fresh(),
    will: { topic: fresh(), payload: 'x' },
    properties: { receiveMaximum: 9 },
  })
  for (const byte of connect) client.send(Buffer.from([byte]))
  await client.expect('connack', { code: 0 })
  await client.expectNoMore()
})

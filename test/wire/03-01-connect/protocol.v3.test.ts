import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('a good CONNECT is answered by CONNACK 0x00 [MQTT3-3.1.4-4] [MQTT3-3.2.2-1]', async () => {
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh() }))
  await client.expectBytes(hex`20 02 00 00`)
  await client.expectNoMore()
})

const firsts: Record<string, Buffer> = {
  PUBLISH: v4.publish({ topic: 'a' }),
  PUBACK: v4.puback(1),
  PUBREC: v4.pubrec(1),
  PUBREL: v4.pubrel(1),
  PUBCOMP: v4.pubcomp(1),
  SUBSCRIBE: v4.subscribe({ filters: ['a'] }),
  UNSUBSCRIBE: v4.unsubscribe({ filters: ['a'] }),
  PINGREQ: v4.pingreq(),
  DISCONNECT: v4.disconnect(),
  'a CONNACK': hex`20 02 00 00`,
  'a reserved packet': hex`00 00`,
  'a line of HTTP': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
}

for (const [name, packet] of Object.entries(firsts)) {
  test(`${name} before CONNECT closes the connection without an answer [MQTT3-3.1.0-1]`, async () => {
    const client = await broker.open(v4)
    client.send(packet)
    await client.expectClosed()
  })
}

test('a PUBLISH before CONNECT is not distributed [MQTT3-3.1.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(topic)
  const client = await broker.open(v4)
  client.send(v4.publish({ topic, payload: 'x' }), v4.connect({ clientId: fresh() }))
  await client.expectClosed()
  await reader.expectNoMore()
})

test('a second CONNECT closes the connection and the Will is published [MQTT3-3.1.0-2] [MQTT3-3.1.2-8]', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const clientId = fresh()
  const client = await broker.connect(v4, { clientId, will: { topic, payload: 'gone' } })
  client.send(v4.connect({ clientId }))
  await client.expectClosed()
  await watcher.expect('publish', { topic, payload: 'gone' })
})

test('a second CONNECT right behind the first closes the connection [MQTT3-3.1.0-2]', async () => {
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh() }), v4.connect({ clientId: fresh() }))
  await client.expect('connack', { code: 0 })
  await client.expectClosed()
})

for (const protocolName of ['MQTX', 'mqtt', 'MQTTT', 'MQT', '', 'MQTT ']) {
  test(`protocol name "${protocolName}" is not served [MQTT3-3.1.2-1]`, async () => {
    const client = await broker.open(v4)
    client.send(v4.connect({ protocolName, clientId: fresh() }), v4.pingreq())
    await client.expectRefused()
  })
}

test('each protocol name goes with its own level only [MQTT3-3.1.2-1]', async () => {
  const client = await broker.open(v4)
  client.send(v4.connect({ protocolName: 'MQIsdp', protocolLevel: 4, clientId: fresh() }))
  await client.expectRefused()
  const other = await broker.open(v3)
  other.send(v3.connect({ protocolName: 'MQIsdp', protocolLevel: 5, clientId: fresh() }))
  await other.expectRefused()
})

for (const protocolLevel of [0, 1, 2, 3]) {
  test(`protocol level ${protocolLevel} is answered by CONNACK 0x01, then closed [MQTT3-3.1.2-2] [MQTT3-3.2.2-5]`, async () => {
    const client = await broker.open(v4)
    client.send(v4.connect({ protocolLevel, clientId: fresh() }))
    await client.expectBytes(hex`20 02 00 01`)
    await client.expectClosed()
  })
}

for (const protocolLevel of [6, 127, 255]) {
  test(`protocol level ${protocolLevel} is refused by CONNACK in the form of MQTT 3.1.1 or 5, then closed [MQTT3-3.1.2-2]`, async () => {
    const client = await broker.open(v4)
    client.send(v4.connect({ protocolLevel, clientId: fresh() }))
    const answer = (await client.nextBytes())?.toString('hex')
    assert.ok(answer === '20020001' || answer === '2003008400', `CONNACK ${answer}`)
    await client.expectClosed()
  })
}

test('a reserved connect flag closes the connection without CONNACK [MQTT3-3.1.2-3] [MQTT3-3.1.4-1]', async () => {
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh(), flags: 0x03 }))
  await client.expectClosed()
})

const misshapen: Record<string, Buffer> = {
  'an empty body': hex`10 00`,
  'a cut protocol name': v4.connect({ cut: 4 }),
  'no level': v4.connect({ cut: 6 }),
  'no flags': v4.connect({ cut: 7 }),
  'half a keep alive': v4.connect({ cut: 9 }),
  'half a client identifier length': v4.connect({ clientId: 'abc', cut: 11 }),
  'a cut client identifier': v4.connect({ clientId: 'abc', cut: 13 }),
  'a surplus byte': v4.connect({ clientId: 'abc', trailing: hex`00` }),
  'a surplus string': v4.connect({ clientId: 'abc', trailing: hex`0001 61` }),
  'a client identifier longer than the packet': hex`10 0e 0004 4d515454 04 02 003c ffff 6162`,
}

for (const [name, packet] of Object.entries(misshapen)) {
  test(`CONNECT with ${name} closes the connection without CONNACK [MQTT3-3.1.4-1]`, async () => {
    const client = await broker.open(v4)
    client.send(packet)
    await client.expectClosed()
  })
}

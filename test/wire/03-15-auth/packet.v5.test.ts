import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import type { PropertySection } from '../../kit/properties.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { allProperties, goodValues } from '../02-02-properties/client-packets.ts'
import { asked, auth, authenticated, challenge, method, said } from './challenge.ts'

const broker = useTarget({ authenticator: challenge })

for (let flags = 1; flags < 16; flags++) {
  test(`AUTH with flags ${flags} is malformed, connected or not [MQTT-3.15.1-1]`, broker.ours, async () => {
    const packet = v5.auth({ reason: 0x18, properties: said('answer'), header: 0xf0 | flags })
    const connecting = await asked(broker)
    connecting.send(packet)
    await connecting.expectRefused()
    const connected = await authenticated(broker)
    connected.send(packet)
    await connected.expectDisconnect(0x81)
  })
}

test('the server sends AUTH with flags 0 and code 0x18 [MQTT-3.15.1-1] [MQTT-3.15.2-1]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: said('hello') }))
  const packet = await client.expect('auth', { code: 0x18 })
  equal(packet.bytes[0], 0xf0)
})

for (const code of [0x00, 0x01, 0x17, 0x1a, 0x80, 0x82, 0x87, 0x8c, 0xff]) {
  const name = `0x${code.toString(16).padStart(2, '0')}`
  test(`AUTH ${name} is no code of clients [MQTT-3.15.2-1]`, broker.ours, async () => {
    const connecting = await asked(broker)
    connecting.send(auth('answer', code))
    await connecting.expectRefused()
    const connected = await authenticated(broker)
    connected.send(auth('answer', code))
    await connected.expectDisconnect(0x81, 0x82)
  })
}

test('AUTH of Remaining Length 0 has no method: refused [MQTT §3.15.2.1] [MQTT-3.15.2-1]', broker.ours, async () => {
  const client = await authenticated(broker)
  client.send(v5.auth())
  await client.expectDisconnect(0x81, 0x82)
})

for (const reason of [0x18, 0x19]) {
  test(`AUTH ${reason.toString(16)} without method is a protocol error [MQTT §3.15.2.2.2]`, broker.ours, async () => {
    const client = await authenticated(broker)
    client.send(v5.auth({ reason, properties: { authenticationData: 'answer' } }))
    await client.expectDisconnect(0x82)
  })
}

test('AUTH takes Reason String and User Properties [MQTT §3.15.2.2]', broker.ours, async () => {
  const client = await asked(broker)
  const pair = ['name', 'value'] as const
  const properties = { ...said('answer'), reasonString: 'so it is', userProperty: [pair, pair] }
  client.send(v5.auth({ reason: 0x18, properties }))
  await client.expect('connack', { code: 0 })
  await client.expectNoMore()
})

const own = ['authenticationMethod', 'authenticationData', 'reasonString', 'userProperty']
for (const [property, value] of allProperties()) {
  if (own.includes(property)) continue
  test(`AUTH with ${property} is malformed [MQTT §2.2.2.2] [MQTT §3.15.2.2]`, broker.ours, async () => {
    const client = await authenticated(broker)
    const properties: PropertySection = [
      ['authenticationMethod', method],
      [property, value],
    ]
    client.send(v5.auth({ reason: 0x19, properties }))
    await client.expectDisconnect(0x81)
  })
}

for (const property of ['authenticationMethod', 'authenticationData', 'reasonString'] as const) {
  test(`AUTH with ${property} twice is a protocol error [MQTT §3.15.2.2]`, broker.ours, async () => {
    const client = await authenticated(broker)
    const value = property === 'authenticationMethod' ? method : goodValues[property]
    const others: PropertySection = property === 'authenticationMethod' ? [] : [['authenticationMethod', method]]
    const properties: PropertySection = [...others, [property, value], [property, value]]
    client.send(v5.auth({ reason: 0x19, properties }))
    await client.expectDisconnect(0x82)
  })
}

for (const [what, body] of [
  ['a Property Length beyond its end', hex`18 20 15 0001 61`],
  ['half a property', hex`18 03 15 0005`],
  ['an ill-formed method', hex`18 05 15 0002 c0af`],
  ['an unknown property', hex`18 02 7f 00`],
  ['bytes after its properties', hex`18 00 00`],
] as const) {
  test(`AUTH with ${what} is malformed [MQTT §3.15.2]`, broker.ours, async () => {
    const client = await authenticated(broker)
    client.send(hex`f0 ${body.length} ${body}`)
    await client.expectDisconnect(0x81)
  })
}

test('AUTH stays within Maximum Packet Size [MQTT-3.15.2-2] [MQTT-3.15.2-3]', broker.ours, async () => {
  const free = await broker.open(v5)
  free.send(v5.connect({ clientId: fresh(), properties: said('hello') }))
  const { bytes } = await free.expect('auth', { code: 0x18 })
  const bare = 2 + 1 + 1 + 3 + method.length + 3 + 'question'.length
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: { ...said('hello'), maximumPacketSize: bare } }))
  const packet = await client.expect('auth', { code: 0x18 })
  ok(packet.bytes.length <= Math.min(bare, bytes.length))
  equal(packet.properties.reasonString, undefined)
  equal(packet.properties.userProperty, undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex, varint } from './bytes.ts'
import { decode, packetSize } from './decode.ts'
import { FakeClock } from './fake-clock.ts'
import { v3, v4, v5 } from './packets.ts'
import { fresh } from './target.ts'

// The kit judges the broker; these tests judge the kit.

test('builders write the packets of the specification', () => {
  assert.deepEqual(v3.connect({ clientId: 'a' }), hex`10 0f 0006 4d5149736470 03 02 0000 0001 61`)
  assert.deepEqual(v4.connect({ clientId: 'a', keepAlive: 60 }), hex`10 0d 0004 4d515454 04 02 003c 0001 61`)
  assert.deepEqual(v5.connect({ clientId: 'a', clean: false }), hex`10 0e 0004 4d515454 05 00 0000 00 0001 61`)
  const will = { topic: 'w', payload: 'x', qos: 2, retain: true }
  const whole = v4.connect({ clientId: 'a', will, username: 'u', password: 'p' })
  assert.deepEqual(whole, hex`10 19 0004 4d515454 04 f6 0000 0001 61 0001 77 0001 78 0001 75 0001 70`)
  assert.deepEqual(v4.publish({ topic: 'a', qos: 1, id: 7, payload: 'x', retain: true }), hex`33 06 0001 61 0007 78`)
  assert.deepEqual(v5.publish({ topic: 'a', properties: { topicAlias: 5 } }), hex`30 07 0001 61 03 230005`)
  assert.deepEqual(
    v4.subscribe({ id: 2, filters: ['a', { filter: 'b', qos: 2 }] }),
    hex`82 0a 0002 0001 61 00 0001 62 02`,
  )
  assert.deepEqual(v5.unsubscribe({ id: 2, filters: ['a'] }), hex`a2 06 0002 00 0001 61`)
  assert.deepEqual(v5.puback(9), hex`40 02 0009`)
  assert.deepEqual(v5.puback(9, { reason: 0x80 }), hex`40 03 0009 80`)
  assert.deepEqual(v5.disconnect({ reason: 4, properties: {} }), hex`e0 02 04 00`)
})

test('builders write broken packets when told to', () => {
  assert.deepEqual(v4.pingreq({ header: 0xc1, trailing: hex`00` }), hex`c1 01 00`)
  assert.deepEqual(v4.pingreq({ remainingLength: hex`80 00` }), hex`c0 80 00`)
  const twice = v5.disconnect({
    properties: [
      ['sessionExpiryInterval', 1],
      ['sessionExpiryInterval', 2],
    ],
  })
  assert.deepEqual(twice, hex`e0 0c 00 0a 1100000001 1100000002`)
  assert.deepEqual(v5.subscribe({ properties: null, filters: [], id: null }), hex`82 00`)
  assert.deepEqual(varint(1, 3), hex`81 80 00`)
})

test('packets of a server are read in every version', () => {
  const connack = decode(5, hex`20 09 01 00 06 21 0005 22 0007`)
  assert.ok(connack.type === 'connack' && connack.sessionPresent)
  assert.deepEqual(connack.properties, { receiveMaximum: 5, topicAliasMaximum: 7 })
  const publish = decode(5, hex`3d 0c 0001 61 0003 04 0b 01 0b 02 7879`)
  assert.ok(publish.type === 'publish' && publish.qos === 2 && publish.dup && publish.retain && publish.id === 3)
  assert.deepEqual(publish.properties.subscriptionIdentifier, [1, 2])
  assert.equal(publish.payload.toString(), 'xy')
  assert.equal(packetSize(hex`30 80`), null)
  assert.equal(packetSize(hex`30 80 01`), 131)
})

const forbidden: Record<string, readonly [3 | 4 | 5, Buffer]> = {
  'a CONNACK with reserved flags': [4, hex`20 02 02 00`],
  'a CONNACK of MQTT 3.1 with Session Present': [3, hex`20 02 01 00`],
  'a refusal with Session Present': [4, hex`20 02 01 05`],
  'a return code above 5': [4, hex`20 02 00 06`],
  'wrong reserved flags': [4, hex`d1 00`],
  'PUBREL without its flags': [4, hex`60 02 0001`],
  'QoS 3': [4, hex`36 05 0001 61 0001`],
  'QoS 0 with DUP': [4, hex`38 03 0001 61`],
  'packet identifier 0': [4, hex`32 05 0001 61 0000`],
  'a topic with a wildcard': [4, hex`30 03 0001 23`],
  'a topic that is not UTF-8': [4, hex`30 03 0001 ff`],
  'a topic with U+0000': [4, hex`30 03 0001 00`],
  'SUBACK 0x80 in MQTT 3.1': [3, hex`90 03 0001 80`],
  'SUBACK with an unknown code': [4, hex`90 03 0001 03`],
  'DISCONNECT below MQTT 5': [4, hex`e0 00`],
  'a surplus byte': [4, hex`40 03 0001 00`],
  'a length longer than needed': [4, hex`d0 80 00`],
  'a property length longer than needed': [5, hex`30 05 0001 61 80 00`],
  'a property twice': [5, hex`20 09 00 00 06 21 0005 21 0005`],
  'a property of another packet': [5, hex`20 05 00 00 02 01 00`],
  'a property that passes the section': [5, hex`20 05 00 00 02 21 00`],
  'a packet for clients to send': [4, hex`c0 00`],
}

for (const [name, [version, bytes]] of Object.entries(forbidden)) {
  test(`${name} from a server is refused by the reader`, () => assert.throws(() => decode(version, bytes)))
}

test('the fake clock runs what falls due, in order, as often as it falls due', () => {
  const clock = new FakeClock()
  const start = clock.now()
  const ran: string[] = []
  const stop = clock.every(300, () => ran.push(`a ${clock.now() - start}`))
  clock.every(500, () => ran.push(`b ${clock.now() - start}`))
  clock.advance(1_000)
  assert.deepEqual(ran, ['a 300', 'b 500', 'a 600', 'a 900', 'b 1000'])
  stop()
  clock.advance(400)
  assert.equal(ran.length, 5)
  assert.equal(clock.now() - start, 1_400)
})

test('fresh names are short, plain and all different', () => {
  const names = Array.from({ length: 1_000 }, () => fresh())
  assert.equal(new Set(names).size, 1_000)
  for (const name of names) assert.match(name, /^[0-9a-z]{1,23}$/)
})

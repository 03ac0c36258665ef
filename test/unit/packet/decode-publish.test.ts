import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, decodePublish, Publish } from '../../../src/packet/decode-publish.ts'
import { Reason } from '../../../src/packet/reason.ts'
import type { Version } from '../../../src/packet/types.ts'
import { hex } from '../../kit/bytes.ts'

const into = new Publish()

function decode(version: Version, first: number, body: Buffer, userProperties = 10): Reason | 0 {
  return decodePublish(first, body, 0, body.length, version, userProperties, into)
}

/** A QoS 0 PUBLISH to `a` with these properties and the payload `!`. */
function withProperties(properties: Buffer, userProperties = 10): Reason | 0 {
  return decode(5, 0x30, hex`0001 61 ${properties.length} ${properties} 21`, userProperties)
}

function part(start: number, end: number): string {
  return into.bytes.toString('utf8', start, end)
}

test('flags, topic, packet identifier and payload are found where they lie [MQTT §3.3]', () => {
  assert.equal(decode(4, 0x3d, hex`0003 612f62 000a 6869`), 0)
  assert.deepEqual([into.qos, into.retain, into.dup, into.packetId], [2, true, true, 10])
  assert.equal(part(into.topicStart, into.topicEnd), 'a/b')
  assert.equal(part(into.payloadStart, into.payloadEnd), 'hi')
  assert.equal(into.properties, null)
})

test('nothing of the packet before shines through', () => {
  assert.equal(withProperties(hex`0101 0200000005 230007 080001 72 260001 78 0001 79`), 0)
  assert.equal(decode(4, 0x30, hex`0001 62`), 0)
  const { qos, retain, dup, packetId, alias, expiry, textual, properties, responseStart, responseEnd } = into
  assert.deepEqual([qos, retain, dup, packetId, alias, expiry], [0, false, false, 0, absent, absent])
  assert.deepEqual([textual, properties, responseEnd - responseStart], [false, null, 0])
  assert.equal(into.payloadStart, into.payloadEnd)
})

test('QoS 3 is malformed [MQTT-3.3.1-4]', () => {
  for (const version of [3, 4, 5] as const)
    assert.equal(decode(version, 0x36, hex`0001 61 0001 00`), Reason.MalformedPacket)
})

test('DUP with QoS 0 is malformed [MQTT-3.3.1-2]', () => {
  assert.equal(decode(4, 0x38, hex`0001 61`), Reason.MalformedPacket)
})

test('packet identifier 0 is refused [MQTT-2.2.1-3]', () => {
  assert.equal(decode(4, 0x32, hex`0001 61 0000`), Reason.ProtocolError)
})

test('a packet cut inside any field before the payload is malformed', () => {
  const body = hex`0001 61 0007 0b 01 01 02 00000009 260000 0000`
  const head = 5
  for (let length = 0; length < head; length++) {
    assert.equal(decode(4, 0x32, body.subarray(0, length)), Reason.MalformedPacket, `MQTT 3.1.1, ${length} bytes`)
  }
  for (let length = 0; length < body.length; length++) {
    assert.equal(decode(5, 0x32, body.subarray(0, length)), Reason.MalformedPacket, `MQTT 5, ${length} bytes`)
  }
})

test('a topic that ends behind the packet is malformed although the buffer goes on', () => {
  const bytes = hex`0004 61 62 63 64 65`
  assert.equal(decodePublish(0x30, bytes, 0, 5, 4, 10, into), Reason.MalformedPacket)
})

test('alias, expiry, payload format and response topic are taken from the properties [MQTT §3.3.2.3]', () => {
  assert.equal(withProperties(hex`0101 02000000ff 08 0003 722f73 230010`), 0)
  assert.deepEqual([into.textual, into.expiry, into.alias], [true, 255, 16])
  assert.equal(part(into.responseStart, into.responseEnd), 'r/s')
  assert.equal(part(into.payloadStart, into.payloadEnd), '!')
})

test('all properties but alias and expiry go on unaltered and in order [MQTT-3.3.2-18]', () => {
  const users = hex`26 0001 7a 0001 31 26 0001 61 0001 32`
  const rest = hex`0100 26 0001 7a 0001 33 09 0003 000102 03 0004 74657874 08 0001 72`
  assert.equal(withProperties(hex`${users} 230001 ${rest} 0200000001`), 0)
  assert.deepEqual(into.properties, hex`${users} ${rest}`)
})

test('nothing goes on when there is only an alias and an expiry', () => {
  assert.equal(withProperties(hex`230001 0200000001`), 0)
  assert.equal(into.properties, null)
})

test('what goes on is a copy: the read buffer may be used again', () => {
  const body = hex`0001 61 02 0101 21`
  assert.equal(decode(5, 0x30, body), 0)
  body.fill(0)
  assert.deepEqual(into.properties, hex`0101`)
})

test('an expiry of over 2³¹ seconds is not negative', () => {
  withProperties(hex`02ffffffff`)
  assert.equal(into.expiry, 0xffff_ffff)
})

test('a property that may stand once is refused when it stands twice [MQTT §3.3.2.3]', () => {
  for (const property of [hex`0101`, hex`0200000001`, hex`03 0001 61`, hex`08 0001 61`, hex`09 0001 61`, hex`230001`]) {
    assert.equal(withProperties(property), 0)
    assert.equal(withProperties(hex`${property} ${property}`), Reason.ProtocolError, property.toString('hex'))
  }
})

test('an alias, an expiry or a payload format of zero does not hide a second one', () => {
  for (const property of [hex`0100`, hex`0200000000`, hex`230000`]) {
    assert.equal(withProperties(hex`${property} ${property}`), Reason.ProtocolError)
  }
})

test('payload format indicator 2 is a protocol error [MQTT §3.3.2.3.2]', () => {
  assert.equal(withProperties(hex`0102`), Reason.ProtocolError)
})

test('a subscription identifier from a client is a protocol error [MQTT-3.3.4-6]', () => {
  assert.equal(withProperties(hex`0b01`), Reason.ProtocolError)
})

test('properties unknown or of other packets are malformed [MQTT §2.2.2.2]', () => {
  const known = new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x0b, 0x23, 0x26])
  for (let id = 0; id < 256; id++) {
    if (known.has(id)) continue
    assert.equal(withProperties(hex`${id} 0000 0000 0000`), Reason.MalformedPacket, `property ${id}`)
  }
})

test('a property that passes the property length is malformed, although the payload would complete it', () => {
  for (const property of [
    hex`01`,
    hex`02000000`,
    hex`2300`,
    hex`03 0002 61`,
    hex`09 0001`,
    hex`26 0001 61 0001`,
    hex`26 0000`,
  ]) {
    const body = hex`0001 61 ${property.length} ${property} 01 01 01 01 01 01`
    assert.equal(decode(5, 0x30, body), Reason.MalformedPacket, property.toString('hex'))
  }
})

test('strings of properties are checked, binary data is not [MQTT-1.5.4-1]', () => {
  assert.equal(withProperties(hex`03 0002 c328`), Reason.MalformedPacket)
  assert.equal(withProperties(hex`08 0001 00`), Reason.MalformedPacket)
  assert.equal(withProperties(hex`26 0001 ff 0000`), Reason.MalformedPacket)
  assert.equal(withProperties(hex`26 0000 0001 ff`), Reason.MalformedPacket)
  assert.equal(withProperties(hex`09 0002 c300`), 0)
})

test('more user properties than the limit exceed the quota', () => {
  const one = hex`26 0001 61 0001 62`
  assert.equal(withProperties(hex`${one} ${one}`, 2), 0)
  assert.equal(withProperties(hex`${one} ${one} ${one}`, 2), Reason.QuotaExceeded)
  assert.equal(withProperties(one, 0), Reason.QuotaExceeded)
})

test('a property length of five bytes, or longer than its value needs, is malformed [MQTT-1.5.5-1]', () => {
  assert.equal(decode(5, 0x30, hex`0001 61 8080808000`), Reason.MalformedPacket)
  assert.equal(decode(5, 0x30, hex`0001 61 8000`), Reason.MalformedPacket)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Acknowledgement,
  decodeAcknowledgement,
  decodeReason,
  decodeSubscribe,
  decodeUnsubscribe,
} from '../../../src/packet/decode.ts'
import { Place } from '../../../src/packet/properties.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { PacketType, type Version } from '../../../src/packet/types.ts'
import { hex } from '../../kit/bytes.ts'

const limits = { maximumUserProperties: 2, maximumFiltersPerSubscribe: 3 }
const versions: readonly Version[] = [3, 4, 5]
const into = new Acknowledgement()

function subscribe(version: Version, body: Buffer) {
  return decodeSubscribe(body, 0, body.length, version, limits)
}

function unsubscribe(version: Version, body: Buffer) {
  return decodeUnsubscribe(body, 0, body.length, version, limits)
}

function acknowledgement(version: Version, body: Buffer, type: number = PacketType.Puback): Reason | 0 {
  return decodeAcknowledgement(type, body, 0, body.length, version, 2, into)
}

function reason(place: number, body: Buffer) {
  return decodeReason(body, 0, body.length, place, 2)
}

function refused(result: object, fault: Reason): void {
  if (!('fault' in result)) assert.fail('accepted')
  assert.equal(result.fault, fault)
}

test('filters of SUBSCRIBE come in order, in MQTT 5 with all options and the identifier [MQTT §3.8]', () => {
  const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 }
  assert.deepEqual(subscribe(4, hex`0007 0003 612f23 01 0001 62 02`), {
    packetId: 7,
    identifier: 0,
    requests: [
      { filter: 'a/#', qos: 1, ...plain },
      { filter: 'b', qos: 2, ...plain },
    ],
  })
  assert.deepEqual(subscribe(5, hex`0007 03 0b8001 0001 61 00 0001 62 2e`), {
    packetId: 7,
    identifier: 128,
    requests: [
      { filter: 'a', qos: 0, ...plain },
      { filter: 'b', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ],
  })
})

test('reserved bits of the subscription options are malformed [MQTT-3.8.3-5] [MQTT3-3.8.3-4]', () => {
  for (const bits of [0x40, 0x80]) refused(subscribe(5, hex`0001 00 0001 61 ${bits}`), Reason.MalformedPacket)
  for (const bits of [0x04, 0x08, 0x10, 0x20, 0x40, 0x80])
    refused(subscribe(4, hex`0001 0001 61 ${bits}`), Reason.MalformedPacket)
})

test('QoS 3 and Retain Handling 3 are protocol errors [MQTT §3.8.3.1]', () => {
  refused(subscribe(5, hex`0001 00 0001 61 03`), Reason.ProtocolError)
  refused(subscribe(5, hex`0001 00 0001 61 30`), Reason.ProtocolError)
  refused(subscribe(4, hex`0001 0001 61 03`), Reason.ProtocolError)
})

test('SUBSCRIBE and UNSUBSCRIBE without a filter are protocol errors [MQTT-3.8.3-2] [MQTT-3.10.3-2]', () => {
  for (const version of versions) {
    const body = version === 5 ? hex`0001 00` : hex`0001`
    refused(subscribe(version, body), Reason.ProtocolError)
    refused(unsubscribe(version, body), Reason.ProtocolError)
  }
})

test('packet identifier 0 is a protocol error [MQTT-2.2.1-3]', () => {
  refused(subscribe(4, hex`0000 0001 61 00`), Reason.ProtocolError)
  refused(unsubscribe(4, hex`0000 0001 61`), Reason.ProtocolError)
  assert.equal(acknowledgement(4, hex`0000`), Reason.ProtocolError)
})

test('more filters than the limit exceed the quota, in either packet', () => {
  const filter = hex`0001 61`
  assert.ok(!('fault' in unsubscribe(4, hex`0001 ${filter} ${filter} ${filter}`)))
  refused(unsubscribe(4, hex`0001 ${filter} ${filter} ${filter} ${filter}`), Reason.QuotaExceeded)
  const request = hex`0001 61 00`
  assert.ok(!('fault' in subscribe(4, hex`0001 ${request} ${request} ${request}`)))
  refused(subscribe(4, hex`0001 ${request} ${request} ${request} ${request}`), Reason.QuotaExceeded)
})

test('a filter that is cut, ill-formed or without options is malformed', () => {
  for (const rest of [hex`00`, hex`0001`, hex`0002 61`, hex`0001 ff 00`, hex`0001 61`, hex`0001 61 00 00`]) {
    refused(subscribe(4, hex`0001 ${rest}`), Reason.MalformedPacket)
    refused(subscribe(5, hex`0001 00 ${rest}`), Reason.MalformedPacket)
  }
  for (const rest of [hex`00`, hex`0001`, hex`0001 00`])
    refused(unsubscribe(4, hex`0001 ${rest}`), Reason.MalformedPacket)
})

test('UNSUBSCRIBE gives its filters in order [MQTT §3.10]', () => {
  assert.deepEqual(unsubscribe(3, hex`0009 0001 61 0001 2b`), { packetId: 9, filters: ['a', '+'] })
  assert.deepEqual(unsubscribe(5, hex`0009 05 26 0000 0000 0001 61`), { packetId: 9, filters: ['a'] })
})

test('an acknowledgement of two bytes means success in every version [MQTT §3.4.2.1]', () => {
  for (const version of versions) {
    into.reason = 9
    assert.equal(acknowledgement(version, hex`1234`), 0)
    assert.deepEqual([into.packetId, into.reason], [0x1234, 0])
  }
})

test('reason and properties of an acknowledgement are for MQTT 5 only [MQTT §3.4.2]', () => {
  for (const body of [hex`0001 97`, hex`0001 97 00`, hex`0001 97 05 26 0000 0000`, hex`0001 97 04 1f 0001 61`]) {
    assert.equal(acknowledgement(5, body), 0)
    assert.equal(into.reason, 0x97)
    assert.equal(acknowledgement(4, body), Reason.MalformedPacket)
    assert.equal(acknowledgement(3, body), Reason.MalformedPacket)
  }
})

test('each acknowledgement has its reason codes and no others [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]', () => {
  const accepted = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
  const released = [0x00, 0x92]
  for (let code = 0; code < 256; code++) {
    const body = hex`0001 ${code}`
    for (const type of [PacketType.Puback, PacketType.Pubrec]) {
      assert.equal(acknowledgement(5, body, type), accepted.includes(code) ? 0 : Reason.ProtocolError)
    }
    for (const type of [PacketType.Pubrel, PacketType.Pubcomp]) {
      assert.equal(acknowledgement(5, body, type), released.includes(code) ? 0 : Reason.ProtocolError)
    }
  }
})

test('an acknowledgement that is cut or has surplus bytes is malformed', () => {
  for (const body of [hex``, hex`00`])
    for (const version of versions) assert.equal(acknowledgement(version, body), Reason.MalformedPacket)
  for (const body of [hex`0001 00 00 00`, hex`0001 00 01`, hex`0001 00 04 1f 0002 61`]) {
    assert.equal(acknowledgement(5, body), Reason.MalformedPacket)
  }
})

test('DISCONNECT and AUTH may leave out the properties, and the reason with them [MQTT §3.14.2.1] [MQTT §3.15.2.1]', () => {
  for (const place of [Place.Disconnect, Place.Auth]) {
    assert.deepEqual(reason(place, hex``), { reason: 0, properties: {} })
    assert.deepEqual(reason(place, hex`04`), { reason: 4, properties: {} })
    assert.deepEqual(reason(place, hex`04 00`), { reason: 4, properties: {} })
  }
})

test('DISCONNECT and AUTH have properties of their own', () => {
  const expiry = hex`04 05 11 00000009`
  const method = hex`18 04 15 0001 6d`
  assert.deepEqual(reason(Place.Disconnect, expiry), { reason: 4, properties: { sessionExpiryInterval: 9 } })
  assert.deepEqual(reason(Place.Auth, method), { reason: 0x18, properties: { authenticationMethod: 'm' } })
  refused(reason(Place.Auth, expiry), Reason.MalformedPacket)
  refused(reason(Place.Disconnect, method), Reason.MalformedPacket)
})

test('surplus bytes behind DISCONNECT and AUTH are malformed', () => {
  refused(reason(Place.Disconnect, hex`00 00 00`), Reason.MalformedPacket)
  refused(reason(Place.Auth, hex`00 01`), Reason.MalformedPacket)
})

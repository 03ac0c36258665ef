import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeAuth,
  encodeConnack,
  encodeDisconnect,
  encodeSuback,
  pingresp,
  type ServerProperties,
  writeAcknowledgement,
} from '../../../src/packet/encode.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { Slab } from '../../../src/packet/slab.ts'
import { PacketType, type Version } from '../../../src/packet/types.ts'
import { hex } from '../../kit/bytes.ts'
import { decode } from '../../kit/decode.ts'

const unlimited = 268_435_455
const everything: ServerProperties = {
  sessionExpiryInterval: 0xffff_ffff,
  receiveMaximum: 1_000,
  maximumQos: 1,
  retainAvailable: 0,
  maximumPacketSize: 2_097_152,
  assignedClientIdentifier: 'id-ä',
  topicAliasMaximum: 64,
  reasonString: 'why',
  wildcardSubscriptionAvailable: 0,
  subscriptionIdentifierAvailable: 0,
  sharedSubscriptionAvailable: 0,
  serverKeepAlive: 3_600,
  responseInformation: 'r/',
  serverReference: 's',
  authenticationMethod: 'm',
  authenticationData: hex`00ff`,
}

function acknowledgement(
  version: Version,
  type: PacketType,
  id: number,
  reason: number,
  text: string | null,
  maximum = unlimited,
): Buffer {
  const slab = new Slab(4_096)
  slab.at = 3
  writeAcknowledgement(slab, version, type, id, reason, text, maximum)
  return slab.bytes.subarray(3, slab.at)
}

test('PINGRESP has two bytes', () => {
  assert.deepEqual(pingresp, hex`d000`)
})

test('CONNACK of MQTT 3 has a flag and a return code and no properties', () => {
  assert.deepEqual(encodeConnack(4, true, 0, everything, unlimited), hex`20 02 01 00`)
  assert.deepEqual(encodeConnack(3, false, 5, everything, unlimited), hex`20 02 00 05`)
})

test('CONNACK of MQTT 5 carries every property it is given, and a property length of 0 for none [MQTT §3.2.2.3]', () => {
  const { properties } = decode(5, encodeConnack(5, false, 0x87, everything, unlimited))
  assert.deepEqual(properties, everything)
  assert.deepEqual(encodeConnack(5, true, 0, {}, unlimited), hex`20 03 01 00 00`)
})

test('properties that are zero or empty are sent: only what is not given is left out', () => {
  const given = { sessionExpiryInterval: 0, topicAliasMaximum: 0, serverKeepAlive: 0, assignedClientIdentifier: '' }
  assert.deepEqual(decode(5, encodeConnack(5, false, 0, given, unlimited)).properties, given)
})

test('SUBACK has a code for every filter in order, in MQTT 5 after the properties [MQTT-3.8.4-6]', () => {
  const codes = [0, 0x80, 2]
  assert.deepEqual(encodeSuback(PacketType.Suback, 4, 0x102, codes, 'why', unlimited), hex`90 05 0102 00 80 02`)
  assert.deepEqual(encodeSuback(PacketType.Suback, 5, 0x102, codes, null, unlimited), hex`90 06 0102 00 00 80 02`)
  assert.deepEqual(encodeSuback(PacketType.Suback, 5, 1, [0], 'w', unlimited), hex`90 08 0001 04 1f000177 00`)
})

test('UNSUBACK has codes in MQTT 5 only [MQTT-3.11.3-1] [MQTT3-3.10.4-4]', () => {
  assert.deepEqual(encodeSuback(PacketType.Unsuback, 4, 7, [0, 0], null, unlimited), hex`b0 02 0007`)
  assert.deepEqual(encodeSuback(PacketType.Unsuback, 5, 7, [0, 0x11], null, unlimited), hex`b0 05 0007 00 00 11`)
})

test('a packet of over 127 bytes has a longer fixed header', () => {
  const codes = Array.from({ length: 300 }, () => 1)
  const bytes = encodeSuback(PacketType.Suback, 4, 1, codes, null, unlimited)
  assert.deepEqual(bytes.subarray(0, 5), hex`90 ae02 0001`)
  assert.equal(bytes.length, 305)
})

test('DISCONNECT and AUTH have their reason and properties [MQTT §3.14] [MQTT §3.15]', () => {
  const disconnect = decode(
    5,
    encodeDisconnect(Reason.UseAnotherServer, { serverReference: 's', reasonString: 'w' }, unlimited),
  )
  assert.deepEqual(
    [disconnect.type, disconnect.properties],
    ['disconnect', { serverReference: 's', reasonString: 'w' }],
  )
  const auth = decode(5, encodeAuth(Reason.ContinueAuthentication, { authenticationMethod: 'm' }, unlimited))
  assert.deepEqual([auth.type, auth.properties], ['auth', { authenticationMethod: 'm' }])
})

test('a reason string that would exceed the maximum packet size of the client is left out, and nothing else [MQTT-3.2.2-19] [MQTT-3.9.2-1] [MQTT-3.14.2-3]', () => {
  const reasonString = 'a'.repeat(100)
  const rest = { receiveMaximum: 7 }
  assert.deepEqual(decode(5, encodeConnack(5, false, 0x87, { reasonString, ...rest }, 50)).properties, rest)
  assert.deepEqual(encodeSuback(PacketType.Suback, 5, 1, [0x87], reasonString, 50), hex`90 04 0001 00 87`)
  assert.deepEqual(encodeDisconnect(Reason.NotAuthorized, { reasonString }, 50), hex`e0 02 87 00`)
  const exact = encodeDisconnect(Reason.NotAuthorized, { reasonString }, unlimited)
  assert.deepEqual(encodeDisconnect(Reason.NotAuthorized, { reasonString }, exact.length), exact)
  assert.equal(encodeDisconnect(Reason.NotAuthorized, { reasonString }, exact.length - 1).length, 4)
})

test('an acknowledgement of success has four bytes, PUBREL with its flags [MQTT-3.6.1-1]', () => {
  for (const version of [3, 4, 5] as const) {
    assert.deepEqual(acknowledgement(version, PacketType.Puback, 0x1234, 0, 'not sent'), hex`40 02 1234`)
    assert.deepEqual(acknowledgement(version, PacketType.Pubrec, 1, 0, null), hex`50 02 0001`)
    assert.deepEqual(acknowledgement(version, PacketType.Pubrel, 1, 0, null), hex`62 02 0001`)
    assert.deepEqual(acknowledgement(version, PacketType.Pubcomp, 65_535, 0, null), hex`70 02 ffff`)
  }
})

test('other reasons are said to MQTT 5 clients only, with the text if it fits [MQTT §3.4.2] [MQTT-3.4.2-2]', () => {
  assert.deepEqual(acknowledgement(4, PacketType.Puback, 1, 0x97, 'why'), hex`40 02 0001`)
  assert.deepEqual(acknowledgement(5, PacketType.Puback, 1, 0x97, null), hex`40 03 0001 97`)
  assert.deepEqual(acknowledgement(5, PacketType.Pubrec, 1, 0x97, 'why'), hex`50 0a 0001 97 06 1f 0003 776879`)
  const cut = decode(5, acknowledgement(5, PacketType.Pubcomp, 1, 0x92, 'why', 11))
  assert.deepEqual([cut.type, cut.properties], ['pubcomp', {}])
})

test('acknowledgements lie one behind the other in the slab, and go on in a new piece when it is full', () => {
  const slab = new Slab(10)
  writeAcknowledgement(slab, 4, PacketType.Puback, 1, 0, null, unlimited)
  writeAcknowledgement(slab, 4, PacketType.Puback, 2, 0, null, unlimited)
  assert.deepEqual(slab.bytes.subarray(0, slab.at), hex`40020001 40020002`)
  writeAcknowledgement(slab, 5, PacketType.Puback, 3, 0x97, null, unlimited)
  assert.deepEqual(slab.bytes.subarray(0, slab.at), hex`40030003 97`)
})

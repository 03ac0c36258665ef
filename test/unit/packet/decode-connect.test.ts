import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connect, type ConnectFault, decodeConnect } from '../../../src/packet/decode-connect.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { hex } from '../../kit/bytes.ts'
import { type ConnectFields, type Packets, v3, v4, v5 } from '../../kit/packets.ts'

/** The body of a CONNECT of under 128 bytes. */
function decode(packet: Buffer, userProperties = 10): Connect | ConnectFault {
  assert.ok(packet.length < 130)
  return decodeConnect(packet, 2, packet.length, userProperties)
}

function accepted(packet: Buffer): Connect {
  const result = decode(packet)
  if ('fault' in result) assert.fail(`refused: ${result.detail}`)
  return result
}

function refused(packet: Buffer, fault: Reason, userProperties = 10): ConnectFault {
  const result = decode(packet, userProperties)
  if (!('fault' in result)) assert.fail('accepted')
  assert.equal(result.fault, fault, result.detail)
  assert.notEqual(result.detail, '')
  return result
}

const versions = [v3, v4, v5]
const full: ConnectFields = {
  clientId: 'c',
  clean: false,
  keepAlive: 60,
  username: 'u',
  password: hex`00ff`,
  will: { topic: 'w', payload: hex`00`, qos: 2, retain: true },
}

test('every field of CONNECT is decoded, in every version [MQTT §3.1]', () => {
  for (const packets of versions) {
    assert.deepEqual(accepted(packets.connect(full)), {
      version: packets.version,
      cleanStart: false,
      keepAlive: 60,
      clientId: 'c',
      username: 'u',
      password: hex`00ff`,
      will: { topic: 'w', payload: hex`00`, qos: 2, retain: true, properties: {} },
      properties: {},
    })
  }
})

test('fields whose flag is not set are absent', () => {
  for (const packets of versions) {
    const { username, password, will, cleanStart } = accepted(packets.connect({ clientId: '' }))
    assert.deepEqual([username, password, will, cleanStart], [null, null, null, true])
  }
})

test('an empty user name and an empty password are not the same as none', () => {
  const { username, password } = accepted(v4.connect({ username: '', password: '' }))
  assert.equal(username, '')
  assert.equal(password?.length, 0)
})

test('a protocol name that is not MQTT gets no answer [MQTT-3.1.2-1]', () => {
  for (const protocolName of ['', 'mqtt', 'MQTT5', 'AMQP', 'MQIsdq']) {
    assert.equal(refused(v4.connect({ protocolName }), Reason.UnsupportedProtocolVersion).version, null)
  }
})

test('an unknown level is answered in the form every client can read [MQTT-3.1.2-2]', () => {
  for (const protocolLevel of [0, 1, 2, 3, 6, 127, 128, 131, 132, 255]) {
    assert.equal(refused(v4.connect({ protocolLevel }), Reason.UnsupportedProtocolVersion).version, 4)
  }
  for (const protocolLevel of [4, 5]) refused(v3.connect({ protocolLevel }), Reason.UnsupportedProtocolVersion)
})

test('a CONNECT cut anywhere is malformed, and never more than it says', () => {
  for (const packets of [v4, v5]) {
    const whole = packets.connect(full).subarray(2)
    for (let length = 0; length < whole.length; length++) {
      const result = decodeConnect(whole, 0, length, 10)
      assert.ok('fault' in result, `${length} of ${whole.length} bytes`)
      assert.equal(result.fault, Reason.MalformedPacket)
    }
  }
})

test('surplus bytes behind the last field are malformed', () => {
  for (const packets of versions) refused(packets.connect({ trailing: hex`00` }), Reason.MalformedPacket)
})

test('the reserved connect flag is malformed from 3.1.1 on [MQTT-3.1.2-3]', () => {
  refused(v4.connect({ flags: 0x03 }), Reason.MalformedPacket)
  refused(v5.connect({ flags: 0x03 }), Reason.MalformedPacket)
  accepted(v3.connect({ flags: 0x03 }))
})

test('Will QoS 3 is malformed [MQTT-3.1.2-12]', () => {
  for (const packets of versions) refused(packets.connect({ will: { topic: 'w', qos: 3 } }), Reason.MalformedPacket)
})

test('Will QoS or Will Retain without Will Flag is malformed from 3.1.1 on [MQTT-3.1.2-11] [MQTT-3.1.2-13]', () => {
  for (const flags of [0x0a, 0x12, 0x22]) {
    refused(v4.connect({ flags }), Reason.MalformedPacket)
    refused(v5.connect({ flags }), Reason.MalformedPacket)
    assert.equal(accepted(v3.connect({ flags })).will, null)
  }
})

test('a password without a user name is malformed in 3.1.1 and allowed in 5.0 [MQTT3-3.1.2-22]', () => {
  refused(v4.connect({ password: 'p' }), Reason.MalformedPacket)
  assert.deepEqual(accepted(v5.connect({ password: 'p' })).password, Buffer.from('p'))
})

test('in MQTT 3.1 the remaining length overrules the user name and password flags', () => {
  const { username, password } = accepted(v3.connect({ flags: 0xc2 }))
  assert.deepEqual([username, password], [null, null])
  refused(v4.connect({ flags: 0xc2 }), Reason.MalformedPacket)
})

test('properties of CONNECT and of the Will are kept apart [MQTT §3.1.2.11] [MQTT §3.1.3.2]', () => {
  const { properties, will } = accepted(
    v5.connect({
      properties: { sessionExpiryInterval: 9, userProperty: [['a', '1']] },
      will: { topic: 'w', properties: { willDelayInterval: 5, contentType: 't', userProperty: [['a', '2']] } },
    }),
  )
  assert.deepEqual(properties, { sessionExpiryInterval: 9, userProperties: [['a', '1']] })
  assert.deepEqual(will?.properties, { willDelayInterval: 5, contentType: 't', userProperties: [['a', '2']] })
})

test('a property out of place is malformed, in CONNECT and in the Will [MQTT §2.2.2.2]', () => {
  refused(v5.connect({ properties: { willDelayInterval: 5 } }), Reason.MalformedPacket)
  refused(v5.connect({ will: { topic: 'w', properties: { receiveMaximum: 5 } } }), Reason.MalformedPacket)
})

test('authentication data without a method is a protocol error [MQTT §3.1.2.11.10]', () => {
  refused(v5.connect({ properties: { authenticationData: 'x' } }), Reason.ProtocolError)
  accepted(v5.connect({ properties: { authenticationMethod: 'm', authenticationData: 'x' } }))
})

test('the limit of user properties counts CONNECT and Will each', () => {
  const userProperty = [
    ['a', '1'],
    ['a', '1'],
  ] as const
  const packet = v5.connect({ properties: { userProperty }, will: { topic: 'w', properties: { userProperty } } })
  assert.ok(!('fault' in decode(packet, 2)))
  refused(packet, Reason.QuotaExceeded, 1)
})

test('ill-formed text is malformed wherever it stands [MQTT-1.5.4-1] [MQTT-1.5.4-2]', () => {
  const wrong: readonly ConnectFields[] = [
    { clientId: hex`ff` },
    { username: hex`00` },
    { will: { topic: hex`eda080` } },
    { protocolName: hex`c3` },
  ]
  for (const fields of wrong) for (const packets of versions) refused(packets.connect(fields), Reason.MalformedPacket)
})

test('the fault names the version to answer in', () => {
  for (const packets of versions) assert.equal(malformed(packets).version, packets.version)
})

function malformed(packets: Packets): ConnectFault {
  return refused(packets.connect({ trailing: hex`00` }), Reason.MalformedPacket)
}

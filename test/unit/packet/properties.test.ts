import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cursor } from '../../../src/packet/cursor.ts'
import { Place, type Properties, readProperties } from '../../../src/packet/properties.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { hex, varint } from '../../kit/bytes.ts'

function read(place: number, section: Buffer, maximum = 10): { wrong: Reason | 0; into: Properties; cursor: Cursor } {
  const bytes = Buffer.concat([varint(section.length), section, hex`0101 0101 0101 0101`])
  const cursor = new Cursor().reset(bytes, 0, bytes.length)
  const into: Properties = {}
  return { wrong: readProperties(cursor, place, into, maximum), into, cursor }
}

const { Connect, Will, Subscribe, Unsubscribe, Acknowledgement, Disconnect, Auth } = Place
const places = Object.values(Place)

/** Identifier, a good value, and the packets of a client it may stand in [MQTT table 2-4]. */
const table: readonly (readonly [number, Buffer, number])[] = [
  [0x01, hex`01`, Will],
  [0x02, hex`00000001`, Will],
  [0x03, hex`0001 61`, Will],
  [0x08, hex`0001 61`, Will],
  [0x09, hex`0001 00`, Will],
  [0x0b, hex`01`, Subscribe],
  [0x11, hex`00000001`, Connect | Disconnect],
  [0x12, hex`0001 61`, 0],
  [0x13, hex`0001`, 0],
  [0x15, hex`0001 61`, Connect | Auth],
  [0x16, hex`0001 00`, Connect | Auth],
  [0x17, hex`01`, Connect],
  [0x18, hex`00000001`, Will],
  [0x19, hex`01`, Connect],
  [0x1a, hex`0001 61`, 0],
  [0x1c, hex`0001 61`, 0],
  [0x1f, hex`0001 61`, Acknowledgement | Disconnect | Auth],
  [0x21, hex`0001`, Connect],
  [0x22, hex`0001`, Connect],
  [0x23, hex`0001`, 0],
  [0x24, hex`01`, 0],
  [0x25, hex`01`, 0],
  [0x26, hex`0001 61 0001 62`, Connect | Will | Subscribe | Unsubscribe | Acknowledgement | Disconnect | Auth],
  [0x27, hex`00000001`, Connect],
  [0x28, hex`01`, 0],
  [0x29, hex`01`, 0],
  [0x2a, hex`01`, 0],
]

test('every property is accepted where a client may send it and malformed everywhere else [MQTT §2.2.2.2]', () => {
  for (const [id, value, allowed] of table) {
    for (const place of places) {
      const expected = (allowed & place) !== 0 ? 0 : Reason.MalformedPacket
      assert.equal(read(place, hex`${id} ${value}`).wrong, expected, `property ${id} in place ${place}`)
    }
  }
})

test('every property but the user property is a protocol error when it stands twice [MQTT §2.2.2.2]', () => {
  for (const [id, value, allowed] of table) {
    for (const place of places.filter((one) => (one & allowed) !== 0)) {
      const expected = id === 0x26 ? 0 : Reason.ProtocolError
      assert.equal(read(place, hex`${id} ${value} ${id} ${value}`).wrong, expected, `property ${id}`)
    }
  }
})

test('a property identifier that no packet knows is malformed', () => {
  const known = new Set(table.map(([id]) => id))
  for (let id = 0; id < 0x400; id++) {
    if (known.has(id)) continue
    for (const place of places) assert.equal(read(place, hex`${varint(id)} 00000000`).wrong, Reason.MalformedPacket)
  }
})

test('a property identifier longer than needed is malformed [MQTT-1.5.5-1]', () => {
  assert.equal(read(Connect, hex`9100 00000001`).wrong, Reason.MalformedPacket)
})

test('a property cut at any byte is malformed, although the packet goes on', () => {
  for (const [id, value, allowed] of table) {
    const place = places.find((one) => (one & allowed) !== 0)
    if (place === undefined) continue
    const whole = hex`${id} ${value}`
    for (let length = 1; length < whole.length; length++) {
      assert.equal(
        read(place, whole.subarray(0, length)).wrong,
        Reason.MalformedPacket,
        `property ${id}, ${length} bytes`,
      )
    }
  }
})

test('values out of range are protocol errors [MQTT §3.1.2.11] [MQTT §3.8.2.1.2]', () => {
  const wrong = [hex`1702`, hex`1902`, hex`210000`, hex`2700000000`]
  for (const property of wrong)
    assert.equal(read(Connect, property).wrong, Reason.ProtocolError, property.toString('hex'))
  assert.equal(read(Will, hex`0102`).wrong, Reason.ProtocolError)
  assert.equal(read(Subscribe, hex`0b00`).wrong, Reason.ProtocolError)
})

test('zero is a value where it is allowed', () => {
  assert.deepEqual(read(Connect, hex`1100000000 220000 1700 1900`).into, {
    sessionExpiryInterval: 0,
    topicAliasMaximum: 0,
    requestProblemInformation: 0,
    requestResponseInformation: 0,
  })
})

test('user properties keep their order, and a name may repeat [MQTT-3.1.3-10]', () => {
  const { into } = read(Unsubscribe, hex`26 0001 62 0001 31 26 0001 61 0000 26 0001 62 0001 32`)
  assert.deepEqual(into.userProperties, [
    ['b', '1'],
    ['a', ''],
    ['b', '2'],
  ])
})

test('a user property named like a property of objects is only a name', () => {
  const { into } = read(Will, hex`26 0009 5f5f70726f746f5f5f 0001 61`)
  assert.deepEqual(into.userProperties, [['__proto__', 'a']])
})

test('more user properties than the limit exceed the quota', () => {
  const one = hex`26 0001 61 0001 62`
  assert.equal(read(Connect, hex`${one} ${one}`, 2).wrong, 0)
  assert.equal(read(Connect, hex`${one} ${one} ${one}`, 2).wrong, Reason.QuotaExceeded)
})

test('a property length that passes the packet is malformed', () => {
  const cursor = new Cursor().reset(hex`05 1100000001 00`, 0, 5)
  assert.equal(readProperties(cursor, Connect, {}, 10), Reason.MalformedPacket)
})

test('the cursor stands behind the properties, and the rest of the packet can be read', () => {
  const { wrong, cursor } = read(Connect, hex`1100000001`)
  assert.equal(wrong, 0)
  assert.equal(cursor.at, 6)
  assert.equal(cursor.uint16(), 0x0101)
})

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { hex, varint } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

// The decoder of the kit throws at every Variable Byte Integer of the server that is longer than needed.
const broker = useTarget({ settings: { maximumPacketSize: 4_194_304 } })

// A fixed header, and five bytes where four are allowed.
const fiveBytes = hex`ff ff ff ff 7f`
const fiveBytesOfZero = hex`80 80 80 80 00`

for (const length of [127, 128, 16_383, 16_384]) {
  test(`a Remaining Length of ${length} is sent in the fewest bytes [MQTT-1.5.5-1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    const packet = v5.publish({ topic, payload: 'x'.repeat(length - topic.length - 3) })
    equal(packet.length, 1 + varint(length).length + length)
    writer.send(packet)
    await reader.expectBytes(packet)
  })
}

test('a Remaining Length of four bytes goes through and back [MQTT-1.5.5-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const packet = v5.publish({ topic, payload: 'x'.repeat(2_097_152 - topic.length - 3) })
  deepEqual(packet.subarray(1, 5), hex`80 80 80 01`)
  writer.send(packet)
  await reader.expectBytes(packet)
})

for (const length of [127, 128, 16_383, 16_384]) {
  test(`a Property Length of ${length} is sent in the fewest bytes [MQTT-1.5.5-1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    const packet = v5.publish({ topic, properties: { contentType: 'x'.repeat(length - 3) } })
    writer.send(packet)
    await reader.expectBytes(packet)
  })
}

for (const identifier of [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
  test(`the Subscription Identifier ${identifier} is sent in the fewest bytes [MQTT-1.5.5-1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    reader.send(v5.subscribe({ id: 9, filters: [topic], properties: { subscriptionIdentifier: identifier } }))
    await reader.expect('suback', { id: 9, codes: [0] })
    const writer = await broker.connect(v5)
    writer.send(v5.publish({ topic, payload: 'x' }))
    await reader.expectBytes(v5.publish({ topic, payload: 'x', properties: { subscriptionIdentifier: identifier } }))
  })
}

const overlong = {
  'the Remaining Length of PUBLISH': v5.publish({ topic: 'a', remainingLength: fiveBytesOfZero }),
  'a huge Remaining Length of PUBLISH': hex`30 ${fiveBytes}`,
  'the Remaining Length of PINGREQ': v5.pingreq({ remainingLength: fiveBytesOfZero }),
  'the Property Length of PUBLISH': v5.publish({ topic: 'a', propertyLength: fiveBytesOfZero }),
  'the Property Length of SUBSCRIBE': v5.subscribe({ filters: ['a'], propertyLength: fiveBytesOfZero }),
  'the Property Length of UNSUBSCRIBE': v5.unsubscribe({ filters: ['a'], propertyLength: fiveBytesOfZero }),
  'the Property Length of PUBACK': v5.puback(1, { properties: {}, propertyLength: fiveBytesOfZero }),
  'the Property Length of DISCONNECT': v5.disconnect({ properties: {}, propertyLength: fiveBytesOfZero }),
  'the Subscription Identifier of SUBSCRIBE': v5.subscribe({
    filters: ['a'],
    properties: hex`0b 81 80 80 80 00`,
  }),
}

for (const [field, packet] of Object.entries(overlong)) {
  test(`${field} in five bytes is a Malformed Packet [MQTT §1.5.5] [MQTT-1.5.5-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  })
}

for (const [field, packet] of Object.entries({
  'the Remaining Length': v5.connect({ clientId: 'a', remainingLength: fiveBytesOfZero }),
  'the Property Length': v5.connect({ clientId: 'a', propertyLength: fiveBytesOfZero }),
  'the Property Length of the Will': v5.connect({
    clientId: 'a',
    will: { topic: 'a', propertyLength: fiveBytesOfZero },
  }),
})) {
  test(`${field} of CONNECT in five bytes is refused [MQTT §1.5.5] [MQTT-1.5.5-1]`, async () => {
    const client = await broker.open(v5)
    client.send(packet)
    await client.expectRefused()
  })
}

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const packets = {
  PUBLISH: v5.publish({
    topic: 'some/topic',
    qos: 1,
    id: 1,
    properties: {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 60,
      responseTopic: 'r',
      correlationData: 'c',
      userProperty: [['n', 'v']],
      contentType: 't',
    },
  }),
  SUBSCRIBE: v5.subscribe({
    filters: [{ filter: 'some/filter', qos: 1 }],
    properties: { subscriptionIdentifier: 300, userProperty: [['n', 'v']] },
  }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['some/filter'], properties: { userProperty: [['n', 'v']] } }),
}

// PUBLISH may end after its properties: its payload may be empty.
for (const [name, packet] of Object.entries(packets)) {
  test(`${name} that ends inside a field is a Malformed Packet [MQTT §1.5] [MQTT §2.2.2.1]`, async () => {
    for (let size = 2; size < packet.length; size++) {
      const client = await broker.connect(v5)
      client.send(hex`${packet.subarray(0, 1)} ${size - 2} ${packet.subarray(2, size)}`)
      await client
        .expectBroken(0x81, ...emptyList(name, size))
        .catch((error: unknown) => Promise.reject(new Error(`cut to ${size} bytes`, { cause: error })))
    }
  })
}

/** Where the cut leaves a whole packet without any filter, which is a Protocol Error [MQTT-3.8.3-2], [MQTT-3.10.3-2]. */
function emptyList(name: string, size: number): number[] {
  const packet = name === 'SUBSCRIBE' ? packets.SUBSCRIBE : packets.UNSUBSCRIBE
  return name !== 'PUBLISH' && size === 5 + packet.readUInt8(4) ? [0x82] : []
}

const full = v5.connect({
  clientId: 'some-client',
  will: { topic: 'some/topic', payload: 'p', properties: { willDelayInterval: 1, contentType: 't' } },
  username: 'user',
  password: 'password',
  properties: { sessionExpiryInterval: 1, receiveMaximum: 5, userProperty: [['n', 'v']] },
})

test('CONNECT that ends inside a field is refused [MQTT §1.5] [MQTT-3.1.4-1]', async () => {
  for (let size = 2; size < full.length; size++) {
    const client = await broker.open(v5)
    client.send(hex`10 ${size - 2} ${full.subarray(2, size)}`)
    await client
      .expectRefused()
      .catch((error: unknown) => Promise.reject(new Error(`cut to ${size} bytes`, { cause: error })))
  }
})

test('CONNECT with all these fields is accepted [MQTT-3.1.4-5]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(full)
  await client.expect('connack', { code: 0 })
  client.send(v5.disconnect())
  await client.expectClosed()
})

const surplus = {
  SUBSCRIBE: v5.subscribe({ filters: ['a'], trailing: hex`00` }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['a'], trailing: hex`00` }),
  PUBACK: v5.puback(1, { reason: 0, properties: {}, trailing: hex`00` }),
  PUBREL: v5.pubrel(1, { reason: 0, properties: {}, trailing: hex`00` }),
  PINGREQ: v5.pingreq({ trailing: hex`00` }),
  DISCONNECT: v5.disconnect({ reason: 0, properties: {}, trailing: hex`00` }),
}

for (const [name, packet] of Object.entries(surplus)) {
  test(`${name} with bytes after its last field is a Malformed Packet [MQTT §2.1.4]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  })
}

test('a Property Length that passes the end of the packet is a Malformed Packet [MQTT §2.2.2.1]', async () => {
  for (const packet of [
    v5.publish({ topic: fresh(), propertyLength: 1 }),
    v5.subscribe({ filters: [], propertyLength: 1 }),
    v5.unsubscribe({ filters: [], propertyLength: 1 }),
    v5.puback(1, { properties: {}, propertyLength: 1 }),
    v5.disconnect({ properties: {}, propertyLength: 1 }),
  ]) {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  }
})

test('a property that passes the Property Length is a Malformed Packet [MQTT §2.2.2.1]', async () => {
  for (const packet of [
    v5.publish({
      topic: fresh(),
      payload: 'long enough to go on',
      properties: { contentType: 'text' },
      propertyLength: 3,
    }),
    v5.publish({ topic: fresh(), payload: 'abcdefgh', properties: hex`02`, propertyLength: 1 }),
    v5.subscribe({ filters: ['abcdefgh'], properties: hex`26 00 01 61` }),
    v5.unsubscribe({ filters: ['abcdefgh'], properties: hex`26 00 01 61` }),
  ]) {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  }
})

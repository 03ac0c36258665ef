import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { allProperties, clientPackets } from './client-packets.ts'

const broker = useTarget()

for (const { name, section, allowed, build } of clientPackets) {
  for (const [property, value] of allProperties()) {
    if (allowed.includes(property)) continue
    test(`${name} with ${property} is malformed [MQTT §2.2.2.2] [MQTT §${section}]`, async () => {
      const client = await broker.connect(v5)
      client.send(build({ properties: [[property, value]] }))
      await client.expectDisconnect(0x81)
    })
  }

  for (const unknown of [hex`00`, hex`04 00`, hex`2b 00`, hex`7f 00`, hex`80 01 00`, hex`ff ff ff 7f 00`]) {
    test(`${name} with the unknown property ${unknown.toString('hex')} is malformed [MQTT §2.2.2.2]`, async () => {
      const client = await broker.connect(v5)
      client.send(build({ properties: unknown }))
      await client.expectDisconnect(0x81)
    })
  }

  test(`${name} with a good property before one out of place is malformed [MQTT §2.2.2.2]`, async () => {
    const client = await broker.connect(v5)
    const properties = [
      ['userProperty', [['name', 'value']]],
      ['topicAlias', 1],
    ] as const
    client.send(build({ properties }))
    await client.expectDisconnect(0x81)
  })
}

test('SUBSCRIBE takes a Subscription Identifier and User Properties, a name twice too [MQTT §3.8.2.1]', async () => {
  const client = await broker.connect(v5)
  const properties = { subscriptionIdentifier: 5, userProperty: [...pairs, ...pairs] }
  client.send(v5.subscribe({ id: 9, filters: [fresh()], properties }))
  await client.expect('suback', { id: 9, codes: [0] })
})

test('UNSUBSCRIBE takes User Properties, a name twice too [MQTT §3.10.2.1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.unsubscribe({ id: 9, filters: [fresh()], properties: { userProperty: [...pairs, ...pairs] } }))
  await client.expect('unsuback', { id: 9, codes: [0x11] })
})

test('DISCONNECT takes Session Expiry Interval, Reason String and User Properties [MQTT §3.14.2.2]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5, { will: { topic } })
  const properties = { sessionExpiryInterval: 0, reasonString: 'done', userProperty: [...pairs, ...pairs] }
  client.send(v5.disconnect({ reason: 0, properties }))
  await client.expectClosed()
  await reader.expectNoMore()
})

const pairs = [
  ['name', 'value'],
  ['name', 'other value'],
  ['', ''],
] as const

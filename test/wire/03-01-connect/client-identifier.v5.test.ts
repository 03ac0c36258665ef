import { equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ settings: { maximumClientIdBytes: 30 } })

test('every Client Identifier of 1 to 23 letters and digits is accepted [MQTT-3.1.3-5]', async () => {
  const characters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  for (let length = 1; length <= 23; length++) {
    const client = await broker.connect(v5, { clientId: characters.slice(-length) })
    await client.disconnect()
  }
  for (let start = 0; start < characters.length; start += 20) {
    const client = await broker.connect(v5, { clientId: characters.slice(start, start + 20) })
    await client.disconnect()
  }
})

test('the Client Identifier a client brings is not replaced [MQTT-3.1.3-5] [MQTT §3.2.2.3.7]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh() }))
  await client.expect('connack', { code: 0, properties: { assignedClientIdentifier: undefined } })
})

async function assigned(fields: { clean: boolean }): Promise<string> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: '', properties: { sessionExpiryInterval: 60 }, ...fields }))
  const { properties } = await client.expect('connack', { code: 0, sessionPresent: false })
  notEqual(properties.assignedClientIdentifier ?? '', '')
  await client.expectNoMore()
  return properties.assignedClientIdentifier ?? ''
}

for (const clean of [true, false]) {
  test(`a client without identifier gets one of its own, with Clean Start ${clean ? 1 : 0} [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]`, async () => {
    const identifiers = new Set<string>()
    for (let count = 0; count < 20; count++) identifiers.add(await assigned({ clean }))
    equal(identifiers.size, 20)
  })

  test(`the assigned identifier leads back to the session begun with Clean Start ${clean ? 1 : 0} [MQTT-3.1.3-7]`, async () => {
    const topic = fresh()
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: '', clean, properties: { sessionExpiryInterval: 60 } }))
    const { properties } = await client.expect('connack', { code: 0 })
    await client.subscribe(topic)
    await client.disconnect()
    const again = await broker.open(v5)
    again.send(v5.connect({ clientId: properties.assignedClientIdentifier ?? '', clean: false }))
    await again.expect('connack', { sessionPresent: true, properties: { assignedClientIdentifier: undefined } })
    const writer = await broker.connect(v5)
    writer.send(v5.publish({ topic, payload: 'x' }))
    await again.expect('publish', { payload: 'x' })
  })
}

test('the assigned identifier is not that of a stored session either [MQTT-3.2.2-16]', async () => {
  const first = await assigned({ clean: true })
  broker.dropClients()
  const second = await assigned({ clean: true })
  notEqual(second, first)
})

test('taking over an assigned identifier disconnects its client [MQTT-3.1.3-7] [MQTT-3.1.4-3]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: '' }))
  const { properties } = await client.expect('connack', { code: 0 })
  await broker.connect(v5, { clientId: properties.assignedClientIdentifier ?? '' })
  await client.expectBroken(0x8e)
})

test(
  'a Client Identifier over the limit is refused with 0x85, one at the limit is accepted [MQTT-3.1.3-8]',
  broker.ours,
  async () => {
    await broker.connect(v5, { clientId: 'x'.repeat(30) })
    for (const clientId of ['x'.repeat(31), '€'.repeat(11), 'x'.repeat(65_535)]) {
      const client = await broker.open(v5)
      client.send(v5.connect({ clientId }))
      await client.expectRefused(0x85)
    }
  },
)

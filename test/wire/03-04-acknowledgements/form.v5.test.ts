import { test } from 'node:test'
import { hex, u16 } from '../../kit/bytes.ts'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const properties = {
  reasonString: 'it is so',
  userProperty: [
    ['a', 'b'],
    ['a', 'c'],
    ['', ''],
  ],
} as const
const persistent = { properties: { sessionExpiryInterval: 60 } }

async function receiver(qos: number) {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, ...persistent })
  await client.subscribe({ filter: topic, qos })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x', qos })
  const { id } = await client.expect('publish', { topic, qos })
  return { client, clientId, id }
}

const forms = [
  ['without code', {}],
  ['with code and no Property Length', { reason: 0 }],
  ['with code and no property', { reason: 0, properties: {} }],
  ['with Reason String and User Properties', { reason: 0, properties }],
] as const

for (const [form, fields] of forms) {
  test(`PUBACK ${form} ends the delivery [MQTT §3.4.2.1] [MQTT §3.4.2.2]`, async () => {
    const { client, clientId, id } = await receiver(1)
    client.send(v5.puback(id, fields))
    await client.expectNoMore()
    await client.end()
    const again = await broker.resume(v5, { clientId, ...persistent })
    await again.expectNoMore()
  })

  test(`PUBREC and PUBCOMP ${form} end the delivery [MQTT §3.5.2.1] [MQTT §3.7.2.1]`, async () => {
    const { client, clientId, id } = await receiver(2)
    client.send(v5.pubrec(id, fields))
    await client.expect('pubrel', { id, code: 0 })
    client.send(v5.pubcomp(id, fields))
    await client.expectNoMore()
    await client.end()
    const again = await broker.resume(v5, { clientId, ...persistent })
    await again.expectNoMore()
  })

  test(`PUBREL ${form} is answered by PUBCOMP [MQTT §3.6.2.1] [MQTT §3.6.2.2]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), qos: 2, id: 5 }))
    await client.expect('pubrec', { id: 5 })
    client.send(v5.pubrel(5, fields))
    await client.expect('pubcomp', { id: 5, code: 0 })
    await client.expectNoMore()
  })
}

for (let flags = 0; flags < 16; flags++) {
  if (flags === 2) continue
  test(`PUBREL with flags ${flags} instead of 2 is malformed [MQTT-3.6.1-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), qos: 2, id: 5 }))
    await client.expect('pubrec', { id: 5 })
    client.send(v5.pubrel(5, { header: 0x60 | flags }))
    await client.expectDisconnect(0x81)
  })
}

for (const [name, header] of [
  ['PUBACK', 0x40],
  ['PUBREC', 0x50],
  ['PUBCOMP', 0x70],
] as const) {
  for (const flags of [1, 2, 4, 8, 15]) {
    test(`${name} with flags ${flags} instead of 0 is malformed [MQTT-2.1.3-1]`, async () => {
      const client = await broker.connect(v5)
      client.send(v5.puback(5, { header: header | flags }))
      await client.expectDisconnect(0x81)
    })
  }
}

for (const [name, header] of [
  ['PUBACK', 0x40],
  ['PUBREC', 0x50],
  ['PUBREL', 0x62],
  ['PUBCOMP', 0x70],
] as const) {
  test(`${name} too short for its identifier is malformed [MQTT §4.13.1]`, async () => {
    for (const body of [hex``, hex`05`]) {
      const client = await broker.connect(v5)
      client.send(hex`${header} ${body.length} ${body}`)
      await client.expectDisconnect(0x81)
    }
  })

  test(`${name} with the identifier 0 is refused [MQTT §2.2.1]`, async () => {
    const client = await broker.connect(v5)
    client.send(hex`${header} 02 ${u16(0)}`)
    await client.expectDisconnect(0x81, 0x82)
  })
}

test('the server answers PUBREL with flags 2 to PUBREC [MQTT-3.6.1-1]', async () => {
  const { client, id } = await receiver(2)
  client.send(v5.pubrec(id))
  await client.expectBytes(hex`62 02 ${u16(id)}`)
})

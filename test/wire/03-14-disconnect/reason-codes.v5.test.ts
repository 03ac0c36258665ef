import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const text = (code: number) => `0x${code.toString(16).padStart(2, '0')}`

/** A client with a Will and somebody who would get it. */
async function mortal() {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 1 })
  const client = await broker.connect(v5, { will: { topic, payload: 'gone', qos: 1 } })
  return { client, reader, topic }
}

for (const [form, fields] of [
  ['without code', {}],
  ['with code 0x00 and no Property Length', { reason: 0 }],
  ['with code 0x00 and no property', { reason: 0, properties: {} }],
] as const) {
  test(`DISCONNECT ${form} discards the Will [MQTT-3.14.4-3] [MQTT-3.14.2-1]`, async () => {
    const { client, reader, topic } = await mortal()
    client.send(v5.disconnect(fields))
    await client.expectClosed()
    await reader.expectNoMore()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, payload: 'other' })
    await receive(reader, { payload: 'other' })
  })
}

for (const code of [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]) {
  test(`DISCONNECT ${text(code)} of a client leaves the Will to be published [MQTT-3.14.2-1] [MQTT-3.14.4-3]`, async () => {
    const { client, reader } = await mortal()
    client.send(v5.disconnect({ reason: code }))
    await client.expectClosed()
    await receive(reader, { payload: 'gone', qos: 1 })
    await reader.expectNoMore()
  })
}

const notOfClients = [
  0x01, 0x02, 0x10, 0x18, 0x19, 0x7f, 0x84, 0x86, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x9d, 0xa2, 0xff,
]
for (const code of notOfClients) {
  test(`DISCONNECT ${text(code)} is no code of clients: refused, and the Will is published [MQTT-3.14.2-1]`, async () => {
    const { client, reader } = await mortal()
    client.send(v5.disconnect({ reason: code }))
    await client.expectDisconnect(0x81, 0x82)
    await receive(reader, { payload: 'gone' })
  })
}

for (let flags = 1; flags < 16; flags++) {
  test(`DISCONNECT with flags ${flags} is malformed, and the Will is published [MQTT-3.14.1-1]`, async () => {
    const { client, reader } = await mortal()
    client.send(v5.disconnect({ header: 0xe0 | flags }))
    await client.expectDisconnect(0x81)
    await receive(reader, { payload: 'gone' })
  })
}

test('a client whose session is taken over is told 0x8E [MQTT-3.14.2-1] [MQTT-3.14.2-2]', async () => {
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 60 }
  const client = await broker.connect(v5, { clientId, properties })
  await broker.resume(v5, { clientId, properties })
  const { properties: told } = await client.expectDisconnect(0x8e)
  if (told.sessionExpiryInterval !== undefined) throw new Error('DISCONNECT of a server with Session Expiry Interval')
})

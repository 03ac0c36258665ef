import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const failures = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const wrong = [0x01, 0x02, 0x11, 0x18, 0x7f, 0x81, 0x82, 0x85, 0x8f, 0x92, 0x95, 0x9b, 0xa2, 0xff]
const persistent = { properties: { sessionExpiryInterval: 60 } }

/** A client with one message of this QoS sent to it and not acknowledged. */
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

const text = (code: number) => `0x${code.toString(16).padStart(2, '0')}`

for (const code of [0x00, ...failures]) {
  test(`PUBACK ${text(code)} of a client ends the delivery [MQTT-3.4.2-1]`, async () => {
    const { client, clientId, id } = await receiver(1)
    client.send(v5.puback(id, { reason: code }))
    await client.expectNoMore()
    await client.end()
    const again = await broker.resume(v5, { clientId, ...persistent })
    await again.expectNoMore()
  })
}

for (const code of failures) {
  test(`PUBREC ${text(code)} of a client ends the delivery, without PUBREL [MQTT-3.5.2-1]`, async () => {
    const { client, clientId, id } = await receiver(2)
    client.send(v5.pubrec(id, { reason: code }))
    await client.expectNoMore()
    await client.end()
    const again = await broker.resume(v5, { clientId, ...persistent })
    await again.expectNoMore()
  })
}

for (const code of wrong) {
  test(`PUBACK ${text(code)} is refused, for the code is not one of PUBACK [MQTT-3.4.2-1]`, async () => {
    const { client, id } = await receiver(1)
    client.send(v5.puback(id, { reason: code }))
    await client.expectDisconnect(0x81, 0x82)
  })

  test(`PUBREC ${text(code)} is refused, for the code is not one of PUBREC [MQTT-3.5.2-1]`, async () => {
    const { client, id } = await receiver(2)
    client.send(v5.pubrec(id, { reason: code }))
    await client.expectDisconnect(0x81, 0x82)
  })
}

for (const code of [0x00, 0x92]) {
  test(`PUBREL ${text(code)} of a client is answered by PUBCOMP [MQTT-3.6.2-1] [MQTT-3.7.2-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), qos: 2, id: 5 }))
    await client.expect('pubrec', { id: 5 })
    client.send(v5.pubrel(5, { reason: code }))
    await client.expect('pubcomp', { id: 5, code: 0 })
    await client.expectNoMore()
  })

  test(`PUBCOMP ${text(code)} of a client ends the delivery [MQTT-3.7.2-1] [MQTT-3.6.2-1]`, async () => {
    const { client, clientId, id } = await receiver(2)
    client.send(v5.pubrec(id))
    await client.expect('pubrel', { id, code: 0 })
    client.send(v5.pubcomp(id, { reason: code }))
    await client.expectNoMore()
    await client.end()
    const again = await broker.resume(v5, { clientId, ...persistent })
    await again.expectNoMore()
  })
}

for (const code of [0x01, 0x10, 0x18, 0x80, 0x87, 0x91, 0x97, 0xff]) {
  test(`PUBREL ${text(code)} is refused, for the code is not one of PUBREL [MQTT-3.6.2-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: fresh(), qos: 2, id: 5 }))
    await client.expect('pubrec', { id: 5 })
    client.send(v5.pubrel(5, { reason: code }))
    await client.expectDisconnect(0x81, 0x82)
  })

  test(`PUBCOMP ${text(code)} is refused, for the code is not one of PUBCOMP [MQTT-3.7.2-1]`, async () => {
    const { client, id } = await receiver(2)
    client.send(v5.pubrec(id))
    await client.expect('pubrel', { id })
    client.send(v5.pubcomp(id, { reason: code }))
    await client.expectDisconnect(0x81, 0x82)
  })
}

test('PUBREL with an unknown identifier is answered by PUBCOMP 0x92 [MQTT-3.7.2-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.pubrel(77))
  await client.expect('pubcomp', { id: 77, code: 0x92 })
  await client.expectNoMore()
})

test('PUBREC with an unknown identifier is answered by PUBREL 0x92 [MQTT-3.6.2-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.pubrec(77))
  await client.expect('pubrel', { id: 77, code: 0x92 })
  client.send(v5.pubcomp(77, { reason: 0x92 }))
  await client.expectNoMore()
})

test('an accepted message is acknowledged with code 0x00 [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic, qos: 1, id: 5 }), v5.publish({ topic, qos: 2, id: 6 }))
  await client.expect('puback', { id: 5, code: 0 })
  await client.expect('pubrec', { id: 6, code: 0 })
})

test('a message for nobody is acknowledged with code 0x10 [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic: fresh(), qos: 1, id: 5 }), v5.publish({ topic: fresh(), qos: 2, id: 6 }))
  await client.expect('puback', { id: 5, code: 0x10 })
  await client.expect('pubrec', { id: 6, code: 0x10 })
  client.send(v5.pubrel(6))
  await client.expect('pubcomp', { id: 6, code: 0 })
})

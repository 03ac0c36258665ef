import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

/** A client that allows so many, with `sent` messages published for it. */
async function waiting(receiveMaximum: number, qos: number, sent = 12) {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties: { receiveMaximum, sessionExpiryInterval: 60 } })
  await client.subscribe({ filter: topic, qos })
  const writer = await broker.connect(v5)
  for (let index = 0; index < sent; index++) await publish(writer, { topic, qos, payload: `${index}` })
  return { client, clientId, topic, writer }
}

for (const qos of [1, 2]) {
  for (const receiveMaximum of [1, 2, 5]) {
    test(`${receiveMaximum} QoS ${qos} messages are sent at first, and no more [MQTT-4.9.0-1] [MQTT-4.9.0-2]`, async () => {
      const { client } = await waiting(receiveMaximum, qos)
      equal((await client.drain()).length, receiveMaximum)
      await client.expectNoMore()
    })
  }

  test(`without Receive Maximum 12 QoS ${qos} messages are sent at once [MQTT-4.9.0-1]`, async () => {
    const { client } = await waiting(65_535, qos)
    equal((await client.drain()).length, 12)
  })
}

test('each PUBACK lets one more through, failure or not [MQTT-4.9.0-2]', async () => {
  const { client } = await waiting(2, 1)
  const ids = [await client.expect('publish', { payload: '0' }), await client.expect('publish', { payload: '1' })].map(
    ({ id }) => id,
  )
  for (let index = 2; index < 12; index++) {
    await client.expectNoMore()
    client.send(v5.puback(ids[index - 2] ?? 0, { reason: index % 2 === 0 ? 0 : 0x80 }))
    ids.push((await client.expect('publish', { payload: `${index}` })).id)
  }
})

test('PUBREC does not let another through, PUBCOMP does [MQTT-4.9.0-2]', async () => {
  const { client } = await waiting(1, 2)
  for (let index = 0; index < 4; index++) {
    const { id } = await client.expect('publish', { payload: `${index}` })
    client.send(v5.pubrec(id))
    await client.expect('pubrel', { id })
    await client.expectNoMore()
    client.send(v5.pubcomp(id))
  }
  await client.expect('publish', { payload: '4' })
})

for (const reason of [0x80, 0x97]) {
  test(`PUBREC 0x${reason.toString(16)} lets another through [MQTT-4.9.0-2]`, async () => {
    const { client } = await waiting(1, 2)
    for (let index = 0; index < 4; index++) {
      const { id } = await client.expect('publish', { payload: `${index}` })
      await client.expectNoMore()
      client.send(v5.pubrec(id, { reason }))
    }
    await client.expect('publish', { payload: '4' })
    await client.expectNoMore()
  })
}

test('surplus acknowledgements do not raise the quota [MQTT-4.9.0-2]', async () => {
  const { client, topic, writer } = await waiting(2, 1, 2)
  const first = await client.expect('publish')
  const second = await client.expect('publish')
  client.send(v5.puback(first.id), v5.puback(first.id), v5.puback(second.id), v5.puback(second.id), v5.puback(999))
  await client.expectNoMore()
  for (let index = 0; index < 6; index++) await publish(writer, { topic, qos: 1 })
  equal((await client.drain()).length, 2)
})

test('surplus PUBCOMPs do not raise the quota [MQTT-4.9.0-2]', async () => {
  const { client, topic, writer } = await waiting(1, 2, 1)
  await receive(client, { payload: '0' })
  for (const id of [1, 2, 500]) client.send(v5.pubcomp(id))
  await client.expectNoMore()
  for (let index = 0; index < 6; index++) await publish(writer, { topic, qos: 2 })
  equal((await client.drain()).length, 1)
})

test('a quota used up holds no other packet [MQTT-4.9.0-3]', async () => {
  const { client, topic, writer } = await waiting(1, 2)
  const { id } = await client.expect('publish', { payload: '0' })
  await client.expectNoMore()
  const other = fresh()
  await client.subscribe({ filter: other, qos: 0 })
  await publish(writer, { topic: other, payload: 'QoS 0' })
  await receive(client, { topic: other, payload: 'QoS 0', qos: 0 })
  client.send(v5.publish({ topic: fresh(), qos: 1, id: 40 }))
  await client.expect('puback', { id: 40 })
  client.send(v5.publish({ topic: fresh(), qos: 2, id: 41 }))
  await client.expect('pubrec', { id: 41 })
  client.send(v5.pubrel(41))
  await client.expect('pubcomp', { id: 41, code: 0 })
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id })
  client.send(v5.unsubscribe({ id: 42, filters: [other, topic] }))
  await client.expect('unsuback', { id: 42, codes: [0, 0] })
  await client.expectNoMore()
})

test('the quota is that of the new connection, not of the last [MQTT §4.9] [MQTT-4.9.0-1]', async () => {
  const { client, clientId } = await waiting(2, 1)
  equal((await client.drain()).length, 2)
  await client.end()
  const more = await broker.resume(v5, { clientId, properties: { receiveMaximum: 5, sessionExpiryInterval: 60 } })
  equal((await more.drain()).length, 5)
  await more.end()
  const fewer = await broker.resume(v5, { clientId, properties: { receiveMaximum: 3, sessionExpiryInterval: 60 } })
  equal((await fewer.drain()).length, 3)
})

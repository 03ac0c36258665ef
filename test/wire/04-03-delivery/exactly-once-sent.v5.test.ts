import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })
const properties = { sessionExpiryInterval: 60 }

async function receiver(messageExpiryInterval?: number) {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  const expiry = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
  await publish(writer, { topic, qos: 2, payload: 'x', properties: expiry })
  const { id } = await client.expect('publish', { topic, qos: 2, payload: 'x', dup: false })
  return { client, clientId, id, writer, topic }
}

test('PUBLISH is unacknowledged until its own PUBREC [MQTT-4.3.3-3]', async () => {
  const { client, clientId, id, writer, topic } = await receiver()
  await publish(writer, { topic, qos: 2, payload: 'y' })
  const other = await client.expect('publish', { payload: 'y' })
  client.send(v5.pubrec(other.id))
  await client.expect('pubrel', { id: other.id })
  client.send(v5.pubcomp(other.id))
  await client.expectNoMore()
  await client.end()
  const again = await broker.resume(v5, { clientId, properties })
  await receive(again, { id, payload: 'x', dup: true, qos: 2 })
  await again.expectNoMore()
})

test('PUBREC is answered by PUBREL with its identifier [MQTT-4.3.3-4]', async () => {
  const { client, id } = await receiver()
  client.send(v5.pubrec(id, { reason: 0 }))
  await client.expect('pubrel', { id, code: 0 })
  client.send(v5.pubcomp(id))
  await client.expectNoMore()
})

test('PUBREC 0x10 is answered by PUBREL, for it is no failure [MQTT-4.3.3-4]', async () => {
  const { client, id } = await receiver()
  client.send(v5.pubrec(id, { reason: 0x10 }))
  await client.expect('pubrel', { id, code: 0 })
})

for (const reason of [0x80, 0x83, 0x87, 0x97, 0x99]) {
  test(`PUBREC 0x${reason.toString(16)} is not answered by PUBREL, and frees the identifier [MQTT-4.3.3-4]`, async () => {
    const { client, clientId, id, writer, topic } = await receiver()
    client.send(v5.pubrec(id, { reason }))
    await client.expectNoMore()
    await publish(writer, { topic, qos: 2, payload: 'next' })
    await receive(client, { payload: 'next', dup: false })
    await client.end()
    const again = await broker.resume(v5, { clientId, properties })
    await again.expectNoMore()
  })
}

test('PUBREL is unacknowledged until its PUBCOMP, and PUBLISH is not sent again after it [MQTT-4.3.3-5] [MQTT-4.3.3-6]', async () => {
  const { client, clientId, id } = await receiver()
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id, code: 0 })
  await client.end()
  for (let round = 0; round < 3; round++) {
    const again = await broker.resume(v5, { clientId, properties })
    await again.expect('pubrel', { id, code: 0 })
    await again.expectNoMore()
    await again.end()
  }
  const last = await broker.resume(v5, { clientId, properties })
  await last.expect('pubrel', { id, code: 0 })
  last.send(v5.pubcomp(id))
  await last.expectNoMore()
  await last.end()
  const done = await broker.resume(v5, { clientId, properties })
  await done.expectNoMore()
})

test('PUBCOMP of another identifier acknowledges nothing [MQTT-4.3.3-5]', async () => {
  const { client, clientId, id } = await receiver()
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id })
  client.send(v5.pubcomp(id === 1 ? 2 : id - 1))
  await client.drain()
  await client.end()
  const again = await broker.resume(v5, { clientId, properties })
  await again.expect('pubrel', { id, code: 0 })
})

test('a message once sent is sent again though it has expired since [MQTT-4.3.3-7]', async () => {
  const { client, clientId, id } = await receiver(1)
  await client.end()
  await broker.elapse(3_000)
  const again = await broker.resume(v5, { clientId, properties })
  await receive(again, { id, payload: 'x', dup: true, qos: 2 })
  await again.expectNoMore()
})

test('PUBREL is sent again though its message has expired since [MQTT-4.3.3-7]', async () => {
  const { client, clientId, id } = await receiver(1)
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id })
  await client.end()
  await broker.elapse(3_000)
  const again = await broker.resume(v5, { clientId, properties })
  await again.expect('pubrel', { id, code: 0 })
})

test('a message never sent is gone once it has expired [MQTT-4.3.3-7]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 2 })
  await client.end()
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, payload: 'short', properties: { messageExpiryInterval: 1 } })
  await publish(writer, { topic, qos: 2, payload: 'long', properties: { messageExpiryInterval: 50 } })
  await broker.elapse(3_000)
  const again = await broker.resume(v5, { clientId, properties })
  await receive(again, { payload: 'long', dup: false, qos: 2 })
  await again.expectNoMore()
})

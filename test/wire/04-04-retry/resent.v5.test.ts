import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })
const properties = { sessionExpiryInterval: 600 }

/** A client with unacknowledged messages: `a` of QoS 1, `b` of QoS 2, `c` of QoS 2 as far as PUBREL. */
async function laden() {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  const ids: number[] = []
  for (const [payload, qos] of [['a', 1] as const, ['b', 2] as const, ['c', 2] as const]) {
    await publish(writer, { topic, qos, payload })
    ids.push((await client.expect('publish', { payload, qos, dup: false })).id)
  }
  const [a = 0, b = 0, c = 0] = ids
  client.send(v5.pubrec(c))
  await client.expect('pubrel', { id: c })
  return { client, clientId, topic, writer, a, b, c }
}

test('unacknowledged PUBLISH and PUBREL are sent again when the session is resumed [MQTT-4.4.0-1]', async () => {
  const { client, clientId, a, b, c } = await laden()
  await client.end()
  for (let round = 0; round < 2; round++) {
    const again = await broker.resume(v5, { clientId, properties })
    const packets = await again.drain()
    equal(packets.length, 3)
    const publishes = packets.filter((packet) => packet.type === 'publish')
    deepEqual(
      publishes.map(({ id, qos, dup, payload }) => [id, qos, dup, payload.toString()]),
      [
        [a, 1, true, 'a'],
        [b, 2, true, 'b'],
      ],
    )
    deepEqual(
      packets.flatMap((packet) => (packet.type === 'pubrel' ? [packet.id] : [])),
      [c],
    )
    await again.end()
  }
})

test('they are sent again when the session is taken over [MQTT-4.4.0-1]', async () => {
  const { clientId } = await laden()
  const again = await broker.resume(v5, { clientId, properties })
  equal((await again.drain()).length, 3)
})

test('nothing is sent again on an open connection, however long it takes [MQTT-4.4.0-1]', async () => {
  const { client } = await laden()
  await client.expectNoMore()
  await broker.elapse(3_500)
  await client.expectNoMore()
})

test(
  'nothing is sent again on an open connection within ten minutes [MQTT-4.4.0-1]',
  broker.takes(600_000),
  async () => {
    const { client } = await laden()
    for (let minute = 0; minute < 10; minute++) {
      await broker.elapse(60_000)
      await client.expectNoMore()
    }
  },
)

test('nothing is sent again on an open connection because of other packets [MQTT-4.4.0-1]', async () => {
  const { client, topic, writer } = await laden()
  await client.subscribe({ filter: topic, qos: 2 })
  await publish(writer, { topic, qos: 1, payload: 'new' })
  await receive(client, { payload: 'new', dup: false })
  await client.expectNoMore()
})

test('nothing is sent again to a client that starts clean [MQTT-4.4.0-1]', async () => {
  const { client, clientId } = await laden()
  await client.end()
  const again = await broker.open(v5)
  again.send(v5.connect({ clientId, clean: true, properties }))
  await again.expect('connack', { code: 0, sessionPresent: false })
  await again.expectNoMore()
})

test('acknowledgements after resuming end the deliveries [MQTT-4.4.0-1]', async () => {
  const { client, clientId, a, b, c } = await laden()
  await client.end()
  const again = await broker.resume(v5, { clientId, properties })
  await again.drain()
  again.send(v5.puback(a), v5.pubcomp(c), v5.pubrec(b))
  await again.expect('pubrel', { id: b })
  again.send(v5.pubcomp(b))
  await again.expectNoMore()
  await again.end()
  const last = await broker.resume(v5, { clientId, properties })
  await last.expectNoMore()
})

test('a QoS 0 message is never sent again [MQTT-4.4.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties })
  await client.subscribe({ filter: topic, qos: 0 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  await client.expect('publish', { payload: 'x', qos: 0 })
  await client.end()
  const again = await broker.resume(v5, { clientId, properties })
  await again.expectNoMore()
})

for (const [name, qos] of [
  ['PUBACK', 1],
  ['PUBREC', 2],
] as const) {
  for (const reason of [0x80, 0x83, 0x87, 0x90, 0x97, 0x99]) {
    test(`${name} 0x${reason.toString(16)} acknowledges: it is not sent again [MQTT-4.4.0-2]`, async () => {
      const topic = fresh()
      const clientId = fresh()
      const client = await broker.connect(v5, { clientId, properties })
      await client.subscribe({ filter: topic, qos })
      const writer = await broker.connect(v5)
      for (const payload of ['refused', 'held']) await publish(writer, { topic, qos, payload })
      const { id } = await client.expect('publish', { payload: 'refused' })
      await client.expect('publish', { payload: 'held' })
      client.send(qos === 1 ? v5.puback(id, { reason }) : v5.pubrec(id, { reason }))
      await client.expectNoMore()
      await client.end()
      const again = await broker.resume(v5, { clientId, properties })
      await receive(again, { payload: 'held', dup: true })
      await again.expectNoMore()
    })
  }
}

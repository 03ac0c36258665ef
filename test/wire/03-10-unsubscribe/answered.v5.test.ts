import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const id of [1, 0x00ff, 0x0100, 0x1234, 0xffff]) {
  test(`UNSUBSCRIBE ${id} is answered by UNSUBACK ${id} [MQTT-3.10.4-4] [MQTT-3.10.4-5]`, async () => {
    const topic = fresh()
    const client = await broker.connect(v5)
    await client.subscribe(topic)
    client.send(v5.unsubscribe({ id, filters: [topic] }))
    await client.expect('unsuback', { id, codes: [0] })
    await client.expectNoMore()
  })
}

test('UNSUBSCRIBE of a filter not subscribed to is answered with 0x11 [MQTT-3.10.4-5] [MQTT-3.11.3-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  client.send(v5.unsubscribe({ id: 7, filters: [topic] }))
  await client.expect('unsuback', { id: 7, codes: [0x11] })
  await client.subscribe(topic)
  client.send(v5.unsubscribe({ id: 8, filters: [topic] }), v5.unsubscribe({ id: 9, filters: [topic] }))
  await client.expect('unsuback', { id: 8, codes: [0] })
  await client.expect('unsuback', { id: 9, codes: [0x11] })
})

test('several filters are several UNSUBSCRIBEs with one UNSUBACK [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(`${topic}/a`, `${topic}/b`, `${topic}/c`)
  client.send(v5.unsubscribe({ id: 7, filters: [`${topic}/x`, `${topic}/a`, `${topic}/y`, `${topic}/c`] }))
  await client.expect('unsuback', { id: 7, codes: [0x11, 0, 0x11, 0] })
  const writer = await broker.connect(v5)
  for (const level of ['a', 'b', 'c']) await publish(writer, { topic: `${topic}/${level}` })
  await receive(client, { topic: `${topic}/b` })
  await client.expectNoMore()
})

test('one filter twice in an UNSUBSCRIBE is there once [MQTT-3.10.4-6] [MQTT-3.11.3-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  client.send(v5.unsubscribe({ id: 7, filters: [topic, topic] }))
  await client.expect('unsuback', { id: 7, codes: [0, 0x11] })
})

test('UNSUBSCRIBE of another client leaves the subscription [MQTT-3.10.4-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  const other = await broker.connect(v5)
  other.send(v5.unsubscribe({ id: 7, filters: [topic] }))
  await other.expect('unsuback', { id: 7, codes: [0x11] })
  await publish(other, { topic })
  await receive(client, { topic })
})

const different: readonly (readonly [held: string, given: string])[] = [
  ['a/b', 'a/+'],
  ['a/b', '+/b'],
  ['a/b', 'a/#'],
  ['a/b', 'a/B'],
  ['a/b', 'a/b/'],
  ['a/b', '/a/b'],
  ['a/b', 'a//b'],
  ['a/b', 'a/b/#'],
  ['a/+', 'a/b'],
  ['a/#', 'a/+'],
  ['a/#', 'a/b'],
  ['$share/g/a/b', 'a/b'],
  ['$share/g/a/b', '$share/h/a/b'],
  ['$share/g/a/b', '$share/G/a/b'],
  ['a/b', '$share/g/a/b'],
]
for (const [held, given] of different) {
  test(`UNSUBSCRIBE of ${given} leaves ${held} [MQTT-3.10.4-1]`, async () => {
    const topic = fresh()
    const own = (filter: string) => filter.replace(/(^\$share\/.\/|^)(\/?)/, `$1$2${topic}/`)
    const client = await broker.connect(v5)
    await client.subscribe(own(held))
    client.send(v5.unsubscribe({ id: 7, filters: [own(given)] }))
    await client.expect('unsuback', { id: 7, codes: [0x11] })
    const writer = await broker.connect(v5)
    await publish(writer, { topic: `${topic}/a/b` })
    await receive(client, { topic: `${topic}/a/b` })
    client.send(v5.unsubscribe({ id: 8, filters: [own(held)] }))
    await client.expect('unsuback', { id: 8, codes: [0] })
    await publish(writer, { topic: `${topic}/a/b`, payload: 'late' })
    await client.expectNoMore()
  })
}

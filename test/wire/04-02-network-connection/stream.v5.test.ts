import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('packets may arrive byte by byte [MQTT-4.2.0-1]', async () => {
  const topic = fresh()
  const client = await broker.open(v5)
  const bytes = Buffer.concat([
    v5.connect({ clientId: fresh(), keepAlive: 60 }),
    v5.subscribe({ id: 3, filters: [{ filter: topic, qos: 1 }] }),
    v5.publish({ topic, qos: 1, id: 4, payload: 'slow' }),
    v5.pingreq(),
  ])
  for (const byte of bytes) {
    client.send(Buffer.from([byte]))
    await turn()
  }
  await client.expect('connack', { code: 0 })
  await client.expect('suback', { id: 3, codes: [1] })
  const packets = [await client.next(), await client.next(), await client.next()]
  equal(packets.filter((packet) => packet?.type === 'publish' && packet.payload.toString() === 'slow').length, 1)
  equal(packets.filter((packet) => packet?.type === 'puback' && packet.id === 4).length, 1)
})

test('many packets in one write are all processed, in order [MQTT-4.2.0-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 0 })
  const client = await broker.open(v5)
  const packets = Array.from({ length: 500 }, (_, index) => v5.publish({ topic, payload: `${index}` }))
  client.send(v5.connect({ clientId: fresh() }), ...packets, v5.pingreq())
  await client.expect('connack', { code: 0 })
  await client.expect('pingresp')
  for (let index = 0; index < 500; index++) await reader.expect('publish', { payload: `${index}` })
  await reader.expectNoMore()
})

test('a payload of a megabyte comes through unaltered, both ways [MQTT-4.2.0-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe({ filter: topic, qos: 1 })
  const payload = Buffer.alloc(1_048_576)
  for (let at = 0; at < payload.length; at++) payload[at] = (at * 31 + (at >> 8)) & 0xff
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 1, id: 1, payload }))
  await writer.expect('puback', { id: 1, code: 0 })
  await client.expect('publish', { topic, qos: 1, payload })
})

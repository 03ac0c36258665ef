import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketOf } from '../../kit/decode.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()
const properties = { sessionExpiryInterval: 60 }
const count = 200
const all = Array.from({ length: count }, (_, index) => `${index}`)

/** Publishes 0, 1, 2 … in one write, and finishes their handshakes. */
async function publishAll(writer: WireClient, topic: string, qos: number): Promise<void> {
  for (let start = 0; start < count; start += 20) {
    const ids = Array.from({ length: 20 }, (_, index) => start + index)
    writer.send(...ids.map((n) => v5.publish({ topic, payload: `${n}`, qos, ...(qos > 0 && { id: n + 1 }) })))
    for (const n of ids) {
      if (qos === 1) await writer.expect('puback', { id: n + 1 })
      if (qos === 2) await writer.expect('pubrec', { id: n + 1 })
    }
    if (qos < 2) continue
    writer.send(...ids.map((n) => v5.pubrel(n + 1)))
    for (const n of ids) await writer.expect('pubcomp', { id: n + 1 })
  }
  await writer.expectNoMore()
}

/** Payloads of new messages until there are `wanted`, each acknowledged by its QoS. */
async function collect(reader: WireClient, wanted: number): Promise<string[]> {
  const payloads: string[] = []
  while (payloads.length < wanted) {
    const packet = await reader.next()
    if (packet?.type === 'publish') {
      payloads.push(packet.payload.toString())
      if (packet.qos === 1) reader.send(v5.puback(packet.id))
      if (packet.qos === 2) reader.send(v5.pubrec(packet.id))
    } else if (packet?.type === 'pubrel') reader.send(v5.pubcomp(packet.id))
    else throw new Error(`${packet?.type ?? 'the end'} came among the messages`)
  }
  return payloads
}

for (const qos of [0, 1, 2]) {
  for (const receiveMaximum of [65_535, 3]) {
    test(`QoS ${qos} messages come in the order they were sent, Receive Maximum ${receiveMaximum} [MQTT-4.6.0-5] [MQTT-4.6.0-6]`, async () => {
      const topic = fresh()
      const reader = await broker.connect(v5, { properties: { receiveMaximum } })
      await reader.subscribe({ filter: topic, qos })
      const other = await broker.connect(v5, { properties: { receiveMaximum } })
      await other.subscribe({ filter: `${topic}/#`, qos })
      const writer = await broker.connect(v5)
      const published = publishAll(writer, topic, qos)
      deepEqual(await collect(reader, count), all)
      deepEqual(await collect(other, count), all)
      await published
    })
  }
}

for (const qos of [1, 2]) {
  test(`QoS ${qos} messages queued for an absent client come in order [MQTT-4.6.0-5] [MQTT-4.6.0-6]`, async () => {
    const topic = fresh()
    const clientId = fresh()
    const before = await broker.connect(v5, { clientId, properties })
    await before.subscribe({ filter: topic, qos })
    await before.end()
    await publishAll(await broker.connect(v5), topic, qos)
    const reader = await broker.resume(v5, { clientId, properties: { ...properties, receiveMaximum: 7 } })
    deepEqual(await collect(reader, count), all)
  })

  test(`QoS ${qos} messages sent again keep their order, and the rest follow [MQTT-4.6.0-5]`, async () => {
    const topic = fresh()
    const clientId = fresh()
    const limited = { clientId, properties: { ...properties, receiveMaximum: 10 } }
    const before = await broker.connect(v5, limited)
    await before.subscribe({ filter: topic, qos })
    await publishAll(await broker.connect(v5), topic, qos)
    const first = await before.drain()
    deepEqual(
      first.map((packet) => packet.type === 'publish' && packet.payload.toString()),
      all.slice(0, 10),
    )
    await before.end()
    const reader = await broker.resume(v5, limited)
    const again = await reader.drain()
    deepEqual(
      again.map((packet) => packet.type === 'publish' && [packet.dup, packet.payload.toString()]),
      all.slice(0, 10).map((payload) => [true, payload]),
    )
    for (const packet of again)
      if (packet.type === 'publish') reader.send(qos === 1 ? v5.puback(packet.id) : v5.pubrec(packet.id))
    deepEqual(await collect(reader, count - 10), all.slice(10))
  })
}

test('acknowledgements out of order do not disturb the order [MQTT-4.6.0-5]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5, { properties: { receiveMaximum: 3 } })
  await reader.subscribe({ filter: topic, qos: 1 })
  await publishAll(await broker.connect(v5), topic, 1)
  const payloads: string[] = []
  while (payloads.length < count) {
    const held: PacketOf<'publish'>[] = []
    while (held.length < 3 && payloads.length + held.length < count) held.push(await reader.expect('publish'))
    payloads.push(...held.map(({ payload }) => payload.toString()))
    for (const { id } of held.toReversed()) reader.send(v5.puback(id))
  }
  deepEqual(payloads, all)
})

test('QoS 1 PUBACKs come in the order of the messages [MQTT-4.6.0-2] [MQTT-4.6.0-3]', async () => {
  const writer = await broker.connect(v5)
  const ids = [7, 3, 9, 1, 200, 5]
  writer.send(...ids.map((id) => v5.publish({ topic: fresh(), qos: 1, id })))
  for (const id of ids) await writer.expect('puback', { id })
  writer.send(...ids.map((id) => v5.publish({ topic: fresh(), qos: 2, id })))
  for (const id of ids) await writer.expect('pubrec', { id })
  writer.send(...ids.toReversed().map((id) => v5.pubrel(id)))
  for (const id of ids.toReversed()) await writer.expect('pubcomp', { id })
})

import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('UNSUBSCRIBE is answered by UNSUBACK with its identifier, and messages stop [MQTT3-3.10.4-1] [MQTT3-3.10.4-2] [MQTT3-3.10.4-4]', async () => {
  for (const packets of [v3, v4]) {
    const topic = fresh()
    const reader = await broker.connect(packets)
    await reader.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(packets)
    await publish(writer, { topic, qos: 1, payload: 'x' })
    await receive(reader, { payload: 'x' })
    reader.send(packets.unsubscribe({ id: 0x4321, filters: [topic] }))
    await reader.expectBytes(hex`b0 02 4321`)
    for (const qos of [0, 1, 2]) await publish(writer, { topic, qos, payload: 'y' })
    await reader.expectNoMore()
  }
})

test('UNSUBACK comes also when nothing was held [MQTT3-3.10.4-5]', async () => {
  const client = await broker.connect(v4)
  client.send(v4.unsubscribe({ id: 5, filters: [fresh()] }))
  await client.expectBytes(hex`b0 02 0005`)
  client.send(v4.unsubscribe({ id: 6, filters: [fresh(), fresh()] }))
  await client.expectBytes(hex`b0 02 0006`)
})

test('only the very same filter is removed [MQTT3-3.10.4-1]', async () => {
  const root = fresh()
  const topic = `${root}/a/b`
  const writer = await broker.connect(v4)
  for (const held of [topic, `${root}/a/+`, `${root}/a/#`, `${root}/#`, `${root}/+/b`]) {
    const reader = await broker.connect(v4)
    await reader.subscribe({ filter: held, qos: 1 })
    const others = [`${root}/a/b`, `${root}/a/+`, `${root}/a/#`, `${root}/#`, `${root}/+/b`, `${root}/A/b`, `${topic}/`]
    reader.send(v4.unsubscribe({ filters: others.filter((filter) => filter !== held) }))
    await reader.expect('unsuback')
    await publish(writer, { topic, qos: 1, payload: held })
    await receive(reader, { topic, payload: held })
    reader.send(v4.unsubscribe({ filters: [held] }))
    await reader.expect('unsuback')
    await publish(writer, { topic, qos: 1, payload: held })
    await reader.expectNoMore()
  }
})

test('several filters are removed and answered by one UNSUBACK [MQTT3-3.10.4-6]', async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(`${root}/a`, `${root}/b`, `${root}/c`)
  reader.send(v4.unsubscribe({ id: 8, filters: [`${root}/a`, `${root}/none`, `${root}/c`] }))
  await reader.expectBytes(hex`b0 02 0008`)
  await reader.expectNoMore()
  const writer = await broker.connect(v4)
  for (const name of ['a', 'b', 'c']) await publish(writer, { topic: `${root}/${name}`, payload: name })
  await reader.expect('publish', { topic: `${root}/b` })
  await reader.expectNoMore()
})

test('an empty UNSUBSCRIBE closes the connection [MQTT3-3.10.3-2]', async () => {
  const client = await broker.connect(v4)
  client.send(v4.unsubscribe({ filters: [] }))
  await client.expectClosed()
})

test('filters follow one another without a gap [MQTT3-3.10.3-1]', async () => {
  const client = await broker.connect(v4)
  client.send(hex`a2 08 0001 0001 61 0001 62`)
  await client.expectBytes(hex`b0 02 0001`)
  client.send(hex`a2 09 0001 0001 61 00 0001 62`)
  await client.expectClosed()
})

test('a QoS 1 delivery begun before UNSUBSCRIBE is re-sent on reconnect [MQTT3-3.10.4-3]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const { id } = await reader.expect('publish', { payload: 'x' })
  reader.send(v4.unsubscribe({ filters: [topic] }))
  await reader.expect('unsuback')
  await reader.end()
  const again = await broker.resume(v4, { clientId })
  await receive(again, { id, dup: true, payload: 'x' })
  await publish(writer, { topic, qos: 1, payload: 'y' })
  await again.expectNoMore()
})

test('a QoS 2 delivery begun before UNSUBSCRIBE is completed [MQTT3-3.10.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 2, payload: 'x' })
  await publish(writer, { topic, qos: 2, payload: 'y' })
  const one = await reader.expect('publish', { payload: 'x' })
  const two = await reader.expect('publish', { payload: 'y' })
  reader.send(v4.pubrec(one.id))
  await reader.expect('pubrel', { id: one.id })
  reader.send(v4.unsubscribe({ filters: [topic] }))
  await reader.expect('unsuback')
  reader.send(v4.pubcomp(one.id), v4.pubrec(two.id))
  await reader.expect('pubrel', { id: two.id })
  reader.send(v4.pubcomp(two.id))
  await reader.expectNoMore()
})

test('an unsubscribed filter is not there any more in a resumed session [MQTT3-3.10.4-2] [MQTT3-4.1.0-1]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  reader.send(v4.unsubscribe({ filters: [topic] }))
  await reader.expect('unsuback')
  await reader.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  const again = await broker.resume(v4, { clientId })
  await publish(writer, { topic, qos: 1, payload: 'y' })
  await again.expectNoMore()
})

import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget()

/** A topic with a retained message. */
async function retained(topic = fresh()): Promise<string> {
  const writer = await broker.connect(v5)
  await publish(writer, { topic, retain: true, payload: 'kept' })
  return topic
}

async function expectRetained(reader: WireClient): Promise<void> {
  await reader.expect('publish', { payload: 'kept', retain: true })
  await reader.expectNoMore()
}

test('Retain Handling 0 sends retained messages at every SUBSCRIBE [MQTT-3.3.1-9]', async () => {
  const filter = await retained()
  const reader = await broker.connect(v5)
  for (let count = 0; count < 3; count++) {
    await reader.subscribe({ filter, retainHandling: 0 })
    await expectRetained(reader)
  }
})

test('Retain Handling 1 sends retained messages only if the subscription is new [MQTT-3.3.1-10]', async () => {
  const filter = await retained()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter, retainHandling: 1 })
  await expectRetained(reader)
  await reader.subscribe({ filter, retainHandling: 1 })
  await reader.expectNoMore()
  await reader.subscribe({ filter, retainHandling: 1, qos: 1 })
  await reader.expectNoMore()
})

test('Retain Handling 1 looks at the subscription, however it was made [MQTT-3.3.1-10]', async () => {
  const filter = await retained()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter, retainHandling: 2 })
  await reader.expectNoMore()
  await reader.subscribe({ filter, retainHandling: 1 })
  await reader.expectNoMore()
  reader.send(v5.unsubscribe({ filters: [filter] }))
  await reader.expect('unsuback', { codes: [0] })
  await reader.subscribe({ filter, retainHandling: 1 })
  await expectRetained(reader)
})

test('another filter that matches does not make a subscription old [MQTT-3.3.1-10]', async () => {
  const root = fresh()
  await retained(`${root}/a`)
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: `${root}/#`, retainHandling: 2 })
  await reader.subscribe({ filter: `${root}/+`, retainHandling: 1 })
  await expectRetained(reader)
})

test('the subscription of a resumed session is not new [MQTT-3.3.1-10] [MQTT-3.1.2-5]', async () => {
  const filter = await retained()
  const fields = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, fields)
  await first.subscribe({ filter, retainHandling: 1 })
  await expectRetained(first)
  await first.disconnect()
  const second = await broker.resume(v5, fields)
  await second.expectNoMore()
  await second.subscribe({ filter, retainHandling: 1 })
  await second.expectNoMore()
  await second.subscribe({ filter, retainHandling: 0 })
  await expectRetained(second)
})

test('the subscription of another client does not make one old [MQTT-3.3.1-10]', async () => {
  const filter = await retained()
  for (let count = 0; count < 2; count++) {
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter, retainHandling: 1 })
    await expectRetained(reader)
  }
})

test('Retain Handling 2 sends no retained messages [MQTT-3.3.1-11]', async () => {
  const filter = await retained()
  const reader = await broker.connect(v5)
  for (let count = 0; count < 2; count++) {
    await reader.subscribe({ filter, retainHandling: 2, retainAsPublished: true })
    await reader.expectNoMore()
  }
  const writer = await broker.connect(v5)
  await publish(writer, { topic: filter, retain: true, payload: 'live' })
  await reader.expect('publish', { payload: 'live' })
})

test('each filter of a SUBSCRIBE has its own Retain Handling [MQTT-3.3.1-9] [MQTT-3.3.1-11]', async () => {
  const [one, two] = [await retained(), await retained()]
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: one, retainHandling: 2 }, { filter: two, retainHandling: 0 })
  await reader.expect('publish', { topic: two, retain: true })
  await reader.expectNoMore()
})

for (const qos of [0, 1, 2]) {
  test(`Retain As Published 0 forwards QoS ${qos} messages with RETAIN 0, 1 as they came [MQTT-3.3.1-12] [MQTT-3.3.1-13]`, async () => {
    const topic = fresh()
    const plain = await broker.connect(v5)
    const asPublished = await broker.connect(v5)
    await plain.subscribe({ filter: topic, retainAsPublished: false })
    await asPublished.subscribe({ filter: topic, retainAsPublished: true })
    const writer = await broker.connect(v5)
    for (const retain of [true, false, true]) {
      await publish(writer, { topic, qos, retain, payload: 'x' })
      await plain.expect('publish', { retain: false })
      await asPublished.expect('publish', { retain })
    }
  })
}

test('retained messages sent for a new subscription have RETAIN 1 with either Retain As Published [MQTT-3.3.1-12] [MQTT-3.3.1-13]', async () => {
  const filter = await retained()
  for (const retainAsPublished of [false, true]) {
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter, retainAsPublished })
    await expectRetained(reader)
  }
})

test('Retain As Published holds for what was queued too [MQTT-3.3.1-12] [MQTT-3.3.1-13]', async () => {
  for (const retainAsPublished of [false, true]) {
    const topic = fresh()
    const fields = { clientId: fresh(), properties: { sessionExpiryInterval: 60 } }
    const first = await broker.connect(v5, fields)
    await first.subscribe({ filter: topic, qos: 1, retainAsPublished })
    await first.end()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, retain: true, payload: 'x' })
    const second = await broker.resume(v5, fields)
    await second.expect('publish', { payload: 'x', retain: retainAsPublished })
  }
})

test('SUBSCRIBE changes Retain As Published of a subscription [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT-3.8.4-3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  const writer = await broker.connect(v5)
  for (const retainAsPublished of [true, false, true]) {
    await reader.subscribe({ filter: topic, retainAsPublished, retainHandling: 2 })
    await publish(writer, { topic, retain: true, payload: 'x' })
    await reader.expect('publish', { retain: retainAsPublished })
    await reader.expectNoMore()
  }
})

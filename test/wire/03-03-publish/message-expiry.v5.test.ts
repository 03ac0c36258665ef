import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({ fakeClock: true })
const stored = { sessionExpiryInterval: 1_000 }

/** A client with a subscription, gone. */
async function absent(topic: string): Promise<{ clientId: string; properties: typeof stored }> {
  const fields = { clientId: fresh(), properties: stored }
  const client = await broker.connect(v5, fields)
  await client.subscribe({ filter: topic, qos: 1 })
  await client.end()
  return fields
}

async function send(topic: string, payload: string, messageExpiryInterval: number, retain = false): Promise<void> {
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, retain, payload, properties: { messageExpiryInterval } })
  await writer.disconnect()
}

async function expectExpiry(reader: WireClient, payload: string, least: number, most: number): Promise<void> {
  const { properties } = await receive(reader, { payload })
  const { messageExpiryInterval = -1 } = properties
  ok(messageExpiryInterval >= least && messageExpiryInterval <= most, `${payload} has ${messageExpiryInterval} s left`)
}

test('a message delivered at once has the Message Expiry Interval it came with [MQTT-3.3.2-6]', async () => {
  for (const interval of [1, 60, 0x7fff_ffff, 0xffff_ffff]) {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    await send(topic, 'x', interval)
    await expectExpiry(reader, 'x', interval, interval)
  }
})

test(
  'a message without Message Expiry Interval gets none, and does not expire [MQTT-3.3.2-5] [MQTT-3.3.2-6]',
  broker.takes(800_000),
  async () => {
    const topic = fresh()
    const reader = await absent(topic)
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, retain: true, payload: 'x' })
    await broker.elapse(800_000)
    const back = await broker.resume(v5, reader)
    await receive(back, { payload: 'x', properties: { messageExpiryInterval: undefined } })
    await back.subscribe(topic)
    await receive(back, { payload: 'x', retain: true, properties: { messageExpiryInterval: undefined } })
  },
)

test(
  'a queued message is counted down, and gone when its time is over [MQTT-3.3.2-5] [MQTT-3.3.2-6]',
  broker.takes(3_000),
  async () => {
    const topic = fresh()
    const reader = await absent(topic)
    await send(topic, 'short', 1)
    await send(topic, 'long', 30)
    await broker.elapse(2_500)
    const back = await broker.resume(v5, reader)
    await expectExpiry(back, 'long', 27, 28)
    await back.expectNoMore()
  },
)

test('a queued message is counted down to the second [MQTT-3.3.2-6]', broker.takes(100_000), async () => {
  const topic = fresh()
  const readers = [await absent(topic), await absent(topic)]
  await send(topic, 'x', 100)
  await broker.elapse(40_000)
  const [first, second] = readers
  await expectExpiry(await broker.resume(v5, first ?? {}), 'x', 60, 60)
  await broker.elapse(50_000)
  await expectExpiry(await broker.resume(v5, second ?? {}), 'x', 10, 10)
})

test(
  'a queued message expires for every receiver of its own that has not got it [MQTT-3.3.2-5]',
  broker.takes(20_000),
  async () => {
    const topic = fresh()
    const readers = [await absent(topic), await absent(topic)]
    await send(topic, 'x', 10)
    await broker.elapse(5_000)
    const [first, second] = readers
    await expectExpiry(await broker.resume(v5, first ?? {}), 'x', 5, 5)
    await broker.elapse(6_000)
    const back = await broker.resume(v5, second ?? {})
    await back.expectNoMore()
  },
)

test(
  'a retained message is counted down, and gone when its time is over [MQTT-3.3.2-5] [MQTT-3.3.2-6]',
  broker.takes(4_000),
  async () => {
    const [short, long] = [fresh(), fresh()]
    await send(short, 'short', 2, true)
    await send(long, 'long', 30, true)
    const early = await broker.connect(v5)
    await early.subscribe(short)
    await expectExpiry(early, 'short', 1, 2)
    await broker.elapse(3_500)
    const late = await broker.connect(v5)
    await late.subscribe(short, long)
    await expectExpiry(late, 'long', 26, 27)
    await late.expectNoMore()
  },
)

test('a retained message is counted down to the second [MQTT-3.3.2-6]', broker.takes(100_000), async () => {
  const topic = fresh()
  await send(topic, 'x', 100, true)
  const reader = await broker.connect(v5)
  for (const left of [70, 40, 10]) {
    await broker.elapse(30_000)
    await reader.subscribe(topic)
    await expectExpiry(reader, 'x', left, left)
  }
  await broker.elapse(11_000)
  await reader.subscribe(topic)
  await reader.expectNoMore()
})

test(
  'a new retained message has its own Message Expiry Interval [MQTT-3.3.2-5] [MQTT-3.3.1-5]',
  broker.takes(60_000),
  async () => {
    const topic = fresh()
    await send(topic, 'old', 10, true)
    await broker.elapse(5_000)
    await send(topic, 'new', 100, true)
    await broker.elapse(50_000)
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    await expectExpiry(reader, 'new', 50, 50)
  },
)

test(
  'a message waiting for a slot of the Receive Maximum is counted down and expires [MQTT-3.3.2-5] [MQTT-3.3.2-6]',
  broker.takes(20_000),
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5, { properties: { receiveMaximum: 1 } })
    await reader.subscribe({ filter: topic, qos: 1 })
    await send(topic, 'first', 100)
    await send(topic, 'short', 5)
    await send(topic, 'long', 50)
    const first = await reader.expect('publish', { payload: 'first' })
    await broker.elapse(10_000)
    reader.send(v5.puback(first.id))
    await expectExpiry(reader, 'long', 40, 40)
    await reader.expectNoMore()
  },
)

test('a message sent again is counted down too [MQTT-3.3.2-6]', broker.takes(20_000), async () => {
  const topic = fresh()
  const fields = { clientId: fresh(), properties: stored }
  const first = await broker.connect(v5, fields)
  await first.subscribe({ filter: topic, qos: 1 })
  await send(topic, 'x', 100)
  await first.expect('publish', { payload: 'x', properties: { messageExpiryInterval: 100 } })
  await first.end()
  await broker.elapse(20_000)
  const second = await broker.resume(v5, fields)
  await second.expect('publish', { dup: true, properties: { messageExpiryInterval: 80 } })
})

test('a Message Expiry Interval of 0 leaves nothing for later [MQTT-3.3.2-5]', broker.takes(3_000), async () => {
  const topic = fresh()
  const reader = await absent(topic)
  await send(topic, 'x', 0, true)
  await broker.elapse(2_000)
  const back = await broker.resume(v5, reader)
  await back.expectNoMore()
  await back.subscribe(topic)
  await back.expectNoMore()
})

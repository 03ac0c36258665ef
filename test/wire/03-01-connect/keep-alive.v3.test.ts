import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({ fakeClock: true })

// That the silent client is still served is seen from what it is sent: asking it would be a packet from it.
async function expectServed(writer: WireClient, silent: WireClient, topic: string): Promise<void> {
  await publish(writer, { topic, payload: 'still there' })
  await silent.expect('publish', { payload: 'still there' })
}

test('a silent client is served for 1.5 × Keep Alive and then closed, its Will published and its session kept [MQTT3-3.1.2-24] [MQTT3-3.1.2-8]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(`${topic}/will`)
  const will = { topic: `${topic}/will`, payload: 'silent' }
  const silent = await broker.connect(v4, { clientId, clean: false, keepAlive: 2, will })
  await silent.subscribe(topic)
  const writer = await broker.connect(v4)
  await broker.elapse(2_700)
  await expectServed(writer, silent, topic)
  await broker.elapse(2_300)
  await silent.expectClosed()
  await watcher.expect('publish', { topic: `${topic}/will`, payload: 'silent' })
  await broker.resume(v4, { clientId })
})

const packets: Record<string, (topic: string) => Buffer> = {
  PINGREQ: () => v4.pingreq(),
  'PUBLISH at QoS 0': (topic) => v4.publish({ topic: `${topic}/other` }),
  PUBACK: () => v4.puback(4_000),
  SUBSCRIBE: (topic) => v4.subscribe({ filters: [`${topic}/other`] }),
}

for (const [name, packet] of Object.entries(packets)) {
  test(`${name} starts the time anew [MQTT3-3.1.2-24]`, broker.takes(5_000), async () => {
    const topic = fresh()
    const client = await broker.connect(v4, { keepAlive: 2 })
    await client.subscribe(topic)
    const writer = await broker.connect(v4)
    for (let times = 0; times < 3; times++) {
      await broker.elapse(2_500)
      client.send(packet(topic))
      await drainUntilServed(writer, client, topic)
    }
    await broker.elapse(5_000)
    await client.expectClosed()
  })
}

// What we sent is read before what the writer sends: time moves on only after both.
async function drainUntilServed(writer: WireClient, client: WireClient, topic: string): Promise<void> {
  await publish(writer, { topic, payload: 'still there' })
  for (;;) {
    const packet = await client.next()
    assert.ok(packet !== null, 'closed too early')
    if (packet.type === 'publish') return
  }
}

test('what the server sends does not count for the client [MQTT3-3.1.2-24]', broker.takes(6_000), async () => {
  const topic = fresh()
  const silent = await broker.connect(v4, { keepAlive: 2 })
  await silent.subscribe(topic)
  const writer = await broker.connect(v4)
  await broker.elapse(1_500)
  await expectServed(writer, silent, topic)
  await broker.elapse(1_200)
  await expectServed(writer, silent, topic)
  await broker.elapse(2_300)
  await silent.expectClosed()
})

test('half a packet is not a packet [MQTT3-3.1.2-24]', broker.takes(6_000), async () => {
  const client = await broker.connect(v4, { keepAlive: 2 })
  const packet = v4.publish({ topic: 'a', payload: 'never whole' })
  const other = await broker.connect(v4)
  client.send(packet.subarray(0, 5))
  await other.expectNoMore()
  await broker.elapse(2_000)
  client.send(packet.subarray(5, 7))
  await other.expectNoMore()
  await broker.elapse(3_000)
  await client.expectClosed()
})

test('Keep Alive 0 means no limit [MQTT3-3.1.2-24]', broker.takes(86_400_000), async () => {
  const topic = fresh()
  const silent = await broker.connect(v4, { keepAlive: 0 })
  await silent.subscribe(topic)
  await broker.elapse(86_400_000)
  const writer = await broker.connect(v4)
  await expectServed(writer, silent, topic)
})

test('the longest Keep Alive is kept to [MQTT3-3.1.2-24]', broker.takes(98_000_000), async () => {
  const topic = fresh()
  const silent = await broker.connect(v4, { keepAlive: 65_535 })
  await silent.subscribe(topic)
  await broker.elapse(98_300_000)
  const writer = await broker.connect(v4)
  await expectServed(writer, silent, topic)
  await broker.elapse(10_000)
  await silent.expectClosed()
})

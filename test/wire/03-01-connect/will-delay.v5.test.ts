import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({ fakeClock: true })

interface Scene {
  readonly reader: WireClient
  readonly client: WireClient
  readonly clientId: string
  /** Connects with the same Client Identifier and no Will. */
  readonly again: (clean: boolean) => Promise<WireClient>
}

async function scene(willDelayInterval: number, sessionExpiryInterval: number): Promise<Scene> {
  const [topic, clientId] = [fresh(), fresh()]
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const properties = { sessionExpiryInterval }
  const will = { topic, payload: 'will', properties: { willDelayInterval } }
  const client = await broker.connect(v5, { clientId, properties, will })
  return { reader, client, clientId, again: (clean) => broker.connect(v5, { clientId, clean, properties }) }
}

test('the Will waits for its delay [MQTT-3.1.2-8]', broker.takes(4_000), async () => {
  const { reader, client } = await scene(2, 60)
  await client.end()
  await broker.elapse(800)
  await reader.expectNoMore()
  await broker.elapse(3_200)
  await reader.expect('publish', { payload: 'will' })
  await reader.expectNoMore()
})

test(
  'the Will waits for the whole of a long delay, and goes out within a second after it [MQTT-3.1.2-8]',
  broker.takes(200_000),
  async () => {
    const { reader, client } = await scene(200, 600)
    await client.end()
    await broker.elapse(199_000)
    await reader.expectNoMore()
    await broker.elapse(2_000)
    await reader.expect('publish', { payload: 'will' })
  },
)

test('the delay counts from the loss of the connection [MQTT-3.1.2-8]', broker.takes(20_000), async () => {
  const { reader, client } = await scene(10, 60)
  await broker.elapse(15_000)
  await client.end()
  await broker.elapse(8_000)
  await reader.expectNoMore()
  await broker.elapse(3_000)
  await reader.expect('publish', { payload: 'will' })
})

test(
  'the end of the session publishes the Will before its delay is over [MQTT-3.1.2-8]',
  broker.takes(4_000),
  async () => {
    const { reader, client } = await scene(30, 2)
    await client.end()
    await broker.elapse(800)
    await reader.expectNoMore()
    await broker.elapse(3_200)
    await reader.expect('publish', { payload: 'will' })
    await reader.expectNoMore()
  },
)

test('the end of the session does not publish a Will again [MQTT-3.1.2-10]', broker.takes(4_000), async () => {
  for (const willDelayInterval of [0, 1]) {
    const { reader, client } = await scene(willDelayInterval, 2)
    await client.end()
    await broker.elapse(1_500)
    await reader.expect('publish', { payload: 'will' })
    await broker.elapse(2_500)
    await reader.expectNoMore()
  }
})

test(
  'the delay does not publish again a Will that the end of the session published [MQTT-3.1.2-10]',
  broker.takes(10_000),
  async () => {
    const { reader, client } = await scene(8, 2)
    await client.end()
    await broker.elapse(3_000)
    await reader.expect('publish', { payload: 'will' })
    await broker.elapse(7_000)
    await reader.expectNoMore()
  },
)

test('a session that ends with its connection has its Will published at once [MQTT-3.1.2-8]', async () => {
  const { reader, client } = await scene(30, 0)
  await client.end()
  await reader.expect('publish', { payload: 'will' })
})

test('a Will without delay is published at once though the session goes on [MQTT-3.1.2-8]', async () => {
  const { reader, client } = await scene(0, 60)
  await client.end()
  await reader.expect('publish', { payload: 'will' })
})

test(
  'coming back to the session before the delay is over takes the Will back [MQTT-3.1.3-9] [MQTT-3.1.2-8]',
  broker.takes(4_000),
  async () => {
    const { reader, client, again } = await scene(2, 60)
    await client.end()
    await broker.elapse(500)
    const back = await again(false)
    await broker.elapse(3_400)
    await reader.expectNoMore()
    await back.disconnect()
    await reader.expectNoMore()
  },
)

test(
  'the Will taken back does not come when the client is lost again, without one [MQTT-3.1.3-9] [MQTT-3.1.2-10]',
  broker.takes(40_000),
  async () => {
    const { reader, client, again } = await scene(10, 30)
    await client.end()
    await broker.elapse(5_000)
    const back = await again(false)
    await back.end()
    await broker.elapse(35_000)
    await reader.expectNoMore()
  },
)

test(
  'the Will brought by a client that comes back does not follow the delay of the one before [MQTT-3.1.3-9] [MQTT-3.1.2-8]',
  broker.takes(20_000),
  async () => {
    const { reader, client, clientId } = await scene(5, 60)
    await client.end()
    await broker.elapse(3_000)
    const topic = fresh()
    await reader.subscribe(topic)
    const properties = { sessionExpiryInterval: 60 }
    const back = await broker.resume(v5, { clientId, properties, will: { topic, payload: 'new' } })
    await broker.elapse(10_000)
    await back.expectNoMore()
    await reader.expectNoMore()
    await back.end()
    await reader.expect('publish', { topic, payload: 'new' })
  },
)

test(
  'coming back after the delay finds the Will published, once [MQTT-3.1.3-9] [MQTT-3.1.2-10]',
  broker.takes(20_000),
  async () => {
    const { reader, client, again } = await scene(5, 60)
    await client.end()
    await broker.elapse(7_000)
    await reader.expect('publish', { payload: 'will' })
    const back = await again(false)
    await back.end()
    await broker.elapse(10_000)
    await reader.expectNoMore()
  },
)

test('coming back with Clean Start 1 ends the session, so the Will is published [MQTT-3.1.3-9] [MQTT-3.1.2-8]', async () => {
  const { reader, client, again } = await scene(30, 60)
  await client.end()
  await reader.expectNoMore()
  await again(true)
  await reader.expect('publish', { payload: 'will' })
  await reader.expectNoMore()
})

test(
  'taking the session over while connected takes a delayed Will back [MQTT-3.1.3-9] [MQTT-3.1.4-3]',
  broker.takes(4_000),
  async () => {
    const { reader, client, again } = await scene(1, 60)
    const back = await again(false)
    await client.expectBroken(0x8e)
    await broker.elapse(3_000)
    await back.expectNoMore()
    await reader.expectNoMore()
  },
)

test('Clean Start 1 does not publish again a Will that was published [MQTT-3.1.2-10]', async () => {
  const { reader, client, again } = await scene(0, 60)
  await client.end()
  await reader.expect('publish', { payload: 'will' })
  await again(true)
  await reader.expectNoMore()
})

test('taking over with Clean Start 1 publishes a delayed Will [MQTT-3.1.3-9] [MQTT-3.1.4-3]', async () => {
  const { reader, client, again } = await scene(30, 60)
  await again(true)
  await client.expectBroken(0x8e)
  await reader.expect('publish', { payload: 'will' })
})

test('DISCONNECT 0x04 publishes the Will after its delay [MQTT-3.1.2-8]', broker.takes(4_000), async () => {
  const { reader, client } = await scene(1, 60)
  await client.disconnect({ reason: 0x04 })
  await broker.elapse(200)
  await reader.expectNoMore()
  await broker.elapse(3_000)
  await reader.expect('publish', { payload: 'will' })
})

test('DISCONNECT 0x00 takes a delayed Will back [MQTT-3.1.2-8] [MQTT-3.1.2-10]', broker.takes(4_000), async () => {
  const { reader, client } = await scene(1, 2)
  await client.disconnect()
  await broker.elapse(4_000)
  await reader.expectNoMore()
})

test(
  'the Message Expiry Interval of a Will counts from its publication [MQTT §3.1.3.2.4] [MQTT-3.3.2-6]',
  broker.takes(30_000),
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const will = { topic, payload: 'x', properties: { willDelayInterval: 20, messageExpiryInterval: 10 } }
    const client = await broker.connect(v5, { will, properties: { sessionExpiryInterval: 60 } })
    await client.end()
    await broker.elapse(22_000)
    await reader.expect('publish', { payload: 'x', properties: { messageExpiryInterval: 10 } })
  },
)

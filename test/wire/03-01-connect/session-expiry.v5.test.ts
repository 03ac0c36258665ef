import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })

async function expectGone(clientId: string): Promise<void> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId, clean: false }))
  await client.expect('connack', { code: 0, sessionPresent: false })
}

const none = { 'no Session Expiry Interval': {}, 'Session Expiry Interval 0': { sessionExpiryInterval: 0 } }

for (const [kind, properties] of Object.entries(none)) {
  test(`with ${kind} the session ends with the connection [MQTT-3.1.2-23]`, async () => {
    const clientId = fresh()
    const first = await broker.connect(v5, { clientId, clean: false, properties })
    await first.subscribe(fresh())
    await first.end()
    await expectGone(clientId)
    const second = await broker.connect(v5, { clientId, clean: true, properties })
    await second.disconnect()
    await expectGone(clientId)
  })
}

test(
  'the session is kept for its Session Expiry Interval, and no longer [MQTT-3.1.2-23]',
  broker.takes(4_000),
  async () => {
    const [clientId, topic] = [fresh(), fresh()]
    const properties = { sessionExpiryInterval: 2 }
    const first = await broker.connect(v5, { clientId, properties })
    await first.subscribe(topic)
    await first.disconnect()
    await broker.elapse(800)
    const second = await broker.resume(v5, { clientId, properties })
    await second.end()
    await broker.elapse(3_200)
    await expectGone(clientId)
  },
)

test(
  'the interval begins when the connection ends, not with CONNECT [MQTT-3.1.2-23]',
  broker.takes(30_000),
  async () => {
    const [clientId, topic] = [fresh(), fresh()]
    const properties = { sessionExpiryInterval: 10 }
    const first = await broker.connect(v5, { clientId, properties })
    await first.subscribe(topic)
    await broker.elapse(20_000)
    await first.end()
    await broker.elapse(8_000)
    const second = await broker.resume(v5, { clientId, properties })
    await broker.elapse(11_000)
    const writer = await broker.connect(v5)
    await publish(writer, { topic, payload: 'still here' })
    await second.expect('publish', { payload: 'still here' })
  },
)

test('a CONNECT changes the interval of the session it resumes [MQTT-3.1.2-23]', broker.takes(60_000), async () => {
  const clientId = fresh()
  const first = await broker.connect(v5, { clientId, properties: { sessionExpiryInterval: 10 } })
  await first.end()
  const second = await broker.resume(v5, { clientId, properties: { sessionExpiryInterval: 50 } })
  await second.end()
  await broker.elapse(40_000)
  const third = await broker.resume(v5, { clientId })
  await third.end()
  await expectGone(clientId)
})

test(
  'an expired session does not receive: its messages are gone for good [MQTT-3.1.2-23]',
  broker.takes(12_000),
  async () => {
    const [clientId, topic] = [fresh(), fresh()]
    const first = await broker.connect(v5, { clientId, properties: { sessionExpiryInterval: 10 } })
    await first.subscribe({ filter: topic, qos: 1 })
    await first.end()
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: 1, payload: 'queued' })
    await broker.elapse(12_000)
    const second = await broker.connect(v5, { clientId, clean: false })
    await second.expectNoMore()
    await publish(writer, { topic, qos: 1, payload: 'new' })
    await second.expectNoMore()
  },
)

for (const sessionExpiryInterval of [0xffff_ffff, 0xffff_fffe, 5_000_000]) {
  test(
    `a Session Expiry Interval of ${sessionExpiryInterval} s is not cut short by the size of a number [MQTT-3.1.2-23]`,
    broker.takes(1e9),
    async () => {
      const clientId = fresh()
      const first = await broker.connect(v5, { clientId, properties: { sessionExpiryInterval } })
      await first.end()
      await broker.elapse(7_200_000)
      await broker.resume(v5, { clientId })
    },
  )
}

test('a Session Expiry Interval of minutes is kept to the end [MQTT-3.1.2-23]', broker.takes(310_000), async () => {
  const clientId = fresh()
  const properties = { sessionExpiryInterval: 300 }
  const first = await broker.connect(v5, { clientId, properties })
  await first.end()
  await broker.elapse(298_000)
  const second = await broker.resume(v5, { clientId, properties })
  await second.end()
  await broker.elapse(303_000)
  await expectGone(clientId)
})

test('CONNACK does not repeat a Session Expiry Interval the server keeps [MQTT §3.2.2.3.2]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: { sessionExpiryInterval: 60 } }))
  const { properties } = await client.expect('connack', { code: 0 })
  const { sessionExpiryInterval = 60 } = properties
  if (sessionExpiryInterval !== 60) throw new Error(`the server wants ${sessionExpiryInterval} s instead of 60`)
})

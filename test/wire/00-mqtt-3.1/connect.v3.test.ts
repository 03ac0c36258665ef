import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v3 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })

// MQTT 3.1 (3.1, payload) lets the Remaining Length count for more than the flags, for clients older than these fields.
test('the flags of a user name and password that are not there are no fault in MQTT 3.1', async () => {
  for (const fields of [{ flags: 0x82 }, { flags: 0xc2 }, { username: 'u', flags: 0xc2 }]) {
    const client = await broker.connect(v3, fields)
    await client.expectNoMore()
  }
})

test('a Will without its fields closes the connection in MQTT 3.1', async () => {
  const client = await broker.open(v3)
  client.send(v3.connect({ clientId: fresh(), flags: 0x06 }))
  await client.expectClosed()
})

test('a second CONNECT closes the connection in MQTT 3.1', async () => {
  const client = await broker.connect(v3)
  client.send(v3.connect({ clientId: fresh() }))
  await client.expectClosed()
})

test('a silent client is closed after 1.5 × Keep Alive and its Will published in MQTT 3.1', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v3)
  await watcher.subscribe(`${topic}/will`)
  const silent = await broker.connect(v3, { keepAlive: 2, will: { topic: `${topic}/will`, payload: 'silent' } })
  await silent.subscribe(topic)
  const writer = await broker.connect(v3)
  await broker.elapse(2_700)
  await publish(writer, { topic, payload: 'still there' })
  await silent.expect('publish', { payload: 'still there' })
  await broker.elapse(2_300)
  await silent.expectClosed()
  await watcher.expect('publish', { payload: 'silent' })
})

test('DISCONNECT removes the Will in MQTT 3.1', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v3)
  await watcher.subscribe(topic)
  const client = await broker.connect(v3, { will: { topic, payload: 'gone', qos: 2 } })
  await client.disconnect()
  await watcher.expectNoMore()
})

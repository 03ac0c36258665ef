import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

test('a client identifier of one byte is accepted, whichever letter or digit [MQTT3-3.1.3-5]', async () => {
  for (const clientId of alphabet) await broker.connect(v4, { clientId })
})

test('client identifiers of 23 bytes are accepted, with every letter and digit [MQTT3-3.1.3-5]', async () => {
  for (let start = 0; start < alphabet.length; start += 13) {
    await broker.connect(v4, { clientId: (alphabet + alphabet).slice(start, start + 23) })
  }
})

test('every length from 1 to 23 is accepted [MQTT3-3.1.3-5]', async () => {
  for (let length = 1; length <= 23; length++) await broker.connect(v4, { clientId: alphabet.slice(-length) })
})

test('clients with an empty client identifier coexist [MQTT3-3.1.3-6]', async () => {
  const topic = fresh()
  const first = await broker.connect(v4, { clientId: '' })
  const second = await broker.connect(v4, { clientId: '' })
  await first.subscribe(topic)
  await second.subscribe(topic)
  await publish(second, { topic: `${topic}/other` })
  const writer = await broker.connect(v4, { clientId: '' })
  await publish(writer, { topic, payload: 'x' })
  await first.expect('publish', { topic, payload: 'x' })
  await second.expect('publish', { topic, payload: 'x' })
})

test('an empty client identifier gets a session of its own, and Session Present 0 [MQTT3-3.1.3-6] [MQTT3-3.2.2-1]', async () => {
  for (let times = 0; times < 2; times++) {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: '' }))
    await client.expectBytes(hex`20 02 00 00`)
    await client.disconnect()
  }
})

test('an empty client identifier without Clean Session is refused with 0x02 [MQTT3-3.1.3-7] [MQTT3-3.1.3-8] [MQTT3-3.2.2-5]', async () => {
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: '', clean: false }))
  await client.expectBytes(hex`20 02 00 02`)
  await client.expectClosed()
})

test(
  'a client identifier above the limit is refused with 0x02 [MQTT3-3.1.3-9] [MQTT3-3.2.2-5]',
  broker.ours,
  async () => {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: 'c'.repeat(257) }))
    await client.expectBytes(hex`20 02 00 02`)
    await client.expectClosed()
    await broker.connect(v4, { clientId: 'c'.repeat(256) })
  },
)

test('the client identifier names the session, byte for byte [MQTT3-3.1.3-2]', async () => {
  const topic = fresh()
  const clientId = `${fresh()}x`
  const reader = await broker.connect(v4, { clientId, clean: false })
  await reader.subscribe({ filter: topic, qos: 1 })
  await reader.disconnect()
  const writer = await broker.connect(v4)
  await publish(writer, { topic, qos: 1, payload: 'kept' })
  const others = [
    clientId.toUpperCase(),
    `${clientId.slice(0, -1)}X`,
    `${clientId} `,
    ` ${clientId}`,
    clientId.slice(0, -1),
  ]
  for (const other of others) {
    const stranger = await broker.open(v4)
    stranger.send(v4.connect({ clientId: other, clean: false }))
    await stranger.expect('connack', { code: 0, sessionPresent: false })
    await stranger.expectNoMore()
  }
  const again = await broker.resume(v4, { clientId })
  await receive(again, { topic, payload: 'kept' })
})

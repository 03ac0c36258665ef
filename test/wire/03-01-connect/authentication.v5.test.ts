import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const seen: string[] = []

const broker = useTarget({
  authenticator: {
    authenticate: ({ clientId, username, password }) => {
      seen.push(`${clientId} ${username} ${password?.toString('latin1')}`)
      if (username === 'stranger') return 'unknown'
      return username === 'banned' ? 'refused' : { name: username ?? 'nobody', method: 'password' }
    },
    begin: () => null,
  },
})

test(
  'Client Identifier, User Name and Password reach the authenticator as they were sent [MQTT-3.1.3-1] [MQTT-3.1.3-12]',
  broker.ours,
  async () => {
    const clientId = fresh()
    const will = { topic: 'will', payload: 'payload', properties: { contentType: 'type' } }
    await broker.connect(v5, { clientId, will, username: 'me', password: hex`00ff` })
    equal(seen.at(-1), `${clientId} me \0\xff`)
  },
)

test('a Password without User Name is taken [MQTT-3.1.2-19]', broker.ours, async () => {
  const clientId = fresh()
  await broker.connect(v5, { clientId, password: 'secret' })
  equal(seen.at(-1), `${clientId} null secret`)
})

test('no User Name is not the same as an empty one [MQTT-3.1.2-16] [MQTT-3.1.2-17]', broker.ours, async () => {
  const clientId = fresh()
  await broker.connect(v5, { clientId })
  equal(seen.at(-1), `${clientId} null undefined`)
  const other = fresh()
  await broker.connect(v5, { clientId: other, username: '', password: '' })
  equal(seen.at(-1), `${other}  `)
})

const banned: ConnectFields = { username: 'banned', password: 'x' }

test(
  'a client that fails authentication is refused and closed [MQTT-3.1.4-2] [MQTT-3.2.2-7]',
  broker.ours,
  async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), ...banned }))
    await client.expectRefused(0x86, 0x87)
  },
)

test('a client nobody knows is refused and closed [MQTT-3.1.4-2] [MQTT-3.2.2-7]', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), username: 'stranger', password: 'x' }))
  await client.expectRefused(0x86, 0x87)
})

test('what is sent behind a CONNECT that fails authentication has no effect [MQTT-3.1.4-6]', broker.ours, async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.open(v5)
  client.send(
    v5.connect({ clientId: fresh(), ...banned, will: { topic, payload: 'will' } }),
    v5.publish({ topic, payload: 'x', retain: true }),
    v5.subscribe({ filters: [topic] }),
    v5.pingreq(),
  )
  await client.expectRefused(0x86, 0x87)
  await reader.expectNoMore()
  const later = await broker.connect(v5)
  await later.subscribe(topic)
  await later.expectNoMore()
})

test('a refused client has not touched the session it names [MQTT-3.1.4-2] [MQTT-3.2.2-6]', broker.ours, async () => {
  const clientId = fresh()
  const session = { clientId, properties: { sessionExpiryInterval: 60 } }
  const first = await broker.connect(v5, session)
  const intruder = await broker.open(v5)
  intruder.send(v5.connect({ clientId, clean: true, ...banned }))
  await intruder.expect('connack', { sessionPresent: false })
  await intruder.expectClosed()
  await first.expectNoMore()
  await first.end()
  const again = await broker.open(v5)
  again.send(v5.connect({ clientId, clean: false, ...banned }))
  await again.expect('connack', { sessionPresent: false })
  await again.expectClosed()
  await broker.resume(v5, session)
})

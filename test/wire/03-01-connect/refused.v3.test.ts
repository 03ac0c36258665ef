import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  authenticator: {
    authenticate: ({ username, password }) => {
      if (username === null) return { name: 'anonymous', method: 'anonymous' }
      return password?.toString() === `secret of ${username}` ? { name: username, method: 'password' } : 'refused'
    },
    begin: () => null,
  },
})

const good = { username: 'ann', password: 'secret of ann' }
const bad = { username: 'ann', password: 'guess' }

test('the right user name and password are accepted [MQTT3-3.1.3-1] [MQTT3-3.1.4-4]', broker.ours, async () => {
  const client = await broker.connect(v4, { ...good, will: { topic: 'w', payload: 'x' } })
  await client.expectNoMore()
})

for (const packets of [v3, v4]) {
  test(
    `failed authentication is answered by return code 4 or 5, then closed (level ${packets.version}) [MQTT3-3.2.2-5] [MQTT3 §3.1.4]`,
    broker.ours,
    async () => {
      for (const fields of [bad, { username: 'ann' }, { username: '', password: '' }]) {
        const client = await broker.open(packets)
        client.send(packets.connect({ clientId: fresh(), ...fields }))
        await client.expectRefused(4, 5)
      }
    },
  )
}

test(
  'a refusal has Session Present 0 although a session is stored, and the session stays [MQTT3-3.2.2-4]',
  broker.ours,
  async () => {
    const clientId = fresh()
    const first = await broker.connect(v4, { ...good, clientId, clean: false })
    await first.disconnect()
    const second = await broker.open(v4)
    second.send(v4.connect({ ...bad, clientId, clean: false }))
    const packet = await second.expect('connack', { sessionPresent: false })
    assert.ok(packet.code === 4 || packet.code === 5)
    await second.expectClosed()
    await broker.resume(v4, { ...good, clientId })
  },
)

test('a refusal of the protocol level has Session Present 0 although a session is stored [MQTT3-3.2.2-4] [MQTT3-3.2.2-5]', async () => {
  const clientId = fresh()
  const first = await broker.connect(v4, { clientId, clean: false })
  await first.disconnect()
  const second = await broker.open(v4)
  second.send(v4.connect({ protocolLevel: 2, clientId, clean: false }))
  await second.expectBytes(hex`20 02 00 01`)
  await second.expectClosed()
  await broker.resume(v4, { clientId })
})

test('nothing sent behind a refused CONNECT is processed [MQTT3-3.1.4-5]', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const refusals = [v4.connect({ clientId: '', clean: false }), v4.connect({ clientId: fresh(), protocolLevel: 2 })]
  for (const connect of refusals) {
    const client = await broker.open(v4)
    const publish = v4.publish({ topic, payload: 'never', retain: true })
    client.send(connect, publish, v4.publish({ topic, qos: 1 }), v4.subscribe({ filters: [topic] }), v4.pingreq())
    await client.expectRefused(1, 2)
  }
  await watcher.expectNoMore()
  const later = await broker.connect(v4)
  await later.subscribe(topic)
  await later.expectNoMore()
})

test('nothing sent behind bad credentials is processed [MQTT3-3.1.4-5]', broker.ours, async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh(), ...bad }), v4.publish({ topic, payload: 'never' }))
  await client.expectRefused(4, 5)
  await watcher.expectNoMore()
})

test('what is sent behind a good CONNECT before CONNACK is processed [MQTT3-3.1.4-4] [MQTT3-3.2.0-1]', async () => {
  const topic = fresh()
  const client = await broker.open(v4)
  const subscribe = v4.subscribe({ filters: [topic] })
  client.send(v4.connect({ clientId: fresh() }), subscribe, v4.publish({ topic, payload: 'early' }))
  await client.expect('connack', { code: 0 })
  await client.expect('suback', { codes: [0] })
  await client.expect('publish', { topic, payload: 'early' })
})

import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { auth, authenticated, challenge, method, said } from '../03-15-auth/challenge.ts'

const broker = useTarget({ authenticator: challenge })

const question = { authenticationMethod: method, authenticationData: Buffer.from('question') }
const welcome = { authenticationMethod: method, authenticationData: Buffer.from('welcome') }

for (const text of ['answer', 'later answer']) {
  test(
    `AUTH 0x19 with "${text}" is answered by AUTH 0x00 with the method [MQTT-4.12.1-1] [MQTT-3.15.2-1]`,
    broker.ours,
    async () => {
      const client = await authenticated(broker)
      client.send(auth(text, 0x19))
      await client.expect('auth', { code: 0, properties: welcome })
      await client.expectNoMore()
    },
  )
}

test(
  'the server asks in re-authentication too, and a client can do it again [MQTT-4.12.1-1] [MQTT-4.12.0-5]',
  broker.ours,
  async () => {
    const client = await authenticated(broker)
    for (let round = 0; round < 2; round++) {
      client.send(auth('hello', 0x19))
      await client.expect('auth', { code: 0x18, properties: question })
      client.send(auth('more'))
      await client.expect('auth', { code: 0x18, properties: question })
      client.send(auth('answer'))
      await client.expect('auth', { code: 0, properties: welcome })
      await client.expectNoMore()
    }
  },
)

test('other packets flow while re-authentication lasts [MQTT §4.12.1]', broker.ours, async () => {
  const topic = fresh()
  const client = await authenticated(broker)
  await client.subscribe({ filter: topic, qos: 1 })
  client.send(auth('hello', 0x19))
  await client.expect('auth', { code: 0x18 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await receive(client, { topic, payload: 'x' })
  await client.expectNoMore()
  client.send(auth('answer'))
  await client.expect('auth', { code: 0 })
})

for (const text of ['wrong', 'later wrong']) {
  test(`failed re-authentication with "${text}" ends the connection [MQTT-4.12.1-2]`, broker.ours, async () => {
    const client = await authenticated(broker)
    client.send(auth(text, 0x19))
    await client.expectDisconnect(0x87)
  })
}

test('re-authentication that fails after a question ends the connection [MQTT-4.12.1-2]', broker.ours, async () => {
  const client = await authenticated(broker)
  client.send(auth('hello', 0x19))
  await client.expect('auth', { code: 0x18 })
  client.send(auth('wrong'))
  await client.expectDisconnect(0x87)
})

for (const other of ['OTHER', 'challenge', '']) {
  test(
    `AUTH 0x19 with the method "${other}" instead is refused [MQTT-4.12.1-1] [MQTT-4.12.0-5]`,
    broker.ours,
    async () => {
      const client = await authenticated(broker)
      client.send(v5.auth({ reason: 0x19, properties: { ...said('answer'), authenticationMethod: other } }))
      await client.expectDisconnect(0x82, 0x8c)
    },
  )
}

test('AUTH 0x18 with another method in re-authentication is refused [MQTT-4.12.0-5]', broker.ours, async () => {
  const client = await authenticated(broker)
  client.send(auth('hello', 0x19))
  await client.expect('auth', { code: 0x18 })
  client.send(v5.auth({ reason: 0x18, properties: { ...said('answer'), authenticationMethod: 'OTHER' } }))
  await client.expectDisconnect(0x82, 0x8c)
})

test('AUTH 0x18 that answers no question is a protocol error [MQTT-4.12.0-3]', broker.ours, async () => {
  const client = await authenticated(broker)
  client.send(auth('answer', 0x18))
  await client.expectDisconnect(0x82)
})

test('AUTH 0x19 in the midst of re-authentication is a protocol error [MQTT-4.12.0-3]', broker.ours, async () => {
  const client = await authenticated(broker)
  client.send(auth('hello', 0x19))
  await client.expect('auth', { code: 0x18 })
  client.send(auth('answer', 0x19))
  await client.expectDisconnect(0x82)
})

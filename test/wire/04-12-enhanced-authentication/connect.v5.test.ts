import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { asked, auth, challenge, method, said } from '../03-15-auth/challenge.ts'

const broker = useTarget({ authenticator: challenge })

for (const name of ['UNKNOWN', 'challenge', '', 'CHALLENGE ']) {
  test(`the unsupported method "${name}" is refused with 0x8C [MQTT-4.12.0-1]`, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), properties: { authenticationMethod: name } }))
    await client.expectRefused(0x8c, 0x87)
  })
}

test(
  'the server asks with AUTH 0x18 as often as it needs, then answers CONNECT [MQTT-4.12.0-2] [MQTT-4.12.0-5]',
  broker.ours,
  async () => {
    const client = await asked(broker)
    for (const text of ['more', 'later more', 'still more']) {
      client.send(auth(text))
      const authenticationData = Buffer.from('question')
      await client.expect('auth', { code: 0x18, properties: { authenticationMethod: method, authenticationData } })
    }
    client.send(auth('answer'))
    const authenticationData = Buffer.from('welcome')
    await client.expect('connack', { code: 0, properties: { authenticationMethod: method, authenticationData } })
    await client.expectNoMore()
  },
)

for (const text of ['answer', 'later answer']) {
  test(
    `with "${text}" in CONNECT no AUTH is needed, and CONNACK has the method [MQTT-4.12.0-5]`,
    broker.ours,
    async () => {
      const client = await broker.open(v5)
      client.send(v5.connect({ clientId: fresh(), properties: said(text) }))
      const authenticationData = Buffer.from('welcome')
      await client.expect('connack', { code: 0, properties: { authenticationMethod: method, authenticationData } })
      await client.expectNoMore()
    },
  )
}

test('CONNECT with a method and no data begins an exchange [MQTT-4.12.0-2]', broker.ours, async () => {
  await asked(broker, { properties: { authenticationMethod: method } })
})

for (const text of ['wrong', 'later wrong']) {
  test(`"${text}" in CONNECT is refused, and the connection closed [MQTT-4.12.0-4]`, broker.ours, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), properties: said(text) }))
    await client.expectRefused(0x87)
  })

  test(`"${text}" in AUTH is refused, and the connection closed [MQTT-4.12.0-4]`, broker.ours, async () => {
    const client = await asked(broker)
    client.send(auth(text))
    await client.expectRefused(0x87)
  })
}

test('a client that answers AUTH with 0x19 is refused [MQTT-4.12.0-3]', broker.ours, async () => {
  const client = await asked(broker)
  client.send(auth('answer', 0x19))
  await client.expectRefused()
})

test('a client that answers AUTH with another method is refused [MQTT-4.12.0-5]', broker.ours, async () => {
  const client = await asked(broker)
  client.send(v5.auth({ reason: 0x18, properties: { ...said('answer'), authenticationMethod: 'OTHER' } }))
  await client.expectRefused()
})

test('a client that answers AUTH without a method is refused [MQTT-4.12.0-5]', broker.ours, async () => {
  const client = await asked(broker)
  client.send(v5.auth({ reason: 0x18, properties: { authenticationData: 'answer' } }))
  await client.expectRefused()
})

for (const [what, packet] of [
  ['PUBLISH', v5.publish({ topic: 'a' })],
  ['SUBSCRIBE', v5.subscribe({ filters: ['a'] })],
  ['PINGREQ', v5.pingreq()],
  ['CONNECT', v5.connect({ clientId: 'again', properties: said('answer') })],
] as const) {
  test(`${what} in the midst of authentication is refused [MQTT-3.1.2-30] [MQTT-3.14.0-1]`, broker.ours, async () => {
    const client = await asked(broker)
    client.send(packet)
    await client.expectRefused()
  })
}

test('DISCONNECT in the midst of authentication ends it [MQTT-3.1.2-30]', broker.ours, async () => {
  const client = await asked(broker)
  client.send(v5.disconnect())
  await client.expectClosed()
})

test('nobody is connected before the exchange succeeds [MQTT-4.12.0-2]', broker.ours, async () => {
  const clientId = fresh()
  const other = await broker.connect(v5, { clientId })
  const client = await asked(broker, { clientId })
  await other.expectNoMore()
  client.send(auth('wrong'))
  await client.expectRefused(0x87)
  await other.expectNoMore()
})

test('without a method no AUTH comes, and CONNACK has none [MQTT-4.12.0-6]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), username: 'somebody', password: 'secret' }))
  const { properties } = await client.expect('connack', { code: 0 })
  equal(properties.authenticationMethod, undefined)
  equal(properties.authenticationData, undefined)
  await client.expectNoMore()
})

for (const reason of [0x00, 0x18, 0x19]) {
  test(`AUTH 0x${reason.toString(16)} after CONNECT without a method is a protocol error [MQTT-4.12.0-7]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.auth({ reason, properties: said('answer') }))
    await client.expectDisconnect(0x82)
  })
}

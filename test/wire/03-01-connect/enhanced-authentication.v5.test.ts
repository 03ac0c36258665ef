import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({
  authenticator: {
    authenticate: () => ({ name: 'anybody', method: 'anonymous' }),
    begin: (method) => (method === 'echo' ? { step: challenge } : null),
  },
})

function challenge(data: Buffer | null) {
  if (data?.toString() === 'right')
    return { kind: 'success', identity: { name: 'me', method: 'echo' }, data: null } as const
  if (data === null) return { kind: 'continue', data: Buffer.from('say right') } as const
  return { kind: 'failure', reason: 0x87, detail: 'wrong' } as const
}

const method = { authenticationMethod: 'echo' }

async function begin(will?: { topic: string }): Promise<WireClient> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: method, ...(will && { will }) }))
  await client.expect('auth', { code: 0x18, properties: { ...method, authenticationData: Buffer.from('say right') } })
  return client
}

const tooEarly = {
  PUBLISH: v5.publish({ topic: 'early', qos: 1 }),
  SUBSCRIBE: v5.subscribe({ filters: ['early'] }),
  UNSUBSCRIBE: v5.unsubscribe({ filters: ['early'] }),
  PINGREQ: v5.pingreq(),
  PUBREL: v5.pubrel(1),
  'a second CONNECT': v5.connect({ clientId: fresh() }),
}

for (const [name, packet] of Object.entries(tooEarly)) {
  test(
    `${name} before CONNACK is a Protocol Error when the client asked for enhanced authentication [MQTT-3.1.2-30]`,
    broker.ours,
    async () => {
      const client = await begin()
      client.send(packet)
      await client.expectRefused()
    },
  )
}

test(
  'what is published before the authentication ends is not distributed [MQTT-3.1.2-30] [MQTT-3.1.4-6]',
  broker.ours,
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await begin({ topic })
    client.send(
      v5.publish({ topic }),
      v5.auth({ reason: 0x18, properties: { ...method, authenticationData: 'right' } }),
    )
    await client.expectRefused()
    await reader.expectNoMore()
  },
)

test(
  'AUTH comes before CONNACK, and the client is served after it [MQTT-3.1.2-30] [MQTT-3.2.0-1]',
  broker.ours,
  async () => {
    const client = await begin()
    client.send(v5.auth({ reason: 0x18, properties: { ...method, authenticationData: 'right' } }))
    await client.expect('connack', { code: 0, properties: method })
    await client.expectNoMore()
  },
)

test(
  'DISCONNECT before CONNACK ends the connection, and the Will is not published [MQTT-3.1.2-30]',
  broker.ours,
  async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await begin({ topic })
    client.send(v5.disconnect())
    await client.expectClosed()
    await reader.expectNoMore()
  },
)

test(
  'failed enhanced authentication is answered by CONNACK with its reason [MQTT-3.1.4-2] [MQTT-3.2.2-7]',
  broker.ours,
  async () => {
    const client = await begin()
    client.send(v5.auth({ reason: 0x18, properties: { ...method, authenticationData: 'wrong' } }))
    await client.expectRefused(0x87)
  },
)

test('an Authentication Method the server does not know is refused [MQTT-3.1.4-2] [MQTT §4.12]', async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: { authenticationMethod: 'unheard of' } }))
  await client.expectRefused(...(broker.foreign ? [] : [0x8c]))
})

const illFormed = {
  'an ill-formed Authentication Method [MQTT-1.5.4-1]': { properties: { authenticationMethod: hex`c328` } },
  'an Authentication Method with U+0000 [MQTT-1.5.4-2]': { properties: { authenticationMethod: hex`00` } },
  'an ill-formed Reason String [MQTT-1.5.4-1]': { properties: { ...method, reasonString: hex`eda080` } },
  'an ill-formed User Property name [MQTT-1.5.7-1]': {
    properties: { ...method, userProperty: [[hex`ff`, '']] as const },
  },
  'an ill-formed User Property value [MQTT-1.5.7-1]': {
    properties: { ...method, userProperty: [['', hex`ff`]] as const },
  },
  'wrong reserved flags [MQTT-2.1.3-1]': { header: 0xf2, properties: { ...method, authenticationData: 'right' } },
}

for (const [kind, fields] of Object.entries(illFormed)) {
  test(`AUTH is a Malformed Packet with ${kind}`, broker.ours, async () => {
    const client = await begin()
    client.send(v5.auth({ reason: 0x18, ...fields }))
    await client.expectRefused(0x81)
  })
}

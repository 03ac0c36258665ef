import { test } from 'node:test'
import { hex, prefixed } from '../../kit/bytes.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

async function refused(fields: ConnectFields, ...codes: readonly number[]): Promise<void> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), ...fields }))
  await client.expectRefused(...(broker.foreign ? [] : codes))
}

const will = { topic: 'will', payload: 'x' }

test('CONNECT with the reserved flag set is refused [MQTT-3.1.2-3] [MQTT-3.1.4-1]', async () => {
  await refused({ flags: 0x03 }, 0x81)
  await refused({ flags: 0x01 }, 0x81)
  await refused({ flags: 0x07, will }, 0x81)
})

for (const [fields, flags] of [
  [{}, 0x02],
  [{ will }, 0x06],
  [{ will }, 0x26],
  [{ username: 'u' }, 0x82],
  [{ password: 'p' }, 0x42],
  [{ username: 'u', password: 'p' }, 0xc2],
  [{ will, username: 'u', password: 'p' }, 0xf6],
] as const) {
  test(`CONNECT with flags 0x${flags.toString(16)} and the fields they announce is accepted [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.2-18] [MQTT-3.1.2-19]`, async () => {
    await broker.connect(v5, { ...fields, flags })
  })
}

test('Will Flag without the Will fields is refused [MQTT-3.1.2-9]', async () => {
  await refused({ flags: 0x06 }, 0x81)
  await refused({ flags: 0x06, will: { topic: null, payload: null } }, 0x81)
  await refused({ flags: 0x06, will: { topic: 'a', payload: null } }, 0x81)
  await refused({ flags: 0x06, will: { topic: 'a', payload: 'x', properties: null } }, 0x81)
})

test('Will fields without Will Flag are refused [MQTT-3.1.2-9] [MQTT-3.1.4-1]', async () => {
  await refused({ flags: 0x02, will }, 0x81)
})

test('Will QoS without Will Flag is refused [MQTT-3.1.2-11]', async () => {
  for (const flags of [0x0a, 0x12, 0x1a]) await refused({ flags }, 0x81, 0x82)
})

test('Will Retain without Will Flag is refused [MQTT-3.1.2-13]', async () => {
  await refused({ flags: 0x22 }, 0x81, 0x82)
})

test('Will QoS 3 is refused [MQTT-3.1.2-12]', async () => {
  await refused({ flags: 0x1e, will }, 0x81)
  await refused({ flags: 0x3e, will }, 0x81)
})

for (const qos of [0, 1, 2]) {
  test(`Will QoS ${qos} is accepted and used [MQTT-3.1.2-12] [MQTT-3.1.2-9]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: topic, qos: 2 })
    const client = await broker.connect(v5, { will: { topic, payload: 'x', qos } })
    await client.end()
    await reader.expect('publish', { topic, payload: 'x', qos })
  })
}

test('a user name without its flag is refused [MQTT-3.1.2-16]', async () => {
  await refused({ flags: 0x02, username: 'u' }, 0x81)
  await refused({ flags: 0x42, username: 'u', password: 'p' }, 0x81)
})

test('User Name Flag without a user name is refused [MQTT-3.1.2-17]', async () => {
  await refused({ flags: 0x82 }, 0x81)
})

test('a password without its flag is refused [MQTT-3.1.2-18]', async () => {
  await refused({ flags: 0x02, password: 'p' }, 0x81)
  await refused({ flags: 0x82, username: 'u', password: 'p' }, 0x81)
})

test('Password Flag without a password is refused [MQTT-3.1.2-19]', async () => {
  await refused({ flags: 0x42 }, 0x81)
  await refused({ flags: 0xc2, username: 'u' }, 0x81)
})

test('CONNECT without Client Identifier is refused [MQTT-3.1.3-3]', async () => {
  await refused({ clientId: null }, 0x81)
})

test('CONNECT with bytes after the last field is refused [MQTT-3.1.4-1]', async () => {
  await refused({ trailing: hex`00` }, 0x81)
  await refused({ username: 'u', password: 'p', trailing: prefixed('more') }, 0x81)
})

test('the fields are read in their order: Client Identifier, Will, User Name, Password [MQTT-3.1.3-1] [MQTT-3.1.3-3]', async () => {
  const [clientId, topic] = [fresh(), fresh()]
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const fields = {
    clientId,
    will: { topic, payload: 'the payload', properties: { contentType: 'the type' } },
    username: 'the user',
    password: 'the password',
    properties: { sessionExpiryInterval: 60 },
  }
  const client = await broker.connect(v5, fields)
  await client.end()
  await reader.expect('publish', { topic, payload: 'the payload', properties: { contentType: 'the type' } })
  await broker.resume(v5, { clientId })
})

test('Will Properties stand before the Will Topic [MQTT-3.1.3-1]', async () => {
  const client = await broker.open(v5)
  const head = hex`0004 ${Buffer.from('MQTT')} 05 06 0000 00 ${prefixed('order')}`
  // Topic, properties, payload. In the right order this is an empty property section and a topic longer than the packet.
  client.send(hex`10 ${head.length + 7} ${head} ${prefixed('w')} 00 ${prefixed('x')}`)
  await client.expectRefused()
})

test(
  'User Name and Password may be empty, and the Password any bytes [MQTT-3.1.3-12] [MQTT-3.1.2-19]',
  broker.ours,
  async () => {
    await broker.connect(v5, { username: '', password: '' })
    await broker.connect(v5, { username: 'u', password: hex`00 ff fe c3 28` })
  },
)

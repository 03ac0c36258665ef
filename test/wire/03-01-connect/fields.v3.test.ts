import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import type { ConnectFields } from '../../kit/packets.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const will = { topic: 'w', payload: 'x' }

const malformed: Record<string, readonly [tags: string, fields: ConnectFields]> = {
  'a Will Flag without Will Topic': ['[MQTT3-3.1.2-9]', { flags: 0x06 }],
  'a Will Flag without Will Message': ['[MQTT3-3.1.2-9]', { will: { topic: 'w', payload: null } }],
  'a Will Message longer than the packet': ['[MQTT3-3.1.2-9]', { flags: 0x06, trailing: hex`0001 77 0009 78` }],
  'Will fields without a Will Flag': ['[MQTT3-3.1.2-11]', { will, flags: 0x02 }],
  'Will QoS 1 without a Will Flag': ['[MQTT3-3.1.2-11] [MQTT3-3.1.2-13]', { flags: 0x0a }],
  'Will QoS 2 without a Will Flag': ['[MQTT3-3.1.2-11] [MQTT3-3.1.2-13]', { flags: 0x12 }],
  'Will QoS 3 without a Will Flag': ['[MQTT3-3.1.2-13]', { flags: 0x1a }],
  'Will Retain without a Will Flag': ['[MQTT3-3.1.2-11] [MQTT3-3.1.2-15]', { flags: 0x22 }],
  'Will QoS 3': ['[MQTT3-3.1.2-14]', { will, flags: 0x1e }],
  'a user name without its flag': ['[MQTT3-3.1.2-18]', { username: 'u', flags: 0x02 }],
  'a User Name Flag without a user name': ['[MQTT3-3.1.2-19]', { flags: 0x82 }],
  'a user name longer than the packet': ['[MQTT3-3.1.2-19]', { flags: 0x82, trailing: hex`0005 75` }],
  'a password without its flag': ['[MQTT3-3.1.2-20]', { username: 'u', password: 'p', flags: 0x82 }],
  'a Password Flag without a password': ['[MQTT3-3.1.2-21]', { username: 'u', flags: 0xc2 }],
  'a password longer than the packet': ['[MQTT3-3.1.2-21]', { flags: 0xc2, trailing: hex`0001 75 0009 70` }],
  'a password but no user name': ['[MQTT3-3.1.2-22]', { password: 'p' }],
  'no client identifier': ['[MQTT3-3.1.3-3]', { clientId: null }],
}

for (const [name, [tags, fields]] of Object.entries(malformed)) {
  test(`CONNECT with ${name} closes the connection without CONNACK [MQTT3-3.1.4-1] ${tags}`, async () => {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: fresh(), ...fields }))
    await client.expectClosed()
  })
}

test('an empty payload closes the connection without CONNACK, whatever the flags [MQTT3-3.1.3-3]', async () => {
  for (const flags of [0x00, 0x02, 0x06, 0x82, 0xc2, 0xc6]) {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: null, flags }))
    await client.expectClosed()
  }
})

test('a user name alone, an empty one, and an empty password are good [MQTT3-3.1.2-18] [MQTT3-3.1.2-19] [MQTT3-3.1.2-20] [MQTT3-3.1.2-21]', async () => {
  await broker.connect(v4, { username: 'u' })
  await broker.connect(v4, { username: '' })
  await broker.connect(v4, { username: 'u', password: '' })
  await broker.connect(v4, { username: 'u', password: hex`00 ff fe` })
})

for (const qos of [0, 1, 2]) {
  test(`a Will at QoS ${qos} is accepted and published at it [MQTT3-3.1.2-9] [MQTT3-3.1.2-14]`, async () => {
    const topic = fresh()
    const watcher = await broker.connect(v4)
    await watcher.subscribe({ filter: topic, qos: 2 })
    const client = await broker.connect(v4, { will: { topic, payload: 'gone', qos } })
    client.destroy()
    await watcher.expect('publish', { topic, payload: 'gone', qos, retain: false })
  })
}

test('the payload fields are read in their order [MQTT3-3.1.3-1]', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe({ filter: topic, qos: 2 })
  const client = await broker.connect(v4, {
    clientId: fresh(),
    will: { topic, payload: 'the will', qos: 1, retain: true },
    username: 'the user',
    password: 'the password',
  })
  client.destroy()
  await watcher.expect('publish', { topic, payload: 'the will', qos: 1 })
})

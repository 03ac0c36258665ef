import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScramAuthenticator } from '../../../src/authn/scram/scram.ts'
import { createVerifier } from '../../../src/authn/scram/scram-verifier.ts'
import { type Broker, createBroker, Reason } from '../../../src/index.ts'
import { v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { UsersFolder } from './password-kit.ts'
import { ScramClient } from './scram-client.ts'

const method = 'SCRAM-SHA-256'

async function usersOf(...names: string[]): Promise<string> {
  const lines = await Promise.all(
    names.map(async (name) => `${name}:${await createVerifier(method, 'pencil', 4_096)}\n`),
  )
  return lines.join('')
}

async function brokerFor(folder: UsersFolder): Promise<Broker> {
  const options = { file: folder.path, methods: [method] } as const
  const authenticator = folder.keep(await openScramAuthenticator(options, folder))
  return await createBroker({ listen: ['mqtt://127.0.0.1:0'], authenticator })
}

const said = (data: Buffer) => ({ authenticationMethod: method, authenticationData: data })

async function challenged(wire: WireClient, client: ScramClient): Promise<Buffer> {
  const { properties } = await wire.expect('auth', { code: 0x18, properties: { authenticationMethod: method } })
  return client.final(properties.authenticationData ?? assert.fail('no challenge'))
}

/** Sends CONNECT and the proof. */
async function introduce(broker: Broker, client: ScramClient, username?: string): Promise<WireClient> {
  const wire = await WireClient.open({ host: '127.0.0.1', port: broker.addresses[0]?.port ?? 0 }, v5)
  const name = username === undefined ? {} : { username }
  wire.send(v5.connect({ clientId: 'c', ...name, properties: said(client.first()) }))
  const proof = await challenged(wire, client)
  wire.send(v5.auth({ reason: 0x18, properties: said(proof) }))
  return wire
}

async function connected(broker: Broker, client: ScramClient, username?: string): Promise<WireClient> {
  const wire = await introduce(broker, client, username)
  const { properties } = await wire.expect('connack', { code: 0, properties: { authenticationMethod: method } })
  assert.ok(client.trusts(properties.authenticationData ?? assert.fail('no signature')))
  return wire
}

async function reauthenticated(wire: WireClient, client: ScramClient): Promise<void> {
  wire.send(v5.auth({ reason: 0x19, properties: said(client.first()) }))
  const proof = await challenged(wire, client)
  wire.send(v5.auth({ reason: 0x18, properties: said(proof) }))
}

test('a client of MQTT 5 gets in with SCRAM, and proves itself again on the connection [MQTT-4.12.1-1]', async () => {
  await using folder = new UsersFolder('users', await usersOf('user'))
  await using broker = await brokerFor(folder)
  for (const username of [undefined, 'user']) {
    const wire = await connected(broker, new ScramClient(method, 'user', 'pencil'), username)
    for (const nonce of ['first', 'second']) {
      const client = new ScramClient(method, 'user', 'pencil', nonce)
      await reauthenticated(wire, client)
      const { properties } = await wire.expect('auth', { code: 0 })
      assert.ok(client.trusts(properties.authenticationData ?? assert.fail('no signature')))
    }
    await wire.expectNoMore()
    await wire.disconnect()
  }
})

test('a wrong password and an unknown name are refused alike [MQTT-4.12.0-4]', async () => {
  await using folder = new UsersFolder('users', await usersOf('user'))
  await using broker = await brokerFor(folder)
  for (const [name, password] of [
    ['user', 'Pencil'],
    ['nobody', 'pencil'],
  ] as const) {
    const wire = await introduce(broker, new ScramClient(method, name, password))
    const { properties } = await wire.expect('connack', { code: Reason.NotAuthorized })
    assert.equal(properties.reasonString, 'not authorized')
    await wire.expectClosed()
  }
})

test('who proves to be somebody else, or nobody, on a connection loses it [MQTT-4.12.1-2]', async () => {
  await using folder = new UsersFolder('users', await usersOf('user', 'other'))
  await using broker = await brokerFor(folder)
  for (const [name, password] of [
    ['other', 'pencil'],
    ['user', 'wrong'],
  ] as const) {
    const wire = await connected(broker, new ScramClient(method, 'user', 'pencil'))
    await reauthenticated(wire, new ScramClient(method, name, password))
    await wire.expectDisconnect(Reason.NotAuthorized)
  }
})

test('a user that is removed loses the connection, and is told why', async () => {
  await using folder = new UsersFolder('users', await usersOf('user'))
  await using broker = await brokerFor(folder)
  const wire = await connected(broker, new ScramClient(method, 'user', 'pencil'))
  await folder.change('')
  const { properties } = await wire.expect('disconnect', { code: Reason.NotAuthorized })
  assert.equal(properties.reasonString, 'not authorized: the user was removed')
  await wire.expectClosed()
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connectAsync, type IClientOptions, type IDisconnectPacket, type MqttClient } from 'mqtt'
import { openTokenAuthenticator } from '../../src/authn/token/token.ts'
import { silentLog } from '../../src/base/log.ts'
import { WatchedFiles } from '../../src/base/watched-files.ts'
import { type Authenticator, type Broker, createBroker, systemClock } from '../../src/index.ts'
import { v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { tokenOptions } from '../unit/authn/token-kit.ts'
import { installed, Program } from './cli-kit.ts'
import { audience, Issuer } from './tokens-issuer.ts'

const python = fileURLToPath(new URL('../../node_modules/.cache/petaltail-peers/bin/python', import.meta.url))
const script = fileURLToPath(new URL('tokens-paho.py', import.meta.url))
const paho = existsSync(python) ? false : 'the Paho client is not installed (npm run peers)'
const mosquitto = installed('mosquitto_pub') === null ? 'mosquitto_pub is not installed' : false
const method = 'OAUTH2-JWT'

let issuer: Issuer
let authenticator: Authenticator
let broker: Broker

before(async () => {
  issuer = await Issuer.open('ES256')
  const options = tokenOptions({ issuers: [], audiences: [audience], keys: { discovery: issuer.url, cooldown: 1 } })
  const clock = systemClock()
  authenticator = await openTokenAuthenticator(options, { log: silentLog, clock, files: new WatchedFiles() })
  broker = await createBroker({ listen: [{ url: 'mqtt://127.0.0.1:0', allowAnonymous: false }], authenticator, clock })
})

after(async () => {
  await broker.close()
  await authenticator.close?.()
  await issuer[Symbol.asyncDispose]()
})

function port(): number {
  return broker.addresses[0]?.port ?? 0
}

async function join(options: IClientOptions): Promise<MqttClient> {
  return await connectAsync(`mqtt://127.0.0.1:${port()}`, { reconnectPeriod: 0, ...options }, false)
}

/** The code of CONNACK that refuses. */
async function refusal(options: IClientOptions): Promise<unknown> {
  const error: unknown = await join(options).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error && 'code' in error)
  return error.code
}

for (const protocolVersion of [4, 5] as const) {
  test(`MQTT.js, MQTT ${protocolVersion}: a token as password lets in, a changed one does not`, async () => {
    const token = await issuer.token()
    const client = await join({ protocolVersion, username: 'oauth2', password: token })
    await client.publishAsync('a', 'b', { qos: 1 })
    await client.endAsync()
    const changed = token.replace(/\.[^.]*\./, (claims) => claims.replace(/..$/, 'A.'))
    const code = protocolVersion === 5 ? 0x86 : 4
    assert.equal(await refusal({ protocolVersion, username: 'oauth2', password: changed }), code)
  })
}

test('MQTT.js: enhanced authentication with a token lets in', async () => {
  const properties = { authenticationMethod: method, authenticationData: Buffer.from(await issuer.token()) }
  const client = await join({ protocolVersion: 5, properties })
  await client.endAsync()
  const wrong = { authenticationMethod: method, authenticationData: Buffer.from('no token') }
  assert.equal(await refusal({ protocolVersion: 5, properties: wrong }), 0x87)
})

test('mosquitto_pub gets in with a token as password', { skip: mosquitto }, async () => {
  const given = ['-p', String(port()), '-u', 'oauth2', '-P', await issuer.token(), '-t', 'a', '-m', 'b', '-q', '1']
  await using program = new Program('mosquitto_pub', given)
  assert.equal((await program.ended).code, 0)
})

for (const way of ['password', 'method']) {
  test(`the Paho client gets in with a token by ${way}`, { skip: paho }, async () => {
    await using program = new Program(python, [script, String(port()), await issuer.token(), way])
    const outcome = await program.ended
    assert.equal(outcome.stdout.toString().trim(), 'Success', outcome.stderr)
  })
}

/** A client that was let in by the method. */
async function authenticated(token: string): Promise<WireClient> {
  const client = await WireClient.open({ host: '127.0.0.1', port: port() }, v5)
  client.send(v5.connect({ clientId: 'wire', properties: { authenticationMethod: method, authenticationData: token } }))
  await client.expect('connack', { code: 0, properties: { authenticationMethod: method } })
  return client
}

function again(token: string): Buffer {
  return v5.auth({ reason: 0x19, properties: { authenticationMethod: method, authenticationData: token } })
}

test('a client authenticates anew with a fresh token on its live connection [MQTT-4.12.1-1]', async () => {
  const client = await authenticated(await issuer.token())
  for (let round = 0; round < 2; round++) {
    client.send(again(await issuer.token()))
    await client.expect('auth', { code: 0, properties: { authenticationMethod: method } })
  }
  await client.expectNoMore()
  client.destroy()
})

test('a bad token ends the connection that authenticates anew with it [MQTT-4.12.1-2]', async () => {
  const client = await authenticated(await issuer.token())
  client.send(again('no token'))
  await client.expectDisconnect(0x87)
})

test('a connection ends with its token, unless a fresh one came in time', async () => {
  const renewed = await authenticated(await issuer.token(audience, 4))
  renewed.send(again(await issuer.token()))
  await renewed.expect('auth', { code: 0 })
  const token = await issuer.token(audience, 4)
  const client = await join({ protocolVersion: 5, username: 'oauth2', password: token })
  const packet = await new Promise<IDisconnectPacket>((resolve) => client.once('disconnect', resolve))
  await client.endAsync(true)
  assert.equal(packet.reasonCode, 0x87)
  assert.match(packet.properties?.reasonString ?? '', /the token expired at /)
  await renewed.expectNoMore()
  renewed.destroy()
  assert.equal(await refusal({ protocolVersion: 5, username: 'oauth2', password: token }), 0x86)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publish, receive } from '../kit/exchange.ts'
import { type ConnectFields, v4 } from '../kit/packets.ts'
import { cheapLine } from '../unit/authn/password-kit.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { type Bearing, notAuthorized, Pki, patient, Site } from './identity-kit.ts'

// Whose a session is, when the same name can be proved in several ways.
const sessionTakenOver = 0x8e
const quotaExceeded = 0x97
const pki = new Pki()
const signer = new Signer()
const own = pki.issue('pump')
const kept: ConnectFields = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

let site: Site

before(async () => {
  const users = await Promise.all(['pump', 'valve'].map((name) => cheapLine(name, name)))
  site = await Site.open({
    config: (at, write) => ({
      authentication: patient,
      store: { path: at('data') },
      session: { maximum_per_identity: 2 },
      authenticators: [
        { password: { file: write('users', users.join('')) } },
        { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
        { certificate: {} },
      ],
      listeners: [
        { url: 'mqtt://127.0.0.1:0', authenticators: ['password', 'token'], allow_anonymous: true },
        {
          url: 'mqtts://127.0.0.1:0',
          tls: pki.section(write, { client_certificate: 'require' }),
          authenticators: ['certificate'],
        },
      ],
    }),
  })
})

after(() => site[Symbol.asyncDispose]())

type Way = readonly [fields: ConnectFields, bearing: Bearing]

const byPassword = (name = 'pump'): Way => [{ username: name, password: name }, {}]
const anonymous: Way = [{}, {}]
const byCertificate: Way = [{}, { listener: 1, tls: pki.showing(own) }]
const byToken: Way = [
  {
    username: 'oauth2',
    password: signer.token({ iss: issuer, aud: audience, sub: 'pump', exp: Math.floor(Date.now() / 1_000) + 600 }),
  },
  {},
]

const join = ([fields, bearing]: Way, clientId: string, more = kept) =>
  site.join({ ...fields, ...more, clientId }, bearing)
const knock = ([fields, bearing]: Way, clientId: string, more = kept) =>
  site.knock({ ...fields, ...more, clientId }, bearing)

/** Ends a session. */
async function forget(way: Way, clientId: string): Promise<void> {
  const client = await join(way, clientId, { clean: true })
  await client.disconnect()
}

const belongsToOther = { code: notAuthorized, reason: 'not authorized: the client identifier belongs to somebody else' }

test('a session is that of its name, by password, certificate and token, and of nobody else', async () => {
  const first = await join(byPassword(), 'box')
  await first.subscribe({ filter: 'to/box', qos: 1 })
  for (const other of [anonymous, byPassword('valve')]) {
    assert.deepEqual(await knock(other, 'box'), belongsToOther)
    const [fields, bearing] = other
    const older = await site.knock({ ...fields, clean: false, clientId: 'box' }, { ...bearing, packets: v4 })
    assert.equal(older.code, 5)
  }
  await first.expectNoMore()
  await first.disconnect()
  for (const [index, way] of [byCertificate, byToken, byPassword()].entries()) {
    // Taking it up with a clean start would end it.
    for (const more of [kept, { clean: true }]) assert.deepEqual(await knock(anonymous, 'box', more), belongsToOther)
    const writer = await join(anonymous, '', { clean: true })
    await publish(writer, { topic: 'to/box', qos: 1, payload: String(index) })
    await writer.disconnect()
    const [fields, bearing] = way
    const client = await site.client({ ...fields, ...kept, clientId: 'box' }, bearing)
    await client.expect('connack', { code: 0, sessionPresent: true })
    await receive(client, { topic: 'to/box', payload: String(index) })
    await client.disconnect()
  }
  await forget(byPassword(), 'box')
})

test('a name takes over its own connection, however it was proved', async () => {
  const first = await join(byPassword(), 'both')
  const second = await join(byCertificate, 'both')
  await first.expectDisconnect(sessionTakenOver)
  const third = await join(byToken, 'both')
  await second.expectDisconnect(sessionTakenOver)
  await third.disconnect()
  await forget(byPassword(), 'both')
})

test('the session of an anonymous client becomes that of the first name that takes it up', async () => {
  const nobody = await join(anonymous, 'found')
  await nobody.disconnect()
  const pump = await join(byCertificate, 'found')
  await pump.disconnect()
  assert.deepEqual(await knock(anonymous, 'found'), belongsToOther)
  assert.deepEqual(await knock(byPassword('valve'), 'found'), belongsToOther)
  await forget(byPassword(), 'found')
  assert.equal((await knock(anonymous, 'found', { clean: true })).code, 0)
})

test('a name has no more sessions than it may have, all ways to prove it counted together, also after a restart', async () => {
  const one = await join(byPassword(), 'one')
  await one.subscribe({ filter: 'to/one', qos: 1 })
  const two = await join(byCertificate, 'two')
  const refusal = 'quota exceeded: 2 sessions are as many as this identity may have'
  const full = async () => {
    for (const way of [byPassword(), byCertificate, byToken])
      for (const more of [kept, { clean: true }])
        assert.deepEqual(await knock(way, 'three', more), { code: quotaExceeded, reason: refusal })
    const [fields, bearing] = byPassword()
    assert.equal((await site.knock({ ...fields, clientId: 'three' }, { ...bearing, packets: v4 })).code, 3)
    assert.equal((await knock(byPassword('valve'), 'four', { clean: true })).code, 0)
  }
  await full()
  await two.disconnect()
  await full()
  await one.disconnect()
  assert.equal(await site.stop(), 0)
  await site.start()
  await full()
  for (const other of [anonymous, byPassword('valve')]) assert.deepEqual(await knock(other, 'one'), belongsToOther)
  const [fields, bearing] = byCertificate
  const back = await site.client({ ...fields, ...kept, clientId: 'one' }, bearing)
  await back.expect('connack', { code: 0, sessionPresent: true })
  const writer = await join(byPassword('valve'), '', { clean: true })
  await publish(writer, { topic: 'to/one', qos: 1, payload: 'still subscribed' })
  await receive(back, { payload: 'still subscribed' })
  await back.disconnect()
  await forget(byToken, 'two')
  assert.equal((await knock(byToken, 'three')).code, 0)
})

test('a user that is removed leaves its session to its name, not to others', async () => {
  const pump = await join(byPassword(), 'one')
  site.write('users', site.read('users').replace(/^pump:.*\n/m, ''))
  site.reload()
  const { properties } = await pump.expectDisconnect(notAuthorized)
  assert.equal(properties.reasonString, 'not authorized: the user was removed')
  assert.deepEqual(await knock(anonymous, 'one'), belongsToOther)
  const [fields, bearing] = byCertificate
  const back = await site.client({ ...fields, ...kept, clientId: 'one' }, bearing)
  await back.expect('connack', { code: 0, sessionPresent: true })
})

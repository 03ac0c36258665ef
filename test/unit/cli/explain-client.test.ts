import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Failure } from '../../../src/cli/failure.ts'
import { audience, issuer, type Json, Signer } from '../authn/token-kit.ts'
import { certificatePem, type Holder, holder } from '../pki/facts-kit.ts'
import { place, usersText } from './explain-kit.ts'

const users = `
listeners: [{ url: mqtt://127.0.0.1:0, name: inside }]
authenticators: [{ password: { file: '%/users.yaml' } }]
`

function withUsers(t: TestContext, more = '') {
  return place(t, users + more, { 'users.yaml': usersText })
}

test('a user of a file is who the file says, and the place of that is told', async (t) => {
  const { who, path } = withUsers(t)
  const { client, from, refused, notes } = await who({ user: 'alice' })
  const facts = { roles: ['operator'], groups: ['east'], attributes: { area: 'north' } }
  assert.deepEqual(client.identity, { name: 'alice', method: 'password', ...facts })
  assert.deepEqual(
    { from, refused, notes },
    { from: `the user "alice" in ${path}/users.yaml`, refused: null, notes: [] },
  )
  assert.deepEqual([client.listener, client.peer.address, client.peer.loopback], ['inside', '127.0.0.1', true])
})

test('roles, groups and attributes that are given come on top of those in the file', async (t) => {
  const { who } = withUsers(t)
  const given = {
    role: ['operator', 'admin'],
    group: ['west'],
    attribute: ['area=south', 'tag=a', 'tag=b', 'floor:=3'],
  }
  const { identity } = (await who({ user: 'alice', ...given })).client
  assert.deepEqual(identity.roles, ['operator', 'admin'])
  assert.deepEqual(identity.groups, ['east', 'west'])
  assert.deepEqual(identity.attributes, { area: 'south', tag: ['a', 'b'], floor: 3 })
})

test('it is said why a client would not be let in', async (t) => {
  const { who } = withUsers(t, "authentication: { client_ids: ['{name}', '{name}-*'] }")
  assert.match((await who({ user: 'carol', client: 'carol' })).refused ?? '', /"carol" is disabled in .*users.yaml/)
  assert.match((await who({ user: 'dave' })).refused ?? '', /dave may not use the client identifier "c".*dave-\*/)
  assert.match((await who({ user: 'alice' })).refused ?? '', /alice may not use the client identifier "c"/)
  assert.equal((await who({ user: 'dave', client: 'dave-1' })).refused, null)
  assert.match((await who()).refused ?? '', /clients that prove nothing are not let in at inside/)
  assert.equal((await who({ user: 'eve', client: 'eve' })).refused, 'nobody knows the user "eve"')
})

test('a user that only a service may know is not called unknown', async (t) => {
  const { who } = place(t, "authenticators: [{ name: web, http: { url: 'http://127.0.0.1:1/' } }]")
  const { refused, notes, client } = await who({ user: 'eve' })
  assert.deepEqual([refused, client.identity], [null, { name: 'eve', method: 'http' }])
  assert.match(notes.join('\n'), /the service of "web" was not asked.*\n.*no file knows the user "eve"/)
})

test('where nobody asks who clients are, a user name proves nothing', async (t) => {
  const { who } = place(t, '')
  const { refused, client, notes } = await who({ user: 'alice' })
  assert.deepEqual([refused, client.identity], [null, { name: 'alice', method: 'anonymous' }])
  assert.match(notes.join(), /a user name proves nothing/)
})

const tokens = `
listeners: [{ url: mqtt://127.0.0.1:0 }]
authenticators: [{ token: { keys: KEYS, issuers: ['${issuer}'], audiences: ['${audience}'], roles: [roles] } }]
`
const claims: Json = { iss: issuer, aud: audience, sub: 'pump-7', exp: 4e9, roles: ['device'] }

test('a token is read by the authenticator that takes it, and checked with keys in files', async (t) => {
  const signer = new Signer()
  const keys = JSON.stringify({ keys: [signer.jwk] })
  const { who } = place(t, tokens.replace('KEYS', "{ jwks_file: '%/keys.json' }"), { 'keys.json': keys })
  const good = await who({ token: signer.token(claims) })
  assert.deepEqual([good.client.identity.name, good.client.identity.roles, good.refused], ['pump-7', ['device'], null])
  assert.deepEqual(good.notes, [])
  const forged = await who({ token: new Signer('ES256', 'k1').token(claims) })
  assert.equal(forged.refused, 'the token has a signature that is not right')
  await assert.rejects(who({ token: 'x' }), /the token is not a signed JSON Web Token/)
  await assert.rejects(who({ token: signer.token({ ...claims, iss: 'other' }) }), /nobody takes this token/)
})

test('a token whose keys are at a server is not checked, which is said, and nobody is asked', async (t) => {
  const { who, write } = place(t, tokens.replace('KEYS', "{ jwks_url: 'https://192.0.2.1/keys' }"))
  const tokenFile = write('token', `${new Signer().token(claims)}\n`)
  const { refused, notes, client } = await who({ tokenFile })
  assert.deepEqual([client.identity.name, refused], ['pump-7', null])
  assert.deepEqual(notes, [
    'the signature of the token was not checked: the keys are at https://192.0.2.1/keys, and nobody was asked',
  ])
})

const authority = holder({ name: [['CN', 'Authority']], authority: true })
const between = holder({ name: [['CN', 'Between']], issuer: authority, authority: true })
const pump = holder({
  name: [
    ['O', 'Example'],
    ['CN', 'pump-7'],
  ],
  issuer: authority,
})
const tls = `
listeners:
  - url: mqtt://127.0.0.1:0
  - { url: mqtts://127.0.0.1:0, name: secure, tls: { client_certificate: request, client_ca: ['%/ca.pem'] } }
authenticators: [{ certificate: { attributes: true } }]
`

function withCertificates(t: TestContext, own: readonly Holder[]) {
  const [first, ...others] = own
  assert.ok(first !== undefined)
  const files = { 'ca.pem': certificatePem(authority), 'own.pem': certificatePem(first, ...others) }
  const placed = place(t, tls, files)
  return { ...placed, cert: join(placed.path, 'own.pem') }
}

test('a certificate makes the client that the listener which asks for one would let in', async (t) => {
  const { who, cert, write } = withCertificates(t, [pump])
  const { client, refused, from } = await who({ cert })
  assert.deepEqual([client.identity.name, client.identity.method, refused], ['pump-7', 'certificate', null])
  assert.deepEqual(client.identity.attributes, { O: 'Example', CN: 'pump-7' })
  assert.deepEqual([client.listener, from], ['secure', 'its certificate, read by "certificate"'])
  const der = await who({ cert: write('own.der', pump.certificate) })
  assert.equal(der.client.identity.name, 'pump-7')
})

test('a certificate below an authority that came with it is as good', async (t) => {
  const below = holder({ name: [['CN', 'below']], issuer: between })
  const { who, cert } = withCertificates(t, [below, between])
  assert.equal((await who({ cert })).refused, null)
  const alone = withCertificates(t, [below])
  assert.match(
    (await alone.who({ cert: alone.cert })).refused ?? '',
    /is signed by an authority that is not known here/,
  )
})

test('a certificate that is not accepted still shows who the client would be', async (t) => {
  const cases: [Holder, RegExp][] = [
    [holder({ name: [['CN', 'x']] }), /signed by/],
    [holder({ name: [['CN', 'x']], issuer: authority, notAfter: 1_000_000 }), /expired on 1970/],
    [holder({ name: [['CN', 'x']], issuer: { ...authority, privateKey: pump.privateKey } }), /signed by an authority/],
    [holder({ name: [['CN', 'x']], issuer: pump }), /signed by an authority/],
  ]
  for (const [own, why] of cases) {
    const { who, cert } = withCertificates(t, [own, pump])
    const { client, refused } = await who({ cert })
    assert.equal(client.identity.name, 'x')
    assert.match(refused ?? '', why)
  }
  const { who, cert } = withCertificates(t, [pump])
  const elsewhere = await who({ cert, listener: 'mqtt://127.0.0.1:0' })
  assert.equal(elsewhere.refused, 'the listener mqtt://127.0.0.1:0 asks for no certificate')
})

const devices = `${tls.replace('certificate: { attributes: true }', "devices: { files: ['%/devices.yaml'] }")}`
const registry = `devices:
  - { name: pump-7, attributes: { area: north } }
  - { name: pump-8, state: disabled }
`

test('a device is known by its name, and by its certificate', async (t) => {
  const files = { 'ca.pem': certificatePem(authority), 'own.pem': certificatePem(pump), 'devices.yaml': registry }
  const { who, path } = place(t, devices, files)
  const byName = await who({ user: 'pump-7' })
  assert.deepEqual(byName.client.identity, { name: 'pump-7', method: 'certificate', attributes: { area: 'north' } })
  assert.equal(byName.from, `the device "pump-7" in ${path}/devices.yaml`)
  assert.match(byName.notes.join(), /the certificate of the device was not looked at/)
  assert.match((await who({ user: 'pump-8' })).refused ?? '', /"pump-8" is disabled/)
  const shown = await who({ cert: join(path, 'own.pem') })
  assert.deepEqual([shown.client.identity.attributes, shown.refused, shown.notes], [{ area: 'north' }, null, []])
  const other = await who({ cert: join(path, 'own.pem'), user: 'pump-8' })
  assert.match(other.refused ?? '', /pump-8 does not have the name of the device/)
})

test('mistakes of the command line are told', async (t) => {
  const { who, write } = withUsers(t)
  const cases: [Parameters<typeof who>[0], RegExp][] = [
    [{ token: 'x', tokenFile: 'y' }, /either --token or --token-file/],
    [{ token: 'x', user: 'y' }, /either --user or a token/],
    [{ anonymous: true, user: 'x' }, /--anonymous is a client without/],
    [{ address: 'localhost' }, /"localhost" is no IP address/],
    [{ attribute: ['x'] }, /"x" is neither NAME=TEXT nor NAME:=NUMBER/],
    [{ attribute: ['=x'] }, /neither NAME=TEXT/],
    [{ attribute: ['x:=y'] }, /"y" is no whole number/],
    [{ listener: 'other' }, /there is no other, but inside/],
    [{ cert: 'missing.pem' }, /missing.pem: cannot be read \(ENOENT\)/],
    [{ cert: write('none.pem', '') }, /has no usable certificate/],
    [
      { cert: write('bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') },
      /no usable certificate/,
    ],
  ]
  for (const [given, message] of cases)
    await assert.rejects(who(given), (error) => error instanceof Failure && message.test(error.message))
})

test('names of attributes are only names', async (t) => {
  const { who } = withUsers(t)
  const { attributes = {} } = (await who({ attribute: ['__proto__=x', 'constructor=y'] })).client.identity
  assert.deepEqual(Object.keys(attributes).sort(), ['__proto__', 'constructor'])
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype)
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { openTokenAuthenticator } from '../../../src/authn/token/token.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Authenticator, Peer, TlsDetails } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { fc } from '../../kit/fast-check.ts'
import { selfSigned, skip } from './token-certificates.ts'
import {
  assertDenial,
  audience,
  clientOf,
  credentials,
  denialFor,
  Files,
  identityFor,
  issuer,
  type Json,
  keySet,
  Lines,
  peer,
  Signer,
  tokenOptions,
} from './token-kit.ts'

const signer = new Signer('ES256', 'k1')
const other = new Signer('ES256', 'k2')

/** An authenticator with a key file, for the scope. */
class Scene implements AsyncDisposable {
  readonly files = new Files()
  readonly watched = new WatchedFiles()
  readonly clock: FakeClock
  readonly log = new Lines()
  #authenticator: Authenticator | null = null
  changes = 0

  constructor(clock = new FakeClock()) {
    this.clock = clock
  }

  static async open(section: Json = {}, signers: readonly Signer[] = [signer]): Promise<Scene> {
    const scene = new Scene()
    return await scene.use({ keys: { jwksFile: scene.files.write('keys.json', keySet(...signers)) }, ...section })
  }

  async use(section: Json): Promise<this> {
    const { log, clock, watched } = this
    this.#authenticator = await openTokenAuthenticator(tokenOptions(section), { log, clock, files: watched })
    this.#authenticator.watch?.(() => this.changes++)
    return this
  }

  get authenticator(): Authenticator {
    assert.ok(this.#authenticator !== null)
    return this.#authenticator
  }

  /** Replaces the key file, as if the change had just been seen. */
  rotate(...signers: readonly Signer[]): void {
    this.files.write('keys.json', keySet(...signers))
    this.watched.reload()
  }

  claims(changed: Json = {}): Json {
    return { iss: issuer, sub: 'pump-7', aud: audience, exp: this.clock.wall() / 1_000 + 60, ...changed }
  }

  async step(data: Buffer | null, from: Peer = peer) {
    return await this.authenticator.begin('OAUTH2-JWT', credentials(null, null, from))?.step(data)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authenticator?.close?.()
    this.watched.close()
    this.files[Symbol.dispose]()
  }
}

for (const algorithm of [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]) {
  test(`a token signed with ${algorithm} is accepted, unless that is not configured`, async () => {
    const own = new Signer(algorithm)
    await using scene = await Scene.open({}, [own])
    assert.equal((await identityFor(scene.authenticator, own.token(scene.claims()))).name, 'pump-7')
    const rest = ['RS256', 'ES256'].filter((name) => name !== algorithm)
    await using stricter = await Scene.open({ algorithms: rest }, [own])
    assert.match((await denialFor(stricter.authenticator, own.token(scene.claims()))).detail, /which is not accepted$/)
  })
}

test('the password is a token where the user name says so; other users are left to others', async () => {
  await using scene = await Scene.open()
  const token = signer.token(scene.claims())
  for (const name of ['OAUTH2', 'oauth', '', 'pump-7', null])
    assert.equal(await scene.authenticator.authenticate(credentials(name, token)), 'unknown')
  const without = assertDenial(await scene.authenticator.authenticate(credentials('oauth2', null)))
  assert.equal(without.detail, 'the user oauth2 sent no token as password')
})

test('with any user name a password that looks like a token is one, and others are left to others', async () => {
  await using scene = await Scene.open({ userName: '*' })
  const token = signer.token(scene.claims())
  for (const name of ['oauth2', 'pump-7', '', null])
    assert.ok(typeof (await scene.authenticator.authenticate(credentials(name, token))) === 'object')
  const passwords = ['', 'secret', 'a.b.c', 'W10.e30.x', 'eyJhIjoxfQ.e30.x', '...', null, Buffer.alloc(65_535, 'a')]
  for (const password of passwords)
    assert.equal(await scene.authenticator.authenticate(credentials('pump-7', password)), 'unknown', String(password))
  const bad = await scene.authenticator.authenticate(credentials('pump-7', `${token}x`))
  assert.equal(assertDenial(bad).reason, Reason.BadUserNameOrPassword)
})

test('tokens are not taken as passwords when that is switched off', async () => {
  await using scene = await Scene.open({ password: false })
  assert.equal(await scene.authenticator.authenticate(credentials('oauth2', signer.token(scene.claims()))), 'unknown')
  assert.equal((await scene.step(Buffer.from(signer.token(scene.claims()))))?.kind, 'success')
})

test('enhanced authentication takes the token as data, by the names of the method that are configured', async () => {
  await using scene = await Scene.open({ methods: ['OAUTH2-JWT', 'CUSTOM-JWT'] })
  const who = credentials(null, null)
  for (const name of ['OAUTH2-JWT', 'CUSTOM-JWT']) {
    const step = await scene.authenticator.begin(name, who)?.step(Buffer.from(signer.token(scene.claims())))
    assert.ok(step?.kind === 'success')
    assert.equal(step.identity.name, 'pump-7')
    assert.equal(step.data, null)
  }
  for (const name of ['oauth2-jwt', 'SCRAM-SHA-256', '']) assert.equal(scene.authenticator.begin(name, who), null)
})

test('enhanced authentication fails with a reason that may also end a connection [MQTT-4.12.0-4]', async () => {
  await using scene = await Scene.open()
  const expired = await scene.step(Buffer.from(signer.token(scene.claims({ exp: 1 }))))
  assert.ok(expired?.kind === 'failure')
  assert.equal(expired.reason, Reason.NotAuthorized)
  assert.equal(expired.told, 'the token expired at 1970-01-01T00:00:01.000Z')
  for (const data of [null, Buffer.alloc(0), Buffer.from('x')]) assert.equal((await scene.step(data))?.kind, 'failure')
})

test('a token is good until its end, and no longer, however often it was used before', async () => {
  await using scene = await Scene.open()
  const token = signer.token(scene.claims())
  const identity = await identityFor(scene.authenticator, token)
  assert.equal(identity.expiresAt, scene.clock.wall() + 60_000)
  scene.clock.advance(59_999)
  assert.equal(await identityFor(scene.authenticator, token), identity)
  scene.clock.advance(1)
  assert.match((await denialFor(scene.authenticator, token)).detail, /^the token of "pump-7" expired at /)
})

test('a token that was seen before is answered at once', async () => {
  await using scene = await Scene.open()
  const token = signer.token(scene.claims())
  const first = scene.authenticator.authenticate(credentials('oauth2', token))
  assert.ok(first instanceof Promise)
  assert.equal(scene.authenticator.authenticate(credentials('oauth2', token)) instanceof Promise, true)
  const identity = await first
  assert.equal(scene.authenticator.authenticate(credentials('oauth2', token)), identity)
})

test('the clock of the issuer may be ahead a little', async () => {
  await using scene = await Scene.open()
  const soon = scene.clock.wall() / 1_000 + 30
  await identityFor(scene.authenticator, signer.token(scene.claims({ nbf: soon, iat: soon })))
  await denialFor(scene.authenticator, signer.token(scene.claims({ nbf: soon + 1 })))
  await denialFor(scene.authenticator, signer.token(scene.claims({ iat: soon + 1 })))
})

test('keys are read again when their file changes, and a bad file changes nothing', async () => {
  await using scene = await Scene.open()
  const [old, fresh] = [signer.token(scene.claims()), other.token(scene.claims())]
  await identityFor(scene.authenticator, old)
  assert.match((await denialFor(scene.authenticator, fresh)).detail, /the key "k2", which is not among those/)
  scene.rotate(other)
  await identityFor(scene.authenticator, fresh)
  assert.match((await denialFor(scene.authenticator, old)).detail, /the key "k1", which is not among those/)
  scene.files.write('keys.json', '{')
  scene.watched.reload()
  await identityFor(scene.authenticator, fresh)
  assert.match(scene.log.lines.at(-1) ?? '', /^error changed token keys cannot be used.*keys\.json: it is not JSON/)
})

test('a client stays when the key of its token is withdrawn, unless that is to be checked again', async () => {
  await using lenient = await Scene.open()
  await using strict = await Scene.open({ recheck: true })
  for (const scene of [lenient, strict]) {
    const client = clientOf(await identityFor(scene.authenticator, signer.token(scene.claims())))
    scene.rotate(signer, other)
    assert.equal(scene.authenticator.review?.(client), null)
    scene.rotate(other)
    assert.equal(scene.authenticator.review?.(client)?.reason, scene === strict ? Reason.NotAuthorized : undefined)
    assert.equal(scene.changes, scene === strict ? 2 : 0)
    assert.equal(scene.authenticator.review?.(clientOf({ name: 'x', method: 'password' })), null)
  }
})

test('a key from a PEM file needs no name, and several are tried', async () => {
  await using scene = new Scene()
  const files = [
    scene.files.write('a.pem', signer.pem),
    scene.files.write('b.pem', new Signer('RS256').pem + other.pem),
  ]
  await scene.use({ keys: { files } })
  for (const { algorithm, keyId, token } of [
    { ...signer, token: signer.token(scene.claims(), { kid: 'anything' }) },
    { ...other, token: other.token(scene.claims(), { kid: undefined }) },
  ])
    assert.equal((await identityFor(scene.authenticator, token)).name, 'pump-7', `${algorithm} ${keyId}`)
  const forged = new Signer('ES256').token(scene.claims())
  assert.match((await denialFor(scene.authenticator, forged)).detail, /has a signature that is not right$/)
})

test('the key of a certificate is good as long as the certificate', { skip }, async () => {
  await using scene = new Scene(new FakeClock(Date.now()))
  const { certificate, key, path } = selfSigned(scene.files)
  const own = Signer.of(key, certificate)
  await scene.use({ keys: { files: [path] } })
  const token = own.token(scene.claims({ exp: Date.now() / 1_000 + 10 * 86_400 }))
  await identityFor(scene.authenticator, token)
  scene.clock.advance(86_400_000)
  assert.match((await denialFor(scene.authenticator, token)).detail, /with a key whose certificate expired/)
})

test('a token that is bound to a certificate is good only where that certificate is', async () => {
  await using scene = await Scene.open()
  const certificate = Buffer.from('a certificate')
  const thumbprint = createHash('sha256').update(certificate).digest('base64url')
  const token = Buffer.from(signer.token(scene.claims({ cnf: { 'x5t#S256': thumbprint } })))
  const tls: TlsDetails = {
    protocol: 'TLSv1.3',
    cipher: '',
    serverName: null,
    alpn: null,
    certificates: [certificate],
    authorized: true,
    failure: null,
  }
  assert.equal((await scene.step(token, { ...peer, tls }))?.kind, 'success')
  const stolen = await scene.step(token, { ...peer, tls: { ...tls, certificates: [Buffer.from('another')] } })
  assert.ok(stolen?.kind === 'failure')
  assert.equal(stolen.told, 'the token is bound to another certificate than that of the client')
  assert.equal((await scene.step(token))?.kind, 'failure')
})

test('what a token must say beyond that is configured', async () => {
  const section = {
    types: ['at+jwt'],
    requiredClaims: ['nbf', 'realm_access.roles'],
    scopes: ['mqtt', 'publish'],
    authorizedParties: ['device-app'],
    maximumLifetime: 3_600,
  }
  await using scene = await Scene.open(section)
  const now = scene.clock.wall() / 1_000
  const claims = scene.claims({
    nbf: now,
    iat: now,
    realm_access: { roles: [] },
    scope: 'publish mqtt x',
    azp: 'device-app',
  })
  const wrong = async (changed: Json, header: Json = { typ: 'at+jwt' }) =>
    (await denialFor(scene.authenticator, signer.token({ ...claims, ...changed }, header))).told
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    await identityFor(scene.authenticator, signer.token(claims, { typ }))
  await identityFor(
    scene.authenticator,
    signer.token({ ...claims, scope: undefined, scp: ['mqtt', 'publish'] }, { typ: 'at+jwt' }),
  )
  await identityFor(
    scene.authenticator,
    signer.token({ ...claims, azp: undefined, client_id: 'device-app' }, { typ: 'at+jwt' }),
  )
  assert.equal(await wrong({}, {}), 'the token is of the type "JWT", not at+jwt')
  assert.equal(await wrong({}, { typ: undefined }), 'the token is of the type nothing, not at+jwt')
  assert.equal(await wrong({ nbf: undefined }), 'the token has no claim nbf')
  assert.equal(await wrong({ realm_access: { roles: null } }), 'the token has no claim realm_access.roles')
  assert.equal(await wrong({ scope: 'mqtt-admin publish' }), 'the token does not have the scope mqtt')
  assert.equal(await wrong({ scope: { mqtt: 1 } }), 'the token does not have the scope mqtt')
  assert.equal(await wrong({ azp: 'other', client_id: 'device-app' }), 'the token was made for another application')
  assert.equal(await wrong({ azp: undefined }), 'the token was made for another application')
  assert.equal(await wrong({ exp: now + 3_601 }), 'the token is good for more than 3600 seconds')
  assert.equal(await wrong({ iat: undefined }), 'the token does not say when it was made: the claim iat is missing')
})

test('any issuer and any audience are good where that is said', async () => {
  await using scene = await Scene.open({ issuers: [], anyIssuer: true, audiences: [], anyAudience: true })
  const claims = scene.claims({ iss: undefined, aud: undefined })
  assert.equal((await identityFor(scene.authenticator, signer.token(claims))).name, 'pump-7')
})

test('files that cannot be used, and options that contradict each other, are refused at the start', async () => {
  await using scene = new Scene()
  const secret = scene.files.write('secret.pem', signer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
  const missing = scene.files.path('missing.pem')
  const refused = async (section: Json, code: string, message: RegExp) =>
    await assert.rejects(scene.use(section), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      return true
    })
  await refused({ keys: { files: [missing] } }, 'TOKEN_KEYS_UNUSABLE', /missing\.pem: there is no such file/)
  await refused(
    { keys: { files: [secret] } },
    'TOKEN_KEYS_UNUSABLE',
    /secret\.pem: block 1 cannot be used: it is a private key/,
  )
  await refused({ keys: { jwksFile: secret } }, 'TOKEN_KEYS_UNUSABLE', /secret\.pem: it is not JSON/)
  await refused({ keys: { jwksUrl: 'https://a.example/', ca: missing } }, 'TOKEN_KEYS_UNUSABLE', /no such file/)
  await refused({ keys: {} }, 'CONFIG_INVALID', /token\.keys needs one of discovery/)
})

test('bytes of any kind are answered, and never with an identity', async () => {
  await using scene = await Scene.open({ userName: '*' })
  const token = signer.token(scene.claims())
  const edited = fc.tuple(
    fc.nat(token.length - 1),
    fc.constantFrom(...'.A9-_=\0{'),
    fc.constantFrom('', token.slice(0, 5)),
  )
  const texts = edited.map(([at, sign, more]) => token.slice(0, at) + sign + more + token.slice(at + 1))
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        texts,
      ),
      async (password) => {
        const answer = await scene.authenticator.authenticate(credentials('x', password))
        assert.ok(
          answer === 'unknown' || (typeof answer === 'object' && 'detail' in answer) || String(password) === token,
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('nothing is logged of the tokens that come', async () => {
  await using scene = await Scene.open()
  await identityFor(scene.authenticator, signer.token(scene.claims()))
  await denialFor(scene.authenticator, other.token(scene.claims()))
  assert.deepEqual(scene.log.lines, [])
})

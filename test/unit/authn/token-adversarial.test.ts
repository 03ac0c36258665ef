import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openTokenAuthenticator } from '../../../src/authn/token/token.ts'
import { silentLog } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Authenticator } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import {
  audience,
  credentials,
  denialFor,
  encoded,
  Files,
  identityFor,
  issuer,
  type Json,
  keySet,
  Signer,
  tokenOptions,
} from './token-kit.ts'

const clock = new FakeClock()
const now = Math.floor(clock.wall() / 1_000)
const elliptic = new Signer('ES256', 'k1')
const rsa = new Signer('RS256', 'k2')
const stranger = new Signer('ES256', 'k1')
const claims: Json = { iss: issuer, sub: 'pump-7', aud: audience, exp: now + 60, nbf: now - 1, iat: now - 1 }
const files = new Files()
const watched = new WatchedFiles()
let authenticator: Authenticator

before(async () => {
  const options = tokenOptions({ keys: { jwksFile: files.write('keys.json', keySet(elliptic, rsa)) } })
  authenticator = await openTokenAuthenticator(options, { log: silentLog, clock, files: watched })
})

after(() => {
  watched.close()
  files[Symbol.dispose]()
})

/** A token with some claims changed; those that are undefined are left out. */
function withClaims(changed: Json): string {
  return elliptic.token({ ...claims, ...changed })
}

function withHeader(header: Json): string {
  return elliptic.token(claims, header)
}

/** The claims without the brace at the end, for what JSON.stringify would not write. */
const openClaims = JSON.stringify(claims).slice(0, -1)
const header = JSON.stringify({ alg: 'ES256', kid: 'k1' })
const [goodHeader = '', goodClaims = '', goodSignature = ''] = elliptic.token(claims).split('.')

function hmacToken(secret: string | Buffer): string {
  const input = `${encoded(JSON.stringify({ alg: 'HS256', kid: 'k2', typ: 'JWT' }))}.${encoded(JSON.stringify(claims))}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** What is sent, and why it is refused. Nobody is told anything before the signature was good. */
const untold: Readonly<Record<string, readonly [token: string | Buffer, detail: RegExp]>> = {
  nothing: ['', /is not a signed JSON Web Token$/],
  'a password': ['secret', /is not a signed JSON Web Token$/],
  'bytes that are not text': [Buffer.from([0, 0xff, 0x2e, 0xc3]), /is not a signed JSON Web Token$/],
  'a token with a line end': [`${elliptic.token(claims)}\n`, /is not a signed JSON Web Token$/],
  'a token with padding': [`${goodHeader}.${goodClaims}=.${goodSignature}`, /is not a signed JSON Web Token$/],
  'a token in JSON form': [JSON.stringify({ payload: goodClaims }), /is not a signed JSON Web Token$/],
  'a token of four parts': [`${elliptic.token(claims)}.x`, /is not a signed JSON Web Token$/],
  'a token without claims': [`${goodHeader}..${goodSignature}`, /is not a signed JSON Web Token$/],
  'a token larger than any': [withClaims({ filler: 'x'.repeat(16_384) }), /has \d+ bytes, more than 16384$/],
  'an encrypted token': [`${encoded('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.a.b.c.d`, /is encrypted \(JWE\)/],
  'a header that is not base64url': [`e.${goodClaims}.${goodSignature}`, /has a header that is not base64url$/],
  'claims with stray bits': [`${goodHeader}.eyR.${goodSignature}`, /has a payload that is not base64url$/],
  'a signature with stray bits': [`${goodHeader}.${goodClaims}.eyR`, /has a signature that is not base64url$/],
  'a header that is not JSON': [elliptic.raw('{alg:"ES256"}', '{}'), /has a header that is not valid JSON$/],
  'a header that is a list': [elliptic.raw('["ES256"]', '{}'), /has a header that is not a JSON object$/],
  'a header with a mark in front': [elliptic.raw(`\u{feff}${header}`, '{}'), /has a header that is not valid JSON$/],
  'claims that are not UTF-8': [
    elliptic.raw(header, Buffer.from([0x7b, 0xff, 0x7d])),
    /has a payload that is not UTF-8$/,
  ],
  'claims that are a text': [elliptic.raw(header, '"pump-7"'), /has a payload that is not a JSON object$/],
  'claims that are null': [elliptic.raw(header, 'null'), /has a payload that is not a JSON object$/],
  'a claim twice': [
    elliptic.raw(header, `${openClaims},"sub":"admin"}`),
    /has a payload that has the name "sub" twice$/,
  ],
  'a claim twice, with an escape': [
    elliptic.raw(header, `${openClaims},"s\\u0075b":"admin"}`),
    /has the name "sub" twice$/,
  ],
  'a name twice, deep inside': [elliptic.raw(header, `${openClaims},"a":[{"b":1,"b":2}]}`), /has the name "b" twice$/],
  'an algorithm twice': [
    elliptic.raw('{"alg":"ES256","alg":"none"}', '{}'),
    /has a header that has the name "alg" twice$/,
  ],
  'claims nested deep': [
    elliptic.raw(header, `${openClaims},"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
    /is nested more than 32 deep$/,
  ],
  'objects nested deep': [
    elliptic.raw(header, `${openClaims},"a":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`),
    /is nested more than 32 deep$/,
  ],
  'no algorithm': [elliptic.raw('{"kid":"k1"}', JSON.stringify(claims)), /has a header without alg$/],
  'an algorithm that is a list': [withHeader({ alg: ['ES256'] }), /has a header whose alg is not a text$/],
  'the algorithm none without signature': [
    `${encoded('{"alg":"none"}')}.${goodClaims}.`,
    /is signed with "none", which is not accepted$/,
  ],
  'the algorithm nOnE with a signature': [withHeader({ alg: 'nOnE' }), /is signed with "nOnE", which is not accepted$/],
  'an empty algorithm': [withHeader({ alg: '' }), /is signed with "", which is not accepted$/],
  'the public key as secret, in PEM': [hmacToken(rsa.pem), /is signed with "HS256", which is not accepted$/],
  'the public key as secret, in DER': [
    hmacToken(rsa.publicKey.export({ format: 'der', type: 'spki' })),
    /"HS256", which is not accepted$/,
  ],
  'an empty secret': [hmacToken(''), /is signed with "HS256", which is not accepted$/],
  'an algorithm inherited by objects': [
    withHeader({ alg: 'constructor' }),
    /is signed with "constructor", which is not accepted$/,
  ],
  'an algorithm for another type of key': [
    withHeader({ alg: 'RS256' }),
    /is signed with RS256, which none of the keys is for$/,
  ],
  'an algorithm the key is not published for': [
    rsa.token(claims, { alg: 'PS256' }),
    /is signed with PS256, which none of the keys is for$/,
  ],
  'a curve the key is not on': [withHeader({ alg: 'ES384' }), /is signed with ES384, which none of the keys is for$/],
  'a key id that is a path': [
    withHeader({ kid: '../../../../dev/null' }),
    /the key "\.\.\/\.\.\/\.\.\/\.\.\/dev\/null", which is not among/,
  ],
  'a key id that is a query': [
    withHeader({ kid: "' UNION SELECT 'x' --" }),
    /the key "' UNION SELECT 'x' --", which is not among/,
  ],
  'a key id that is an object name': [withHeader({ kid: '__proto__' }), /the key "__proto__", which is not among/],
  'a key id with line ends': [withHeader({ kid: 'k1\r\nok' }), /the key "k1\\r\\nok", which is not among/],
  'a key id that is long': [withHeader({ kid: 'k'.repeat(257) }), /names a key with more than 256 letters$/],
  'a key id that is a number': [withHeader({ kid: 1 }), /has a header whose kid is not a text$/],
  'a type that is a number': [withHeader({ typ: 1 }), /has a header whose typ is not a text$/],
  'a critical extension': [withHeader({ crit: ['exp'], exp: now }), /has a header with crit/],
  'an empty list of critical extensions': [withHeader({ crit: [] }), /has a header with crit/],
  'claims that are not encoded': [withHeader({ b64: false, crit: ['b64'] }), /has a header with crit/],
  'claims that are not encoded, uncritically': [withHeader({ b64: false }), /has claims that are not encoded \(b64\)$/],
  'a key of its own': [stranger.token(claims, { kid: 'own', jwk: stranger.jwk }), /the key "own", which is not among/],
  'a key of its own under a known name': [
    stranger.token(claims, { jwk: stranger.jwk }),
    /has a signature that is not right$/,
  ],
  'a key elsewhere': [stranger.token(claims, { jku: 'http://127.0.0.1:9/keys' }), /has a signature that is not right$/],
  'a certificate elsewhere': [
    stranger.token(claims, { x5u: 'http://127.0.0.1:9/cert' }),
    /has a signature that is not right$/,
  ],
  'a certificate of its own': [stranger.token(claims, { x5c: ['MIIB'] }), /has a signature that is not right$/],
  'the signature of another token': [
    `${elliptic
      .token({ ...claims, sub: 'admin' })
      .split('.')
      .slice(0, 2)
      .join('.')}.${goodSignature}`,
    /has a signature that is not right$/,
  ],
  'no signature': [`${goodHeader}.${goodClaims}.`, /has a signature that is not right$/],
  'a signature of zeros': [
    `${goodHeader}.${goodClaims}.${encoded(Buffer.alloc(64))}`,
    /has a signature that is not right$/,
  ],
  'a signature in another form': [
    `${goodHeader}.${goodClaims}.${encoded(Buffer.alloc(70, 0x30))}`,
    /has a signature that is not right$/,
  ],
  'a forged token that is expired, too': [stranger.token({ ...claims, exp: 1 }), /has a signature that is not right$/],
}

for (const [title, [token, detail]] of Object.entries(untold)) {
  test(`${title} is refused, and only the journal knows why`, async () => {
    const denial = await denialFor(authenticator, token)
    assert.match(denial.detail, detail)
    assert.equal(denial.told, undefined)
    assert.equal(denial.reason, Reason.BadUserNameOrPassword)
  })
}

/** Tokens the issuer signed, and why they are refused: their owner is told. */
const told: Readonly<Record<string, readonly [token: string, told: RegExp]>> = {
  'without end': [withClaims({ exp: undefined }), /^the token has no end: the claim exp is missing$/],
  'with an end that is null': [withClaims({ exp: null }), /^the token has a claim exp that is not a time$/],
  'with an end that is a text': [
    withClaims({ exp: String(now + 60) }),
    /^the token has a claim exp that is not a time$/,
  ],
  'with an end before time began': [withClaims({ exp: -1 }), /^the token has a claim exp that is not a time$/],
  'with an end beyond the end of time': [
    elliptic.raw(header, `${openClaims.replace(/"exp":\d+/, '"exp":1e300')}}`),
    /^the token has a claim exp that is not a time$/,
  ],
  'with an infinite end': [
    elliptic.raw(header, `${openClaims.replace(/"exp":\d+/, '"exp":1e999')}}`),
    /^the token has a claim exp that is not a time$/,
  ],
  'expired this moment': [withClaims({ exp: now }), /^the token expired at 2023-11-14T22:13:21\.000Z$/],
  'expired long ago': [withClaims({ exp: 0 }), /^the token expired at 1970-01-01T00:00:00\.000Z$/],
  'not valid yet': [withClaims({ nbf: now + 40 }), /^the token is not valid before 2023-11-14T22:14:01\.000Z$/],
  'with a beginning that is no time': [withClaims({ nbf: 'now' }), /^the token has a claim nbf that is not a time$/],
  'made in the future': [
    withClaims({ iat: now + 40 }),
    /^the token was made in the future, at 2023-11-14T22:14:01\.000Z$/,
  ],
  'made at no time': [withClaims({ iat: {} }), /^the token has a claim iat that is not a time$/],
  'for another audience': [withClaims({ aud: 'files.example' }), /^the token is for another audience$/],
  'for an audience in other letters': [
    withClaims({ aud: audience.toUpperCase() }),
    /^the token is for another audience$/,
  ],
  'for an audience that contains ours': [
    withClaims({ aud: `${audience} other` }),
    /^the token is for another audience$/,
  ],
  'for other audiences': [withClaims({ aud: ['a', 'b'] }), /^the token is for another audience$/],
  'for no audience at all': [withClaims({ aud: [] }), /^the token is for another audience$/],
  'without audience': [withClaims({ aud: undefined }), /^the token is for no audience: the claim aud is missing$/],
  'for an audience among other things': [
    withClaims({ aud: [1, audience] }),
    /^the token has a claim aud that is neither/,
  ],
  'for an audience that is an object': [
    withClaims({ aud: { [audience]: true } }),
    /^the token has a claim aud that is neither/,
  ],
  'without a name': [withClaims({ sub: undefined }), /^the token has no name for the client in the claim sub$/],
  'with an empty name': [withClaims({ sub: '' }), /^the token has no name for the client in the claim sub$/],
  'with a name that is an object': [withClaims({ sub: { toString: 'x' } }), /^the token has no name for the client/],
  'with a fraction for a name': [withClaims({ sub: 1.5 }), /^the token has no name for the client/],
  'with a NUL in the name': [
    withClaims({ sub: 'a\0b' }),
    /^the token has a name in the claim sub that cannot be one: "a\\u0000b"$/,
  ],
  'with a line end in the name': [withClaims({ sub: 'a\nb' }), /that cannot be one: "a\\nb"$/],
  'with half a letter in the name': [withClaims({ sub: 'a\ud800' }), /that cannot be one: "a\\ud800"$/],
  'with a very long name': [withClaims({ sub: 'a'.repeat(513) }), /that cannot be one: "aaa.{110,120}…$/],
  'bound to a certificate': [
    withClaims({ cnf: { 'x5t#S256': 'abc' } }),
    /^the token is bound to a certificate, and the client has none$/,
  ],
  'bound to a key that must be shown': [withClaims({ cnf: { jkt: 'abc' } }), /^the token is bound to a key in a way/],
}

for (const [title, [token, expected]] of Object.entries(told)) {
  test(`a token ${title} is refused, and its owner is told why`, async () => {
    const denial = await denialFor(authenticator, token)
    assert.match(denial.told ?? '', expected)
    assert.match(denial.detail, /^the token( of ("|{|1\.5).*)? /)
    assert.equal(denial.reason, Reason.BadUserNameOrPassword)
  })
}

test('no denial has a token, a line end or more than a few hundred letters in it', async () => {
  for (const [token] of [...Object.values(untold), ...Object.values(told)]) {
    const { detail } = await denialFor(authenticator, token)
    assert.ok(detail.length < 500, detail)
    assert.doesNotMatch(detail, /\p{Cc}/u)
    if (token.length > 40) assert.ok(!detail.includes(String(token)))
  }
})

test('the good token all these were made of is accepted', async () => {
  const identity = await identityFor(authenticator, elliptic.token(claims))
  assert.equal(identity.name, 'pump-7')
  assert.equal(identity.method, 'token')
  assert.equal(identity.expiresAt, (now + 60) * 1_000)
})

test('a token of another issuer is left to others, however wrong it is otherwise', async () => {
  for (const iss of ['https://other.example', `${issuer}/`, issuer.toUpperCase(), undefined, null, [issuer], 7]) {
    const token = stranger.token({ ...claims, iss }, { alg: 'HS256' })
    assert.equal(await authenticator.authenticate(credentials('oauth2', token)), 'unknown', String(iss))
  }
})

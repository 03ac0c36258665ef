import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openKeys } from '../../../src/authn/token/keys-open.ts'
import { readTokenClaims } from '../../../src/authn/token/token-reading.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { audience, Files, issuer, type Json, peer, Signer, tokenOptions } from './token-kit.ts'

const later = Math.floor(Date.now() / 1_000) + 3_600
const claims: Json = { iss: issuer, aud: audience, sub: 'pump-7', exp: later, roles: ['device'], area: 'north' }
const clock = systemClock()

/** What is read out of a token, with the keys in a file, or without keys. */
async function read(token: string, section: Json = {}, checked = true) {
  using files = new Files()
  const jwksFile = files.write('keys.json', JSON.stringify({ keys: [signer.jwk] }))
  const options = tokenOptions({ keys: { jwksFile }, roles: ['roles'], attributes: [{ name: 'area' }], ...section })
  const watched = new WatchedFiles()
  const keys = checked ? await openKeys(options.keys, { log: silentLog, clock, files: watched }) : null
  try {
    return await readTokenClaims(Buffer.from(token), options, { clock, peer, keys })
  } finally {
    await keys?.close()
    watched.close()
  }
}

const signer = new Signer()

test('a good token says who it stands for, and nothing keeps the client out', async () => {
  const reading = await read(signer.token(claims))
  const identity = { name: 'pump-7', method: 'token', attributes: { area: 'north' }, roles: ['device'], groups: [] }
  assert.ok(typeof reading === 'object' && 'identity' in reading)
  assert.deepEqual(
    { ...reading.identity, permissions: undefined },
    { ...identity, expiresAt: later * 1_000, permissions: undefined },
  )
  assert.equal(reading.refusal, null)
})

test('a token that is not good still says who it would stand for, and why it is not', async () => {
  const cases: [string, RegExp, boolean?][] = [
    [signer.token({ ...claims, exp: 1 }), /^the token expired at 1970/],
    [signer.token({ ...claims, aud: 'other' }), /is for another audience/],
    [signer.token({ ...claims, exp: undefined }), /the claim exp is missing/],
    [new Signer('ES256', 'k1').token(claims), /has a signature that is not right/],
    [signer.raw('{"alg":"none"}', JSON.stringify(claims)), /is signed with "none", which is not accepted/],
    [signer.token({ ...claims, cnf: { 'x5t#S256': 'x' } }), /is bound to a certificate, and the client has none/],
  ]
  for (const [token, why] of cases) {
    const reading = await read(token)
    assert.ok(typeof reading === 'object' && 'identity' in reading)
    assert.equal(reading.identity.name, 'pump-7')
    assert.match(reading.refusal ?? '', why)
  }
})

test('without keys a signature that is not right makes no difference, and everything else does', async () => {
  const reading = await read(new Signer('ES256', 'k1').token(claims), {}, false)
  assert.ok(typeof reading === 'object' && 'identity' in reading && reading.refusal === null)
  const old = await read(signer.token({ ...claims, exp: 1 }), {}, false)
  assert.ok(typeof old === 'object' && 'identity' in old && old.refusal !== null)
})

test('what is no token, names nobody or comes from elsewhere is not read', async () => {
  assert.deepEqual(await read('x'), { fault: 'the token is not a signed JSON Web Token' })
  const nameless = await read(signer.token({ ...claims, sub: undefined }))
  assert.ok(typeof nameless === 'object' && 'fault' in nameless && nameless.fault.includes('no name for the client'))
  assert.equal(await read(signer.token({ ...claims, iss: 'https://other.example' })), 'unknown')
})

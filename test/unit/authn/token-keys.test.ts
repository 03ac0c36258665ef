import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { parseKeySet } from '../../../src/authn/token/jwks.ts'
import { keyOf, sameKeys } from '../../../src/authn/token/keys.ts'
import { parsePemKeys } from '../../../src/authn/token/keys-pem.ts'
import { keySetUrl } from '../../../src/authn/token/oidc-discovery.ts'
import { selfSigned, skip } from './token-certificates.ts'
import { Files, type Json, keySet, Signer } from './token-kit.ts'

const signer = new Signer('ES256', 'k1')
const rsa = new Signer('RS256', 'k2')

function set(...keys: readonly unknown[]): string {
  return JSON.stringify({ keys })
}

function skipped(key: unknown): string {
  const { keys, skipped: left } = parseKeySet(set(signer.jwk, key))
  assert.equal(keys.length, 1)
  return left.join()
}

function secondKey(changed: Json): Json {
  return { ...rsa.jwk, ...changed }
}

test('the keys of a set are for the algorithms of their type, or the one they name', () => {
  const { keys } = parseKeySet(
    set(signer.jwk, rsa.jwk, secondKey({ alg: undefined, kid: undefined }), new Signer('EdDSA').jwk),
  )
  assert.deepEqual(
    keys.map(({ id }) => id),
    ['k1', 'k2', null, 'k1'],
  )
  assert.deepEqual(keys[1]?.algorithms, ['RS256'])
  assert.deepEqual(keys[2]?.algorithms, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
  assert.deepEqual(keys[3]?.algorithms, ['EdDSA'])
})

test('keys for something else are passed over in silence', () => {
  for (const other of [{ use: 'enc', alg: 'RSA-OAEP' }, { key_ops: ['encrypt'] }, { key_ops: 'verify' }])
    assert.equal(skipped(secondKey(other)), '')
})

test('keys that cannot be used are passed over with a reason', () => {
  assert.match(skipped({ kty: 'oct', k: 'c2VjcmV0' }), /it is a secret key/)
  assert.match(skipped(signer.privateKey.export({ format: 'jwk' })), /it has its private part/)
  assert.match(
    skipped(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })),
    /1024 bits is too short/,
  )
  assert.match(
    skipped(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' })),
    /curve secp256k1/,
  )
  assert.match(skipped(generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })), /type ed448/)
  assert.match(skipped(generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })), /type x25519/)
  assert.match(skipped(secondKey({ e: 'AQ' })), /exponent is not safe|not a valid key/)
  assert.match(skipped(secondKey({ kid: 1 })), /kid/)
  assert.match(skipped(secondKey({ kid: 'k'.repeat(257) })), /kid/)
  assert.match(skipped(secondKey({ alg: 'ES256' })), /alg is not one for a key of its type/)
  assert.match(skipped({ ...signer.jwk, x: 'AAAA' }), /not a valid key/)
  assert.match(skipped({ kty: 'EC' }), /not a valid key/)
  assert.match(skipped({}), /not a valid key/)
  assert.match(skipped('key'), /not an object/)
})

test('a text that is no key set, or has no key of use, is refused with a reason', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    '': /not JSON/,
    '[]': /no list "keys"/,
    '{"keys":{}}': /no list "keys"/,
    '{"keys":[]}': /no key in it can be used/,
    '{"keys":[{"kty":"oct"}]}': /no key in it can be used; key 1: it is a secret key/,
    [set(...Array.from({ length: 101 }, () => signer.jwk))]: /more than 100 keys/,
  }
  for (const [text, reason] of Object.entries(refused)) assert.throws(() => parseKeySet(text), reason)
})

test('a PEM file may have public keys and certificates, whose time counts', { skip }, () => {
  using files = new Files()
  const { certificate } = selfSigned(files)
  const keys = parsePemKeys(`a comment\n${signer.pem}${rsa.pem}${certificate}`)
  assert.deepEqual(
    keys.map(({ id }) => id),
    [null, null, null],
  )
  assert.equal(keys[1]?.notAfter, Number.POSITIVE_INFINITY)
  const { notBefore = 0, notAfter = 0 } = keys[2] ?? {}
  assert.ok(notBefore > 0)
  assert.equal(notAfter - notBefore, 86_400_000)
})

test('a PEM file with a private key or nonsense is refused with a reason', () => {
  const privatePem = signer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`
  assert.throws(() => parsePemKeys(signer.pem + privatePem), /block 2 cannot be used: it is a private key/)
  assert.throws(() => parsePemKeys(block('EC PRIVATE KEY')), /block 1 cannot be used: it is a private key/)
  assert.throws(() => parsePemKeys(block('PUBLIC KEY')), /it is not a valid public key/)
  assert.throws(() => parsePemKeys(block('CERTIFICATE')), /it is not a valid certificate/)
  assert.throws(
    () => parsePemKeys(block('CERTIFICATE REQUEST')),
    /neither a public key nor a certificate, but certificate request/,
  )
  assert.throws(() => parsePemKeys('secret'), /there is no PEM/)
  assert.throws(() => parsePemKeys(signer.pem.repeat(101)), /more than 100 keys/)
})

test('lists of keys are the same whatever their order, but not with another name', () => {
  const { keys } = parseKeySet(keySet(signer, rsa))
  const renamed = keyOf(signer.publicKey, 'k3')
  assert.ok(typeof renamed === 'object')
  assert.equal(sameKeys(keys, [...keys].reverse()), true)
  assert.equal(sameKeys(keys, keys.slice(1)), false)
  assert.equal(sameKeys(keys, [renamed, ...keys.slice(1)]), false)
  assert.equal(sameKeys(null, keys), false)
})

test('a discovery document is that of the issuer, and its keys are where nobody can change them', () => {
  const url = (document: Json, issuer = 'https://a.example/x') =>
    keySetUrl(issuer, JSON.stringify({ issuer, ...document }), false).href
  assert.equal(url({ jwks_uri: 'https://b.example/keys' }), 'https://b.example/keys')
  assert.equal(url({ jwks_uri: 'http://127.0.0.1/keys' }, 'http://127.0.0.1'), 'http://127.0.0.1/keys')
  assert.throws(
    () => url({ issuer: 'https://a.example/x/' }),
    /is that of "https:\/\/a.example\/x\/", not of "https:\/\/a.example\/x"/,
  )
  assert.throws(() => url({ issuer: undefined }), /is that of nobody/)
  assert.throws(() => url({}), /has no jwks_uri/)
  assert.throws(() => url({ jwks_uri: 'keys' }), /jwks_uri in the discovery document must be an https/)
  assert.throws(() => url({ jwks_uri: 'http://b.example/keys' }), /must be an https:\/\/ URL: over http/)
  assert.throws(() => url({ jwks_uri: 'file:///etc/passwd' }), /must be an https/)
  assert.throws(() => url({ jwks_uri: 'https://user:word@b.example/' }), /must not have a user name/)
  assert.throws(() => url({ jwks_uri: 'http://127.0.0.1:9/keys' }), /is on this machine, but the issuer is not/)
  assert.throws(() => keySetUrl('https://a.example', '[]', false), /is not a JSON object/)
})

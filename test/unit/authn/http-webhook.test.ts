import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { webhook } from '../../../src/authn/http/http-webhook.ts'
import type { Exchange } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { fc } from '../../kit/fast-check.ts'
import { json, WebServer } from '../../kit/web-server.ts'
import { makeCertificates, skip } from '../listen/certificates.ts'
import { Bench, credentials, peerWith } from './http-kit.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const claim = { who: credentials(), method: null, data: null }
const decide = (answer: unknown) => webhook.decision(claim, 200, Buffer.from(JSON.stringify(answer)), now)

test('everything the client said is posted as JSON, bytes in base64', async () => {
  await using server = new WebServer(json({ decision: 'allow', clientAuthenticationName: 'device-1' }))
  await using bench = new Bench({ url: await server.url() })
  const password = Buffer.from([0, 255, 13, 10, 34])
  const identity = await bench.identity({ clientId: 'c"\r\n', username: 'u\r\nX-Evil: 1', password })
  assert.deepEqual(identity, { name: 'device-1', method: 'http', attributes: {} })
  const [seen] = server.seen
  assert.equal(seen?.method, 'POST')
  assert.equal(seen?.url, '/auth?key=hidden')
  assert.equal(seen?.headers['content-type'], 'application/json')
  assert.equal(seen?.headers['x-evil'], undefined)
  const body: unknown = JSON.parse(seen?.body ?? '')
  assert.deepEqual(body, { clientId: 'c"\r\n', userName: 'u\r\nX-Evil: 1', password: password.toString('base64') })
})

test('certificates are posted in PEM, the chain apart', { skip }, async () => {
  const made = makeCertificates()
  try {
    const der = (name: string) => new X509Certificate(readFileSync(made.path(`${name}.crt`))).raw
    await using server = new WebServer(json({ decision: 'allow', clientAuthenticationName: 'd' }))
    await using bench = new Bench({ url: await server.url() })
    await bench.identity({ username: null, password: null, peer: peerWith(der('device'), der('ca'), der('other')) })
    const body: unknown = JSON.parse(server.seen[0]?.body ?? '')
    assert.ok(typeof body === 'object' && body !== null)
    assert.deepEqual(Object.keys(body), ['clientId', 'clientCertificate', 'clientCertificateChain'])
    const texts = Object.values(body).map(String)
    assert.equal(texts[1]?.trim(), readFileSync(made.path('device.crt'), 'utf8').trim())
    const chain = texts[2]?.match(/-----BEGIN[^-]*-----[^-]*-----END CERTIFICATE-----\n/g) ?? []
    assert.deepEqual(
      chain.map((pem) => new X509Certificate(pem).subject),
      ['CN=ca', 'CN=other'],
    )
  } finally {
    made.remove()
  }
})

test('data of a configured authentication method is passed on, that of others is not', async () => {
  await using server = new WebServer(json({ decision: 'allow', clientAuthenticationName: 'd' }))
  await using bench = new Bench({ url: await server.url(), methods: ['SAS'] })
  const begin = (method: string): Exchange | null =>
    bench.authenticator.begin(method, credentials({ username: null, password: null }))
  assert.equal(begin('OTHER'), null)
  assert.equal(begin('sas'), null)
  const exchange = begin('SAS')
  assert.ok(exchange !== null)
  const allowed = await exchange.step(Buffer.from('token'))
  assert.ok(allowed.kind === 'success' && allowed.identity.name === 'd' && allowed.data === null)
  const body: unknown = JSON.parse(server.seen[0]?.body ?? '')
  assert.deepEqual(body, {
    clientId: 'c1',
    authenticationMethod: 'SAS',
    authenticationData: Buffer.from('token').toString('base64'),
  })
  server.reply = json({ decision: 'deny', errorReason: 'no' })
  const denied = await begin('SAS')?.step(null)
  assert.ok(denied?.kind === 'failure' && denied.reason === Reason.NotAuthorized)
})

test('who is denied is not authorized, and the reason is for the journal only', async () => {
  await using server = new WebServer(json({ decision: 'deny', errorReason: `gone\n\u202e${'x'.repeat(500)}` }))
  await using bench = new Bench({ url: await server.url() })
  const denial = await bench.denial()
  assert.equal(denial.reason, Reason.NotAuthorized)
  assert.equal(denial.told, undefined)
  assert.match(denial.detail, /^the HTTP server refuses the user u1: gone x+…$/)
  assert.ok(denial.detail.length < 300)
})

test('without clientAuthenticationName the user name is the name, and without both nobody gets in', () => {
  const allowed = decide({ decision: 'allow' })
  assert.ok(allowed.kind === 'allowed' && allowed.identity.name === 'u1')
  const nameless = { ...claim, who: credentials({ username: null }) }
  const decision = webhook.decision(nameless, 200, Buffer.from('{"decision":"allow"}'), now)
  assert.equal(decision.kind, 'none')
})

test('texts, whole numbers and lists of texts are attributes, other members are passed over', () => {
  const attributes = { s: 'x', n: 5, l: ['a', 'b'], f: 1.5, b: true, o: {}, m: ['a', 1], nothing: null, 'bad key': 'x' }
  const decision = decide({ decision: 'allow', attributes })
  assert.ok(decision.kind === 'allowed')
  assert.deepEqual(decision.identity.attributes, { s: 'x', n: 5, l: ['a', 'b'] })
})

test('an attribute cannot reach into the broker', () => {
  const text = '{"decision":"allow","attributes":{"__proto__":["evil"],"constructor":"x","toString":1}}'
  const decision = webhook.decision(claim, 200, Buffer.from(text), now)
  assert.ok(decision.kind === 'allowed')
  const { attributes = {} } = decision.identity
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype)
  assert.deepEqual(Object.keys(attributes), ['__proto__', 'constructor', 'toString'])
})

test('an expiration in seconds, as number, digits or date, ends the identity', () => {
  const seconds = now / 1_000 + 60
  for (const expiration of [seconds, String(seconds), '2026-01-01T00:01:00Z', '2026-01-01T01:01:00.000+01:00']) {
    const decision = decide({ decision: 'allow', expiration })
    assert.ok(decision.kind === 'allowed' && decision.identity.expiresAt === now + 60_000, String(expiration))
  }
  const forever = decide({ decision: 'allow', expiration: null })
  assert.ok(forever.kind === 'allowed' && forever.identity.expiresAt === undefined)
})

test('an expiration that is over lets nobody in', () => {
  for (const expiration of [now / 1_000, 1, '2025-12-31T23:59:59Z'])
    assert.equal(decide({ decision: 'allow', expiration }).kind, 'denied', String(expiration))
})

test('an answer that is wrong in any part is no answer', () => {
  const wrong = [
    null,
    [],
    'allow',
    1,
    {},
    { decision: 'Allow' },
    { decision: true },
    { decision: ['allow'] },
    { decision: { allow: true } },
    { Decision: 'allow' },
    { decision: 'allow', clientAuthenticationName: '' },
    { decision: 'allow', clientAuthenticationName: 5 },
    { decision: 'allow', clientAuthenticationName: 'a\0b' },
    { decision: 'allow', clientAuthenticationName: 'a\nb' },
    { decision: 'allow', clientAuthenticationName: '\ud800' },
    { decision: 'allow', clientAuthenticationName: 'x'.repeat(257) },
    { decision: 'allow', attributes: [] },
    { decision: 'allow', attributes: 'x' },
    { decision: 'allow', attributes: { a: 'x'.repeat(20_000) } },
    { decision: 'allow', expiration: now },
    { decision: 'allow', expiration: -1 },
    { decision: 'allow', expiration: 0 },
    { decision: 'allow', expiration: true },
    { decision: 'allow', expiration: {} },
    { decision: 'allow', expiration: 'tomorrow' },
    { decision: 'allow', expiration: '2026-13-45T00:00:00Z' },
    { decision: 'allow', expiration: '' },
  ]
  for (const answer of wrong) assert.equal(decide(answer).kind, 'none', JSON.stringify(answer))
})

test('only an object that says allow with status 200 lets anybody in, whatever else comes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bytes, fc.integer({ min: 100, max: 599 }), (body, status) => {
      assert.notEqual(webhook.decision(claim, status, Buffer.from(body), now).kind, 'allowed')
    }),
    { numRuns: 2_000 },
  )
  const allow = Buffer.from('{"decision":"allow"}')
  for (let status = 100; status < 600; status++)
    assert.equal(webhook.decision(claim, status, allow, now).kind === 'allowed', status === 200, String(status))
})

test('a JSON text as deep as fits is survived', () => {
  for (const text of [
    '['.repeat(65_536),
    `{"decision":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  ])
    assert.equal(webhook.decision(claim, 200, Buffer.from(text), now).kind, 'none')
})

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { BrokerError } from '../../../src/base/errors.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { json, WebServer } from '../../kit/web-server.ts'
import { makeCertificates, skip, type TestCertificates } from '../listen/certificates.ts'
import { Bench } from './http-kit.ts'

const allow = json({ decision: 'allow', clientAuthenticationName: 'd' })
const folder = mkdtempSync(join(tmpdir(), 'http-secrets-'))
let made: TestCertificates | null = null

before(() => {
  if (skip === false) made = makeCertificates()
})

after(() => {
  made?.remove()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function certificate(name: string): string {
  assert.ok(made !== null)
  return made.path(name)
}

function secureServer(reply = allow, more: object = {}): WebServer {
  const read = (name: string) => readFileSync(certificate(name))
  return new WebServer(reply, { cert: read('broker.crt'), key: read('broker.key'), ...more })
}

test('headers with values from files tell the server who asks', async () => {
  await using server = new WebServer(allow)
  const headers = [
    { name: 'Authorization', file: file('token', 'Bearer abc\n') },
    { name: 'x-functions-key', file: file('key', '  k==  ') },
  ]
  await using bench = new Bench({ url: await server.url(), headers })
  await bench.identity()
  assert.equal(server.seen[0]?.headers.authorization, 'Bearer abc')
  assert.equal(server.seen[0]?.headers['x-functions-key'], 'k==')
})

test('a changed file takes effect at once, and one that cannot be used leaves what there was', async () => {
  await using server = new WebServer(allow)
  const path = file('changing', 'Bearer 1')
  await using bench = new Bench({ url: await server.url(), headers: [{ name: 'Authorization', file: path }] })
  const sent = async (text: string | null) => {
    if (text === null) rmSync(path)
    else writeFileSync(path, text)
    bench.files.reload()
    await bench.identity()
    return server.seen.at(-1)?.headers.authorization
  }
  assert.equal(await sent('Bearer 2'), 'Bearer 2')
  for (const text of ['', '\n', 'a\nb: c', 'é', 'x'.repeat(9_000), null]) assert.equal(await sent(text), 'Bearer 2')
  assert.equal(await sent('Bearer 3'), 'Bearer 3')
  const levels = bench.lines.map(({ level }) => level)
  assert.deepEqual(levels, ['info', 'error', 'error', 'error', 'error', 'error', 'error', 'info'])
  assert.ok(bench.lines.every(({ fields }) => fields.file === path))
  assert.ok(!JSON.stringify(bench.lines).includes('Bearer'))
})

test('a file that cannot be used keeps the broker from starting, and no secret is told', () => {
  const open = (path: string) => new Bench({ url: 'http://localhost/', headers: [{ name: 'A', file: path }] })
  const code = (expected: string) => (error: unknown) => {
    assert.ok(error instanceof BrokerError && error.code === expected, String(error))
    assert.ok(error.message.includes(folder) && !error.message.includes('Bearer'))
    return true
  }
  assert.throws(() => open(join(folder, 'missing')), code('AUTHENTICATION_FILE_UNREADABLE'))
  assert.throws(() => open(file('large', 'x'.repeat(1_100_000))), code('AUTHENTICATION_FILE_UNREADABLE'))
  for (const text of ['', 'Bearer 1\r\nX-Evil: 1', 'Bearer \0', 'Bearer \u20ac', `Bearer ${'x'.repeat(9_000)}`])
    assert.throws(() => open(file('wrong', text)), code('AUTHENTICATION_FILE_INVALID'))
})

test('a server is trusted by the authorities that are named, under its name only', { skip }, async () => {
  await using server = secureServer()
  const ask = async (ca: object, host: string) => {
    await using bench = new Bench({ url: await server.url(host), ...ca })
    return await bench.ask()
  }
  const trusted = await ask({ ca: certificate('ca.crt') }, 'localhost')
  assert.ok(typeof trusted === 'object' && 'method' in trusted, JSON.stringify(trusted))
  for (const [ca, host, why] of [
    [{}, 'localhost', /of an authority that is not trusted here/],
    [{ ca: certificate('stranger.crt') }, 'localhost', /not trusted here/],
    [{ ca: certificate('ca.crt') }, '127.0.0.1', /for another name/],
  ] as const) {
    const denied = await ask(ca, host)
    assert.ok(typeof denied === 'object' && 'reason' in denied && denied.reason === Reason.ServerUnavailable)
    assert.match(denied.detail, why)
  }
  assert.equal(server.seen.length, 1)
})

test('a server can ask for a certificate, and connections to it are kept', { skip }, async () => {
  const subjects: string[] = []
  await using server = secureServer(allow, {
    ca: readFileSync(certificate('ca.crt')),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  })
  server.reply = (seen, response) => {
    const socket: unknown = response.socket
    if (isTls(socket)) subjects.push(String(socket.getPeerCertificate().subject.CN))
    allow(seen, response)
  }
  const url = await server.url('localhost')
  const files = { ca: certificate('ca.crt'), certificate: certificate('device.crt'), key: certificate('device.key') }
  await using bench = new Bench({ url, ...files })
  for (let round = 0; round < 3; round++) await bench.identity()
  assert.deepEqual(subjects, ['device', 'device', 'device'])
  assert.equal(new Set(server.seen.map(({ port }) => port)).size, 1)
  await using bare = new Bench({ url, ca: certificate('ca.crt') })
  await bare.denial()
  assert.equal(subjects.length, 3)
})

test('changed certificates are used for new connections, and bad ones change nothing', { skip }, async () => {
  await using server = secureServer()
  const ca = file('ca.pem', readFileSync(certificate('stranger.crt'), 'utf8'))
  await using bench = new Bench({ url: await server.url('localhost'), ca })
  await bench.denial()
  writeFileSync(ca, readFileSync(certificate('ca.crt')))
  bench.files.reload()
  await bench.identity()
  writeFileSync(ca, 'nonsense')
  bench.files.reload()
  await bench.identity()
  assert.deepEqual(
    bench.lines.map(({ level }) => level),
    ['info', 'error'],
  )
  writeFileSync(ca, readFileSync(certificate('stranger.crt')))
  bench.files.reload()
  await bench.denial()
})

test('certificate files that cannot be used keep the broker from starting', { skip }, () => {
  const open = (files: object) => () => new Bench({ url: 'https://localhost/', ...files })
  const code = (expected: string) => (error: unknown) => error instanceof BrokerError && error.code === expected
  const [device, key, other] = [certificate('device.crt'), certificate('device.key'), certificate('other.key')]
  assert.throws(open({ ca: join(folder, 'missing') }), code('TLS_FILE_UNREADABLE'))
  assert.throws(open({ ca: file('none', '') }), code('TLS_INVALID'))
  assert.throws(open({ ca: key }), code('TLS_INVALID'))
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  assert.throws(open({ ca: file('broken', broken) }), code('TLS_INVALID'))
  assert.throws(open({ certificate: device, key: other }), code('TLS_INVALID'))
  assert.throws(open({ certificate: key, key: device }), code('TLS_INVALID'))
})

function isTls(socket: unknown): socket is TLSSocket {
  return typeof socket === 'object' && socket !== null && 'getPeerCertificate' in socket
}

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Listener } from '../../../src/listen/listener.ts'
import { openListener } from '../../../src/listen/listener.ts'
import { defaultListener, type TlsOptions } from '../../../src/listen/options.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { skip, tlsOptions } from './certificates.ts'
import { client, everything, listening, next, Recorder, until } from './kit.ts'
import { begin as beginWith, certificatesOfFile, pem, shaken as shakenWith } from './tls-kit.ts'

const files = certificatesOfFile()
const begin = (t: TestContext, listener: Listener, options?: ConnectionOptions) =>
  beginWith(t, files(), listener, options)
const shaken = (t: TestContext, listener: Listener, options?: ConnectionOptions) =>
  shakenWith(t, files(), listener, options)

function tlsListening(t: TestContext, recorder: Recorder, options: Partial<TlsOptions> = {}, clock = systemClock()) {
  return listening(t, recorder, { transport: 'tls', tls: tlsOptions(files(), options) }, clock)
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version} carries bytes both ways, and the peer says what was established`, { skip }, async (t) => {
    const recorder = new Recorder()
    const listener = await tlsListening(t, recorder)
    assert.match(listener.url, /^mqtts:\/\/127\.0\.0\.1:/)
    const socket = await shaken(t, listener, { maxVersion: version, ALPNProtocols: ['mqtt'] })
    const connection = await recorder.connection()
    socket.write('ping')
    await until(() => connection.received.length === 4)
    connection.wire.write(Buffer.from('pong'))
    assert.equal(String(await next(socket, 'data')), 'pong')
    const { peer } = connection.wire
    assert.deepEqual(
      { ...peer, tls: { ...peer.tls, cipher: '' } },
      {
        transport: 'tls',
        address: '127.0.0.1',
        port: socket.localPort,
        loopback: true,
        tls: {
          protocol: version,
          cipher: '',
          serverName: 'localhost',
          alpn: 'mqtt',
          certificates: [],
          authorized: false,
          failure: null,
        },
      },
    )
    assert.equal(peer.tls?.cipher, socket.getCipher().name)
    socket.end()
    await until(() => connection.ends.length > 0)
    assert.deepEqual(connection.ends, [null])
    await until(() => listener.connections === 0)
  })
}

test('close sends what was written and tells the client', { skip }, async (t) => {
  const recorder = new Recorder()
  const socket = await shaken(t, await tlsListening(t, recorder))
  const connection = await recorder.connection()
  connection.wire.write(Buffer.from('goodbye'))
  connection.wire.close()
  assert.equal((await everything(socket)).toString(), 'goodbye')
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('backpressure and pause work through TLS', { skip }, async (t) => {
  const recorder = new Recorder()
  const socket = await shaken(t, await tlsListening(t, recorder))
  const connection = await recorder.connection()
  connection.wire.pause()
  socket.write('held')
  while (connection.wire.write(Buffer.alloc(262_144)));
  socket.resume()
  await until(() => connection.drains === 1)
  assert.equal(connection.received.length, 0)
  connection.wire.resume()
  await until(() => connection.received.length === 4)
})

test('what is written while a write waits arrives whole and in order, and the end after it', { skip }, async (t) => {
  const recorder = new Recorder()
  const socket = await shaken(t, await tlsListening(t, recorder))
  const { wire, ends } = await recorder.connection()
  const parts = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1 + i * 40, i))
  for (const part of parts.slice(0, 200)) wire.write(part)
  await new Promise(setImmediate)
  for (const part of parts.slice(200)) wire.write(part)
  wire.close()
  assert.equal(wire.write(Buffer.from('too late')), false)
  assert.ok(Buffer.concat(parts).equals(await everything(socket)))
  await until(() => ends.length > 0)
  assert.deepEqual(ends, [null])
})

test('a reset through TLS ends the wire once with its cause', { skip }, async (t) => {
  const recorder = new Recorder()
  const socket = await shaken(t, await tlsListening(t, recorder))
  const connection = await recorder.connection()
  socket.destroy()
  await until(() => {
    connection.wire.write(Buffer.alloc(1_000))
    return connection.ends.length > 0
  })
  assert.equal(connection.ends.length, 1)
})

test('the certificate is chosen by server name: exact, wildcard for one label, or the default', { skip }, async (t) => {
  const entry = (name: string, file: string) => ({
    name,
    certificate: files().path(`${file}.crt`),
    key: files().path(`${file}.key`),
    chain: null,
  })
  const sni = [entry('Other.example.org', 'other'), entry('*.example.net', 'wild')]
  const listener = await tlsListening(t, new Recorder(), { sni })
  const shown = async (servername: string) => {
    const socket = await shaken(t, listener, { servername, rejectUnauthorized: false })
    return socket.getPeerX509Certificate()?.subject
  }
  assert.equal(await shown('other.example.org'), 'CN=other')
  assert.equal(await shown('a.example.net'), 'CN=wild')
  assert.equal(await shown('a.b.example.net'), 'CN=broker')
  assert.equal(await shown('example.net'), 'CN=broker')
  assert.equal(await shown('unknown.example.com'), 'CN=broker')
  assert.equal(await shown(''), 'CN=broker')
})

test('a chain file is sent after the certificate', { skip }, async (t) => {
  const listener = await tlsListening(t, new Recorder(), { chain: files().path('ca.crt') })
  const socket = await shaken(t, listener)
  assert.equal(socket.getPeerCertificate(true).issuerCertificate.subject.CN, 'ca')
})

test('a requested certificate is shown and judged, and its lack is no obstacle', { skip }, async (t) => {
  const recorder = new Recorder()
  const ca = files().path('ca.crt')
  const sni = [
    { name: 'other.example.org', certificate: files().path('other.crt'), key: files().path('other.key'), chain: null },
  ]
  const listener = await tlsListening(t, recorder, { clientCertificate: 'request', clientCa: [ca], sni })
  await shaken(t, listener)
  await shaken(t, listener, pem(files(), 'device'))
  await shaken(t, listener, pem(files(), 'stranger'))
  await shaken(t, listener, { ...pem(files(), 'device'), servername: 'other.example.org' })
  await recorder.connection(3)
  const seen = recorder.connections.map(({ wire }) => [
    (wire.peer.tls?.certificates.length ?? 0) > 0,
    wire.peer.tls?.authorized,
  ])
  assert.deepEqual(seen, [
    [false, false],
    [true, true],
    [true, false],
    [true, true],
  ])
})

const requiring = () => ({ clientCertificate: 'require', clientCa: [files().path('ca.crt')] }) as const

test('a required certificate must be there and be signed by an authority of the listener', { skip }, async (t) => {
  const recorder = new Recorder()
  const listener = await tlsListening(t, recorder, requiring())
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    await everything(begin(t, listener, { maxVersion: version }))
    await everything(begin(t, listener, { ...pem(files(), 'stranger'), maxVersion: version }))
  }
  const details = recorder.refusals.map(({ why, detail }) => `${why}: ${detail}`)
  const missing = 'client certificate not accepted: the client sent no certificate'
  const strange = 'client certificate not accepted: the client certificate is signed by itself'
  assert.deepEqual(details, [missing, strange, missing, strange])
  assert.equal(recorder.connections.length, 0)
  await shaken(t, listener, pem(files(), 'device'))
  assert.equal((await recorder.connection()).wire.peer.tls?.authorized, true)
})

test('a required certificate that is judged at CONNECT is no obstacle before', { skip }, async (t) => {
  const recorder = new Recorder()
  const listener = await tlsListening(t, recorder, { ...requiring(), judged: 'connect' })
  await shaken(t, listener)
  await recorder.connection()
  await shaken(t, listener, pem(files(), 'stranger'))
  await recorder.connection(1)
  await shaken(t, listener, pem(files(), 'device'))
  await recorder.connection(2)
  const seen = recorder.connections.map(({ wire: { peer } }) => [peer.tls?.authorized, peer.tls?.failure])
  assert.deepEqual(seen, [
    [false, null],
    [false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [true, null],
  ])
  assert.deepEqual(recorder.refusals, [])
})

test('handshakes that cannot succeed are refused with the cause in plain words', { skip }, async (t) => {
  const recorder = new Recorder()
  const listener = await tlsListening(t, recorder, { minVersion: 'TLSv1.3' })
  const plain = await client(t, listener)
  plain.write('\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00')
  await everything(plain)
  assert.equal((await recorder.refusal(0)).detail, 'the client does not speak TLS')
  const http = await client(t, listener)
  http.write('GET / HTTP/1.1\r\n\r\n')
  await everything(http)
  assert.equal((await recorder.refusal(1)).detail, 'the client speaks HTTP without TLS')
  await everything(begin(t, listener, { maxVersion: 'TLSv1.2' }))
  assert.match((await recorder.refusal(2)).detail, /TLS versions/)
  await everything(begin(t, listener, { ALPNProtocols: ['h2'] }))
  assert.match((await recorder.refusal(3)).detail, /ALPN/)
  await everything(begin(t, listener, { ca: readFileSync(files().path('stranger.crt')) }))
  await until(() => listener.connections === 0)
  const gone = await client(t, listener)
  gone.end()
  await until(() => listener.connections === 0 && recorder.refusals.length >= 5)
  assert.ok(recorder.refusals.slice(0, 4).every((refusal) => refusal.why === 'TLS handshake failed'))
})

test('each handshake that fails is reported once', { skip }, async (t) => {
  const recorder = new Recorder()
  const listener = await tlsListening(t, recorder)
  for (let i = 0; i < 20; i++) {
    const socket = await client(t, listener)
    socket.write(Buffer.alloc(1 + i * 7, i))
    if (i % 2 === 0) socket.resetAndDestroy()
    else socket.end()
  }
  await until(() => listener.connections === 0 && recorder.refusals.length >= 20)
  assert.equal(recorder.refusals.length, 20)
  await shaken(t, listener)
  await recorder.connection()
})

test('a handshake that does not end is cut off at the deadline', { skip }, async (t) => {
  const recorder = new Recorder()
  const clock = new FakeClock()
  const listener = await tlsListening(t, recorder, {}, clock)
  const silent = await client(t, listener)
  const dribbling = await client(t, listener)
  dribbling.write(Buffer.from([0x16, 0x03, 0x01]))
  await until(() => listener.connections === 2)
  clock.advance(defaultListener.handshakeTimeout + 250)
  await Promise.all([everything(silent), everything(dribbling)])
  await until(() => listener.connections === 0)
  assert.deepEqual(
    recorder.refusals.map(({ why, detail }) => [why, detail]),
    [
      ['handshake took too long', 'TLS handshake'],
      ['handshake took too long', 'TLS handshake'],
    ],
  )
})

test('a closing listener ends unfinished handshakes and blames nobody', { skip }, async (t) => {
  const recorder = new Recorder()
  const listener = await tlsListening(t, recorder)
  const socket = await client(t, listener)
  await until(() => listener.connections === 1)
  await listener.close()
  await everything(socket)
  await until(() => listener.connections === 0)
  assert.deepEqual(recorder.refusals, [])
})

test('files that cannot be read or used are named', { skip }, async (t) => {
  const path = (name: string) => files().path(name)
  writeFileSync(path('rubbish'), 'no PEM at all')
  writeFileSync(path('broken'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const opening = (tls: Partial<TlsOptions> | null) =>
    openListener(
      { ...defaultListener, port: 0, transport: 'tls', tls: tls && tlsOptions(files(), tls) },
      new Recorder(),
      silentLog,
    ).then((listener) => t.after(() => listener.close()))
  const invalid = (message: RegExp) => ({ code: 'TLS_INVALID', message })
  await assert.rejects(opening({ key: path('missing') }), {
    code: 'TLS_FILE_UNREADABLE',
    message: `${path('missing')}: there is no such file`,
  })
  await assert.rejects(opening({ certificate: path('rubbish') }), invalid(/rubbish is not a PEM file$/))
  await assert.rejects(opening({ certificate: path('broken') }), invalid(/broken has no usable certificate/))
  await assert.rejects(opening({ key: path('broker.crt') }), invalid(/broker\.crt has no usable private key/))
  await assert.rejects(
    opening({ key: path('other.key') }),
    invalid(/other\.key is not the key of the certificate in .*broker\.crt/),
  )
  await assert.rejects(
    opening({ clientCa: [path('broken')], clientCertificate: 'request' }),
    invalid(/broken has no usable certificate/),
  )
  await assert.rejects(opening(null), invalid(/needs a certificate/))
})

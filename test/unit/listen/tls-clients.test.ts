import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { skip } from './certificates.ts'
import { everything } from './kit.ts'
import { begin, certificatesOfFile, detailsOf, openTls, pem, sessionOf, shaken } from './tls-kit.ts'

const files = certificatesOfFile()

const authority = ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign']

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a resumed session carries the certificate of the client and how it was judged (${version})`, {
    skip,
  }, async (t) => {
    const made = files()
    const opened = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('ca.crt')] })
    for (const [name, authorized] of [
      ['device', true],
      ['stranger', false],
    ] as const) {
      const client = { ...pem(made, name), maxVersion: version }
      const number = opened.recorder.connections.length
      const session = await sessionOf(t, made, opened, client)
      const socket = await shaken(t, made, opened.listener, { ...client, session })
      assert.equal(socket.isSessionReused(), true)
      const first = await detailsOf(opened.recorder, number)
      const second = await detailsOf(opened.recorder, number + 1)
      assert.deepEqual(second.certificates[0], first.certificates[0])
      assert.deepEqual([second.authorized, second.failure], [authorized, first.failure])
      assert.equal(second.authorized, authorized)
    }
  })

  test(`a session of a client without a certificate proves nothing when it is resumed (${version})`, {
    skip,
  }, async (t) => {
    const made = files()
    const opened = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('ca.crt')] })
    const session = await sessionOf(t, made, opened, { maxVersion: version })
    const socket = await shaken(t, made, opened.listener, { ...pem(made, 'device'), maxVersion: version, session })
    assert.equal(socket.isSessionReused(), true)
    const { authorized, failure, certificates } = await detailsOf(opened.recorder, 1)
    assert.deepEqual([authorized, failure, certificates], [false, null, []])
  })
}

test('a session of one listener is not taken by another', { skip }, async (t) => {
  const made = files()
  const one = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('stranger.crt')] })
  const other = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('ca.crt')] })
  const session = await sessionOf(t, made, one, pem(made, 'stranger'))
  const socket = await shaken(t, made, other.listener, { ...pem(made, 'stranger'), session })
  assert.equal(socket.isSessionReused(), false)
  assert.equal((await detailsOf(other.recorder, 0)).authorized, false)
})

test('an authority between alone suffices, without its root', { skip }, async (t) => {
  const made = files()
  made.signed('between', { extensions: authority })
  made.signed('leaf', { by: 'between' })
  const alone = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('between.crt')] })
  await shaken(t, made, alone.listener, pem(made, 'leaf'))
  assert.equal((await detailsOf(alone.recorder, 0)).authorized, true)
  await shaken(t, made, alone.listener, pem(made, 'device'))
  assert.equal((await detailsOf(alone.recorder, 1)).authorized, false)
})

test('with the root alone, the client has to send the authority between', { skip }, async (t) => {
  const made = files()
  made.signed('between', { extensions: authority })
  made.signed('leaf', { by: 'between' })
  const opened = await openTls(t, made, { clientCertificate: 'request', clientCa: [made.path('ca.crt')] })
  const { cert, key } = pem(made, 'leaf')
  await shaken(t, made, opened.listener, { cert, key })
  await shaken(t, made, opened.listener, { cert: Buffer.concat([cert, readFileSync(made.path('between.crt'))]), key })
  const bare = await detailsOf(opened.recorder, 0)
  const whole = await detailsOf(opened.recorder, 1)
  assert.deepEqual([bare.authorized, bare.certificates.length], [false, 1])
  assert.deepEqual([whole.authorized, whole.certificates.length], [true, 2])
})

test('authorities may be in several files, and each has a say', { skip }, async (t) => {
  const made = files()
  const clientCa = [made.path('ca.crt'), made.path('stranger.crt')]
  const opened = await openTls(t, made, { clientCertificate: 'require', clientCa })
  for (const [index, name] of ['device', 'stranger'].entries()) {
    await shaken(t, made, opened.listener, pem(made, name))
    assert.equal((await detailsOf(opened.recorder, index)).authorized, true)
  }
})

test('without any authority nobody is authorized, not even by those Node knows', { skip }, async (t) => {
  const made = files()
  const opened = await openTls(t, made, { clientCertificate: 'request' })
  await shaken(t, made, opened.listener, pem(made, 'device'))
  const { authorized, failure } = await detailsOf(opened.recorder, 0)
  assert.deepEqual([authorized, failure], [false, 'SELF_SIGNED_CERT_IN_CHAIN'])
})

for (const [asked, authorized] of [
  ['yes', 'true'],
  ['no', 'false'],
] as const) {
  const title = asked === 'yes' ? 'count where that is asked for' : 'do not count otherwise'
  test(`the authorities that the system trusts ${title}`, { skip }, async (t) => {
    const made = files()
    const { certificate, key } = made.pair('broker')
    const program = fileURLToPath(new URL('system-listener.ts', import.meta.url))
    const env = { ...process.env, SSL_CERT_FILE: made.path('ca.crt'), SSL_CERT_DIR: made.folder }
    const child = spawn(process.execPath, [program, certificate, key, asked], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill())
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const { value: port } = await lines.next()
    const socket = connect({ port: Number(port), rejectUnauthorized: false, ...pem(made, 'device') })
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    assert.equal((await lines.next()).value, authorized)
  })
}

test('with two kinds of key, what the client supports decides which certificate it is shown', { skip }, async (t) => {
  const made = files()
  made.selfSigned('rsa', { rsa: true })
  made.selfSigned('named-rsa', { rsa: true })
  const sni = [
    { name: 'named.example.org', ...made.pair('other') },
    { name: 'named.example.org', ...made.pair('named-rsa') },
  ]
  const { listener } = await openTls(t, made, { alternatives: [made.pair('rsa')], sni })
  const shown = async (sigalgs: string, servername = 'localhost') => {
    const socket = await shaken(t, made, listener, { sigalgs, servername, rejectUnauthorized: false })
    return socket.getPeerX509Certificate()?.subject
  }
  assert.equal(await shown('ecdsa_secp256r1_sha256'), 'CN=broker')
  assert.equal(await shown('rsa_pss_rsae_sha256'), 'CN=rsa')
  assert.equal(await shown('ecdsa_secp256r1_sha256', 'named.example.org'), 'CN=other')
  assert.equal(await shown('rsa_pss_rsae_sha256', 'named.example.org'), 'CN=named-rsa')
  assert.equal(listener.certificates.length, 4)
})

test('TLS 1.1 is refused and the log says why, whatever the ciphers allow', { skip }, async (t) => {
  const made = files()
  for (const ciphers of [null, 'DEFAULT:@SECLEVEL=0']) {
    const { listener, recorder } = await openTls(t, made, { ciphers })
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    await everything(begin(t, made, listener, old))
    const { why, detail } = await recorder.refusal()
    assert.deepEqual(
      [why, detail],
      ['TLS handshake failed', 'the client offers only TLS versions that are not allowed here'],
    )
  }
})

test('the suites of a listener are those its ciphers name', { skip }, async (t) => {
  const made = files()
  const { listener, recorder } = await openTls(t, made, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
  const socket = await shaken(t, made, listener, { maxVersion: 'TLSv1.2' })
  assert.equal(socket.getCipher().name, 'ECDHE-ECDSA-AES256-GCM-SHA384')
  await everything(begin(t, made, listener, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }))
  assert.equal((await recorder.refusal()).detail, 'client and server have no cipher in common')
  const unknown = openTls(t, made, { ciphers: 'NO-SUCH-CIPHER' })
  await assert.rejects(unknown, { code: 'TLS_INVALID', message: /^ciphers NO-SUCH-CIPHER cannot be used/ })
})

test('a client cannot renegotiate, and that is no reason for the broker to end the connection', { skip }, async (t) => {
  const made = files()
  const { listener, recorder } = await openTls(t, made)
  const socket = await shaken(t, made, listener, { maxVersion: 'TLSv1.2' })
  const connection = await recorder.connection()
  const failed = new Promise<string>((resolve) => socket.on('error', (error) => resolve(error.message)))
  socket.renegotiate({}, () => {})
  // OpenSSL as a client gives up when it is told no.
  assert.match(await failed, /no renegotiation/i)
  assert.deepEqual(connection.ends, [])
})

test('a certificate OpenSSL finds too weak is named', { skip }, async (t) => {
  const made = files()
  const weak = 'req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=weak -keyout weak.key -out weak.crt'
  spawnSync('openssl', weak.split(' '), { cwd: made.folder })
  await assert.rejects(openTls(t, made, made.pair('weak')), {
    code: 'TLS_INVALID',
    message: /weak\.crt cannot be used \(ee key too small\)/,
  })
})

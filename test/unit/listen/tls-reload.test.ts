import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { skip } from './certificates.ts'
import { until } from './kit.ts'
import { certificatesOfFile, detailsOf, LogBook, type Opened, openTls, pem, sessionOf, shaken } from './tls-kit.ts'

// Files are looked at when `reload` is called, so that no test waits for the watch.
const files = certificatesOfFile()

/** Time for the second look at files that could not be used. */
const settled = 1_500

class Watching {
  readonly files = new WatchedFiles()
  readonly log = new LogBook()
  readonly clock = new FakeClock(Date.now())

  constructor(t: TestContext) {
    t.after(() => this.files.close())
  }

  /** Both looks. */
  reload(): void {
    this.files.reload()
    this.clock.advance(settled)
  }
}

/** The subject of the certificate a new client is shown. */
async function shown(t: TestContext, { listener }: Opened, options: ConnectionOptions = {}): Promise<string> {
  const socket = await shaken(t, files(), listener, { rejectUnauthorized: false, ...options })
  return socket.getPeerX509Certificate()?.subject ?? ''
}

function useForBroker(name: string): void {
  files().copy(`${name}.crt`, 'live.crt')
  files().copy(`${name}.key`, 'live.key')
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a new certificate is shown to new clients, and those of before stay (${version})`, { skip }, async (t) => {
    useForBroker('broker')
    const watching = new Watching(t)
    const opened = await openTls(t, files(), files().pair('live'), watching)
    const options = { maxVersion: version, rejectUnauthorized: false }
    const early = await shaken(t, files(), opened.listener, options)
    const connection = await opened.recorder.connection()
    useForBroker('other')
    watching.reload()
    assert.equal(await shown(t, opened, options), 'CN=other')
    early.write('still here')
    await until(() => connection.received.toString() === 'still here')
    assert.deepEqual(connection.ends, [])
    assert.deepEqual(
      watching.log.of('TLS files reloaded').map(({ level }) => level),
      ['info'],
    )
    assert.equal(opened.listener.certificates[0]?.subject, 'CN=other')
  })
}

test('a certificate whose key is not there yet changes nothing, and is no error if the key follows', {
  skip,
}, async (t) => {
  useForBroker('broker')
  const watching = new Watching(t)
  const opened = await openTls(t, files(), files().pair('live'), watching)
  files().copy('other.crt', 'live.crt')
  watching.files.reload()
  assert.equal(await shown(t, opened), 'CN=broker')
  files().copy('other.key', 'live.key')
  watching.reload()
  assert.equal(await shown(t, opened), 'CN=other')
  assert.deepEqual(
    watching.log.lines.filter(({ level }) => level === 'error'),
    [],
  )
})

test('files that cannot be used keep those of before and are complained of once', { skip }, async (t) => {
  useForBroker('broker')
  const watching = new Watching(t)
  const opened = await openTls(t, files(), files().pair('live'), watching)
  const complaints = () =>
    watching.log.of('TLS files cannot be used, those of before stay').map(({ fields }) => String(fields.cause))
  writeFileSync(files().path('live.crt'), '-----BEGIN CERTIFICATE-----\nMIIB')
  watching.reload()
  watching.reload()
  assert.equal(await shown(t, opened), 'CN=broker')
  assert.equal(complaints().length, 1)
  assert.match(complaints()[0] ?? '', /live\.crt has no certificate/)
  rmSync(files().path('live.key'))
  watching.reload()
  files().copy('other.crt', 'live.crt')
  watching.reload()
  assert.match(complaints()[1] ?? '', /live\.key: there is no such file/)
  useForBroker('stranger')
  watching.reload()
  assert.equal(await shown(t, opened), 'CN=stranger')
  assert.equal(complaints().length, 2)
  assert.equal(watching.log.of('TLS files reloaded').length, 1)
})

test('a reload without a change keeps the session tickets that were given out', { skip }, async (t) => {
  useForBroker('broker')
  const watching = new Watching(t)
  const opened = await openTls(t, files(), files().pair('live'), watching)
  const session = await sessionOf(t, files(), opened)
  watching.reload()
  const socket = await shaken(t, files(), opened.listener, { session })
  assert.equal(socket.isSessionReused(), true)
  assert.deepEqual(watching.log.of('TLS files reloaded'), [])
})

test('certificates for server names are replaced, too', { skip }, async (t) => {
  useForBroker('other')
  const watching = new Watching(t)
  const sni = [{ name: 'Named.example.org', ...files().pair('live') }]
  const opened = await openTls(t, files(), { sni }, watching)
  const servername = 'named.example.org'
  assert.equal(await shown(t, opened, { servername }), 'CN=other')
  useForBroker('wild')
  watching.reload()
  assert.equal(await shown(t, opened, { servername }), 'CN=wild')
  assert.equal(await shown(t, opened), 'CN=broker')
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client of an authority that was taken away is not authorized, also when it resumes (${version})`, {
    skip,
  }, async (t) => {
    const made = files()
    made.copy('ca.crt', 'trusted.crt')
    const watching = new Watching(t)
    const wanted = { clientCertificate: 'request', clientCa: [made.path('trusted.crt')] } as const
    const opened = await openTls(t, made, wanted, watching)
    const device = { ...pem(made, 'device'), maxVersion: version }
    const session = await sessionOf(t, made, opened, device)
    const resumed = await shaken(t, made, opened.listener, { ...device, session })
    assert.equal(resumed.isSessionReused(), true)
    assert.equal((await detailsOf(opened.recorder, 1)).authorized, true)
    made.copy('stranger.crt', 'trusted.crt')
    watching.reload()
    const again = await shaken(t, made, opened.listener, { ...device, session })
    assert.equal(again.isSessionReused(), false)
    const { authorized, failure, certificates } = await detailsOf(opened.recorder, 2)
    assert.deepEqual([authorized, certificates.length > 0], [false, true])
    assert.notEqual(failure, null)
  })
}

test('the files are watched without anybody asking for it', { skip }, async (t) => {
  useForBroker('broker')
  const opened = await openTls(t, files(), files().pair('live'))
  useForBroker('other')
  await until(() => opened.listener.certificates[0]?.subject === 'CN=other', 'the watch')
  assert.equal(await shown(t, opened), 'CN=other')
})

test('a certificate the broker makes itself is shown, and its renewal, where no file is named', { skip }, async (t) => {
  const made = files()
  const text = (name: string) => {
    const { cert, key } = pem(made, name)
    return { certificate: cert.toString(), key: key.toString() }
  }
  let renewed = () => {}
  const authorities = [pem(made, 'ca').cert.toString()]
  const identity = {
    current: text('broker'),
    authorities,
    watch: (changed: () => void) => {
      renewed = changed
      return () => {}
    },
  }
  const options = { certificate: null, key: null, clientCertificate: 'request' } as const
  const opened = await openTls(t, made, options, { identity })
  assert.equal(await shown(t, opened, pem(made, 'device')), 'CN=broker')
  assert.equal((await detailsOf(opened.recorder, 0)).authorized, true)
  identity.current = text('other')
  renewed()
  assert.equal(await shown(t, opened), 'CN=other')
})

import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { test } from 'node:test'
import type { Log } from '../../../src/base/log.ts'
import { silentLog } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { Authority } from '../../../src/pki/authority/authority.ts'
import { machineNames } from '../../../src/pki/authority/machine-names.ts'
import { ServerCertificates } from '../../../src/pki/authority/server-certificates.ts'
import { hostNames } from '../../../src/pki/certificate/alternative-names.ts'
import { certificatesPem, keyPem } from '../../../src/pki/certificate/export-formats.ts'
import { isSealed } from '../../../src/pki/certificate/private-key.ts'
import { clockOfToday, day, Place } from './authority-kit.ts'
import { shakeHands } from './tls-kit.ts'

const machine = {
  hostname: 'hall',
  interfaces: {
    lo: [{ address: '127.0.0.1' }, { address: '::1' }],
    eth0: [{ address: '192.0.2.7' }, { address: '2001:db8::7' }, { address: 'fe80::1' }, { address: '169.254.3.4' }],
  },
  hosts: '127.0.0.1 localhost\n127.0.1.1\thall.example.org hall # the machine\n192.0.2.9 other\n',
}

test('a machine is known by its names and addresses, and by those that are said', () => {
  const { dns, addresses, uris } = machineNames(['mqtt.example.org', '198.51.100.1'], machine)
  assert.deepEqual(dns.toSorted(), ['hall', 'hall.example.org', 'hall.local', 'localhost', 'mqtt.example.org'])
  assert.deepEqual(addresses.toSorted(), ['127.0.0.1', '192.0.2.7', '198.51.100.1', '2001:db8::7', '::1'])
  assert.deepEqual(uris, [])
  assert.equal(dns[0], 'mqtt.example.org')
})

test('a machine with a name no certificate can have is known by the others', () => {
  const odd = machineNames([], { ...machine, hostname: 'a b', hosts: '' })
  assert.deepEqual(odd.dns, ['localhost'])
  assert.throws(() => machineNames(['a b'], machine), { code: 'CA_REQUEST_INVALID' })
  const many = Array.from({ length: 500 }, (_, each) => ({ address: `10.0.${each >> 8}.${each & 255}` }))
  assert.ok(machineNames([], { ...machine, interfaces: { docker: many } }).addresses.length <= 52)
  assert.ok(machineNames([]).addresses.includes('127.0.0.1'))
})

const wanted = (...names: string[]) => ({ names: hostNames(names), days: 90, key: 'ec' }) as const

test('the certificate of the listeners is kept while it is good, and made anew when two thirds of its life are over', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const context = { clock, passphrase: null }
  const authority = await Authority.openOrCreate(place.at('ca'), {}, context)
  const first = await authority.serverCertificate(wanted('hall', '127.0.0.1'))
  const again = await Authority.openOrCreate(place.at('ca'), {}, context)
  const same = async (order: ReturnType<typeof wanted>) =>
    (await again.serverCertificate(order)).sha256 === first.sha256
  assert.equal(await same(wanted('hall')), true)
  assert.equal(statSync(place.at('ca', 'server.key')).mode & 0o777, 0o600)
  clock.advance(59 * day)
  assert.equal(await same(wanted('hall')), true)
  assert.equal((await again.serverCertificate(wanted('hall'), first)).sha256, first.sha256)
  clock.advance(2 * day)
  const second = await again.serverCertificate(wanted('hall'), first)
  assert.notEqual(second.sha256, first.sha256)
  assert.equal((await again.serverCertificate(wanted('hall'))).sha256, second.sha256)
})

test('another certificate is made for other names, after a rotation, a revocation, and when the files are spoilt', async () => {
  using place = new Place()
  const authority = await Authority.openOrCreate(place.at('ca'), {}, { clock: clockOfToday(), passphrase: null })
  const seen = new Set<string>()
  const expectNew = async (...names: string[]): Promise<void> => {
    const { sha256 } = await authority.serverCertificate(wanted(...names))
    assert.equal(seen.has(sha256), false)
    seen.add(sha256)
  }
  await expectNew('hall')
  await expectNew('hall', 'door')
  await authority.rotate({})
  await expectNew('hall')
  await authority.revoke([...seen].at(-1) ?? '', 'superseded')
  await expectNew('hall')
  writeFileSync(place.at('ca', 'server.pem'), 'spoilt')
  await expectNew('hall')
  rmSync(place.at('ca', 'server.key'))
  await expectNew('hall')
  writeFileSync(place.at('ca', 'server.key'), readFileSync(place.at('ca', 'issuing.key')))
  await expectNew('hall')
})

const options = (place: Place) =>
  ({ path: place.at('ca'), names: ['mqtt.example.org'], key: 'ec', serverDays: 90 }) as const

test('listeners without a certificate have one that clients of the authority trust, renewed in time', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const files = new WatchedFiles()
  const served = await ServerCertificates.open(options(place), { log: silentLog, clock, files })
  try {
    const { authority, current } = served
    assert.ok(current.names.dns.includes('mqtt.example.org'))
    assert.ok(current.names.dns.some((name) => name.startsWith(hostname().toLowerCase())))
    const { certificate, chain, privateKey } = await authority.issue({
      kind: 'client',
      subject: { commonName: 'pump' },
      days: 9,
    })
    assert.ok(privateKey !== null)
    const cert = certificatesPem([certificate, ...chain].map(({ der }) => der))
    const [ca = ''] = served.authorities
    const client = { cert, key: await keyPem(privateKey, null), ca }
    assert.equal(await shakeHands({ cert: current.certificate, key: current.key, ca }, client), null)
    const heard: string[] = []
    served.watch(() => heard.push(served.current.sha256))
    await authority.rotate({ root: true })
    await served.look()
    assert.equal(heard.length, 1)
    assert.equal(served.authorities.length, 2)
    assert.equal(await shakeHands({ cert: served.current.certificate, key: served.current.key, ca }, client), null)
    const { sha256 } = served.current
    clock.advance(50 * day)
    await served.look()
    assert.deepEqual(heard, [sha256])
    clock.advance(11 * day)
    await served.look()
    assert.equal(heard.length, 2)
    assert.notEqual(served.current.sha256, sha256)
  } finally {
    await served.close()
    files.close()
  }
})

test('a certificate that cannot be renewed stays, and the log says why', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const files = new WatchedFiles()
  const lines: string[] = []
  const log: Log = { ...silentLog, error: (message) => lines.push(message) }
  const served = await ServerCertificates.open(options(place), { log, clock, files })
  try {
    const before = served.current.sha256
    writeFileSync(place.at('ca', 'bundle.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    clock.advance(61 * day)
    await served.look()
    assert.deepEqual([served.current.sha256, lines], [before, ['the certificate of the listeners cannot be renewed']])
  } finally {
    await served.close()
    files.close()
  }
})

test('the log says in time that the authority itself ends', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const files = new WatchedFiles()
  const lines: string[] = []
  const log: Log = { ...silentLog, warn: (message) => lines.push(message) }
  const secret = place.write('secret', 'of the authority\n')
  const served = await ServerCertificates.open({ ...options(place), passphraseFile: secret }, { log, clock, files })
  try {
    assert.ok(isSealed(readFileSync(place.at('ca', 'issuing.key'))))
    for (const [days, said] of [
      [1_640, 0],
      [10, 1],
      [10, 1],
      [80, 2],
      [70, 3],
      [0.5, 3],
    ] as const) {
      clock.advance(days * day)
      await served.look()
      assert.equal(lines.length, said, `${days}`)
    }
    await served.authority.rotate({})
    await served.look()
    assert.equal(lines.length, 3)
  } finally {
    await served.close()
    files.close()
  }
})

test('the key of the listeners is encrypted on the disk when there is a passphrase', async () => {
  using place = new Place()
  const context = { clock: clockOfToday(), passphrase: Buffer.from('secret') }
  const authority = await Authority.openOrCreate(place.at('ca'), {}, context)
  const first = await authority.serverCertificate(wanted('hall'))
  assert.ok(isSealed(readFileSync(place.at('ca', 'server.key'))))
  assert.match(first.key, /BEGIN PRIVATE KEY/)
  const again = await Authority.openOrCreate(place.at('ca'), {}, context)
  assert.equal((await again.serverCertificate(wanted('hall'))).key, first.key)
})

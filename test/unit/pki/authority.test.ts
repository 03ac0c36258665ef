import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { Authority } from '../../../src/pki/authority/authority.ts'
import { isSealed } from '../../../src/pki/certificate/private-key.ts'
import { clockOfToday, day, namesExtension, newKey, openssl, Place, requestFor, skip } from './authority-kit.ts'

const client = (commonName: string, days = 365) => ({ kind: 'client', subject: { commonName }, days }) as const

const begin = async (place: Place, clock = clockOfToday()) =>
  await Authority.create(place.at('ca'), { name: 'Example' }, { clock, passphrase: null })

/** Asks the openssl program whether a certificate is good, with revocation lists. */
const verify = (place: Place, serial: string, purpose: string, root = 'root.pem'): string => {
  const at = (name: string) => place.at('ca', name)
  const lists = ['-crl_check_all', '-CRLfile', at('crl.pem')]
  const chain = ['-CAfile', at(root), '-untrusted', at('chain.pem'), '-purpose', purpose]
  return openssl('verify', '-x509_strict', ...lists, ...chain, at(`issued/${serial}.pem`))
}

test('an authority has a root, one below it that issues, and files only its user may see', async () => {
  using place = new Place()
  const authority = await begin(place)
  assert.equal(authority.root?.subject, 'CN=Example root 1')
  assert.equal(authority.issuing?.subject, 'CN=Example issuing 1')
  assert.ok((authority.root?.notAfter ?? 0) > Date.now() + 15 * 365 * day)
  const mode = (name: string) => statSync(place.at('ca', name)).mode & 0o777
  for (const folder of ['', 'issued', 'former']) assert.equal(mode(folder), 0o700)
  for (const name of ['root.key', 'issuing.key', 'journal.jsonl']) assert.equal(mode(name), 0o600)
  for (const name of ['root.pem', 'issuing.pem', 'chain.pem', 'bundle.pem', 'crl.pem']) assert.equal(mode(name), 0o644)
  await assert.rejects(begin(place), { code: 'CA_EXISTS' })
  const other = { clock: clockOfToday(), passphrase: null }
  await assert.rejects(Authority.open(place.at('nothing'), other), { code: 'CA_MISSING' })
  assert.equal(existsSync(place.at('nothing')), false)
})

test('certificates are what the openssl program takes for good, for what they are for', { skip }, async () => {
  using place = new Place()
  const authority = await begin(place)
  const device = await authority.issue({ ...client('pump-7'), names: { uris: ['urn:dev:7'] }, key: 'rsa' })
  const server = await authority.issue({
    kind: 'server',
    subject: { commonName: 'hall' },
    names: { dns: ['hall'] },
    days: 9,
  })
  assert.match(verify(place, device.certificate.facts.serial, 'sslclient'), /: OK/)
  assert.match(verify(place, server.certificate.facts.serial, 'sslserver'), /: OK/)
  assert.throws(() => verify(place, device.certificate.facts.serial, 'sslserver'), /unsuitable certificate purpose/)
  const text = openssl(
    'x509',
    '-in',
    place.at('ca', `issued/${device.certificate.facts.serial}.pem`),
    '-noout',
    '-text',
  )
  assert.match(text, /CA:FALSE/)
  assert.match(text, /Digital Signature, Key Encipherment/)
  assert.match(text, /URI:urn:dev:7/)
  assert.match(openssl('x509', '-in', place.at('ca', 'root.pem'), '-noout', '-text'), /CA:TRUE, pathlen:2/)
  assert.match(openssl('x509', '-in', place.at('ca', 'issuing.pem'), '-noout', '-text'), /CA:TRUE, pathlen:0/)
})

test('no certificate is good for longer than the one that issued it', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const authority = await begin(place, clock)
  const end = authority.issuing?.notAfter ?? 0
  const { certificate, remarks } = await authority.issue(client('pump-7', 36_500))
  assert.equal(certificate.facts.notAfter, end)
  assert.match(remarks.join(), /rotate/)
  assert.ok(certificate.facts.notBefore >= (authority.issuing?.notBefore ?? 0))
  for (const days of [0, -1, 1.5, 36_501, Number.NaN])
    await assert.rejects(authority.issue(client('pump-7', days)), { code: 'CA_REQUEST_INVALID' })
  clock.advance(end - clock.wall())
  await assert.rejects(authority.issue(client('pump-8')), { code: 'CA_UNUSABLE', message: /rotate/ })
})

test('what was issued is in the journal before it is given out, and known to whoever opens the authority', async () => {
  using place = new Place()
  const authority = await begin(place)
  const { certificate } = await authority.issue(client('pump-7'))
  const lines = readFileSync(place.at('ca', 'journal.jsonl'), 'utf8').trim().split('\n')
  const last: unknown = JSON.parse(lines.at(-1) ?? '')
  const { serial, sha1, sha256 } = certificate.facts
  assert.partialDeepStrictEqual(last, { event: 'issued', kind: 'client', serial, name: 'pump-7', sha1, sha256 })
  const again = await Authority.open(place.at('ca'), { clock: clockOfToday(), passphrase: null })
  assert.equal(again.find('pump-7')[0]?.serial, serial)
  for (const which of [sha1.toUpperCase(), sha256, serial.match(/../g)?.join(':') ?? ''])
    assert.equal(again.find(which)[0]?.serial, serial)
  assert.throws(() => again.find('pump-8'), { code: 'CA_CERTIFICATE_UNKNOWN' })
  assert.equal((await again.certificate(serial)).facts.sha256, sha256)
})

test('revocation is in the list at once, and the number of the list rises', { skip }, async () => {
  using place = new Place()
  const authority = await begin(place)
  const first = await authority.issue(client('pump-7'))
  const second = await authority.renew('pump-7', { days: 30 })
  const other = await authority.issue(client('pump-8'))
  const numberOf = () => openssl('crl', '-in', place.at('ca', 'crl.pem'), '-noout', '-crlnumber').trim()
  const before = numberOf()
  const revoked = await authority.revoke('pump-7', 'key-compromise')
  assert.deepEqual(
    revoked.map(({ serial }) => serial),
    [first, second].map(({ certificate }) => certificate.facts.serial),
  )
  assert.notEqual(numberOf(), before)
  for (const { certificate } of [first, second])
    assert.throws(() => verify(place, certificate.facts.serial, 'sslclient'), /certificate revoked/)
  assert.match(verify(place, other.certificate.facts.serial, 'sslclient'), /: OK/)
  assert.match(openssl('crl', '-in', place.at('ca', 'crl.pem'), '-noout', '-text'), /Key Compromise/)
  await assert.rejects(authority.revoke('pump-7', 'unspecified'), { code: 'CA_REQUEST_INVALID', message: /already/ })
  await assert.rejects(authority.renew('pump-7', { days: 1 }), { code: 'CA_REQUEST_INVALID', message: /revoked/ })
  await assert.rejects(authority.revoke('Example root 1', 'unspecified'), { code: 'CA_REQUEST_INVALID' })
})

test('a name of a server and of a client is not guessed', async () => {
  using place = new Place()
  const authority = await begin(place)
  const { certificate } = await authority.issue(client('hall'))
  await authority.issue({ ...client('hall'), kind: 'server' })
  await assert.rejects(authority.revoke('hall', 'unspecified'), { message: /serial number: client .*, server / })
  assert.equal((await authority.revoke(certificate.facts.serial, 'unspecified')).length, 1)
})

test('the revocation list is signed again when half of its time is over, and when a crash left it behind', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const authority = await begin(place, clock)
  assert.equal(await authority.refreshCrl(), false)
  clock.advance(15 * day)
  assert.equal(await authority.refreshCrl(), true)
  assert.equal(await authority.refreshCrl(), false)
  rmSync(place.at('ca', 'crl.pem'))
  assert.equal(await authority.refreshCrl(), true)
  const stale = readFileSync(place.at('ca', 'crl.pem'))
  clock.advance(2_000)
  await authority.issue(client('pump-7'))
  await authority.revoke('pump-7', 'unspecified')
  place.write('ca/crl.pem', stale)
  assert.equal(await authority.refreshCrl(), true)
  assert.equal(await authority.refreshCrl(), false)
})

test('a renewal is for the same key and the same names, a new key or that of a request', async () => {
  using place = new Place()
  const authority = await begin(place)
  const first = await authority.issue({
    ...client('pump-7'),
    names: { dns: ['pump-7.example'] },
    crlUrl: 'http://a.example/crl',
  })
  const same = await authority.renew('pump-7', { days: 30 })
  assert.equal(same.privateKey, null)
  assert.ok(same.certificate.key.equals(first.certificate.key))
  assert.deepEqual(same.certificate.facts.dns, ['pump-7.example'])
  assert.equal(same.certificate.crlUrl, 'http://a.example/crl')
  assert.notEqual(same.certificate.facts.serial, first.certificate.facts.serial)
  const fresh = await authority.renew('pump-7', { days: 30, key: 'ec' })
  assert.ok(fresh.privateKey !== null && !fresh.certificate.key.equals(first.certificate.key))
  const key = newKey()
  const request = { bytes: requestFor({ key }), file: 'pump.csr', acceptNames: false }
  const asked = await authority.renew('pump-7', { days: 30, request })
  assert.ok(asked.certificate.key.equals(key.publicKey))
  const stranger = { ...request, bytes: requestFor({ commonName: 'admin' }) }
  await assert.rejects(authority.renew('pump-7', { days: 30, request: stranger }), {
    message: /"admin", not for "pump-7"/,
  })
  await assert.rejects(authority.renew('Example issuing 1', { days: 1 }), {
    code: 'CA_REQUEST_INVALID',
    message: /rotate/,
  })
})

test('a request gets the name it is allowed, and no other', async () => {
  using place = new Place()
  const authority = await begin(place)
  const names = namesExtension([0x82, 'pump-7.example'])
  const order = (bytes: Buffer, acceptNames: boolean) => ({
    ...client('pump-7'),
    request: { bytes, file: 'x.csr', acceptNames },
  })
  const withNames = requestFor({ extensions: [names] })
  await assert.rejects(authority.issue(order(withNames, false)), { message: /dns:pump-7.example.*--request-names/ })
  assert.deepEqual((await authority.issue(order(withNames, true))).certificate.facts.dns, ['pump-7.example'])
  const given = { ...order(withNames, false), names: { dns: ['pump-7.example', 'other.example'] } }
  assert.deepEqual((await authority.issue(given)).certificate.facts.dns, ['pump-7.example', 'other.example'])
  const other = requestFor({ commonName: 'admin' })
  await assert.rejects(authority.issue(order(other, true)), { message: /"admin", not for "pump-7"/ })
  const { privateKey, certificate } = await authority.issue(order(requestFor(), false))
  assert.equal(privateKey, null)
  assert.equal(new X509Certificate(certificate.der).ca, false)
})

test('keys are encrypted under a passphrase, and nothing is signed without it', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const passphrase = Buffer.from('correct horse')
  const authority = await Authority.create(place.at('ca'), {}, { clock, passphrase })
  for (const name of ['root.key', 'issuing.key']) assert.ok(isSealed(readFileSync(place.at('ca', name))), name)
  await authority.issue(client('pump-7'))
  const without = await Authority.open(place.at('ca'), { clock, passphrase: null })
  assert.equal(without.find('pump-7').length, 1)
  await assert.rejects(without.issue(client('pump-8')), { code: 'CA_PASSPHRASE', message: /encrypted: give/ })
  await assert.rejects(without.revoke('pump-7', 'unspecified'), { code: 'CA_PASSPHRASE' })
  await assert.rejects(without.rotate({}), { code: 'CA_PASSPHRASE' })
  const wrong = await Authority.open(place.at('ca'), { clock, passphrase: Buffer.from('battery') })
  await assert.rejects(wrong.issue(client('pump-8')), { code: 'CA_PASSPHRASE', message: /wrong/ })
  const right = await Authority.open(place.at('ca'), { clock, passphrase })
  assert.equal(right.find('pump-7')[0]?.revoked, null)
  await right.rotate({ root: true })
  const keys = readdirSync(place.at('ca', 'former')).filter((name) => name.endsWith('.key'))
  assert.equal(keys.length, 2)
  for (const name of keys) assert.ok(isSealed(readFileSync(place.at('ca', 'former', name))), name)
  assert.ok(isSealed(readFileSync(place.at('ca', 'root.key'))))
})

test('two who have one authority open see what the other does, and mix nothing up', async () => {
  using place = new Place()
  const one = await begin(place)
  const two = await Authority.open(place.at('ca'), { clock: clockOfToday(), passphrase: null })
  const issue = async (authority: Authority, name: string) =>
    (await authority.issue(client(name))).certificate.facts.serial
  const serials = await Promise.all(
    Array.from({ length: 20 }, (_, each) => issue(each % 2 === 0 ? one : two, `pump-${each}`)),
  )
  assert.equal(new Set(serials).size, 20)
  await one.revoke('pump-1', 'unspecified')
  await two.refresh()
  assert.notEqual(two.find('pump-1')[0]?.revoked, null)
  const clients = [...two.list()].filter(({ kind }) => kind === 'client')
  assert.deepEqual(clients.map(({ serial }) => serial).toSorted(), serials.toSorted())
})

test('a thousand certificates are issued, listed and found', async () => {
  using place = new Place()
  const authority = await begin(place)
  for (let each = 0; each < 1_000; each++) await authority.issue(client(`device-${each}`))
  const again = await Authority.open(place.at('ca'), { clock: clockOfToday(), passphrase: null })
  assert.equal([...again.list()].length, 1_002)
  assert.equal(again.find('device-999').length, 1)
})

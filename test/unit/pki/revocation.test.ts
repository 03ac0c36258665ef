import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Denial, TlsDetails } from '../../../src/engine/ports.ts'
import { readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import { Der, encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'
import { openInspector, type RevocationOptions } from '../../../src/pki/revocation/revocation.ts'
import { twinsOf } from '../../../src/pki/revocation/revocation-twin.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { folder, LogBook, noRevocation } from '../authn/certificate-kit.ts'
import { until } from '../listen/kit.ts'
import {
  bits,
  certificatePem,
  type Holder,
  holder,
  integer,
  type ListWishes,
  nameOf,
  pem,
  revocationList,
  seq,
  signed,
  thumbprint,
} from './facts-kit.ts'

const missing = /^the certificates between it and a known authority are missing$/
const named = (name: string) => [['CN', name]] as const
const root = holder({ name: named('root'), authority: true })
const between = holder({ name: named('between'), issuer: root, authority: true })
const stranger = holder({ name: named('stranger'), authority: true })
const leaf = holder({ name: named('leaf'), issuer: root })
const below = holder({ name: named('below'), issuer: between })

function tlsOf(authorized: boolean, ...holders: readonly Holder[]): TlsDetails {
  const certificates = holders.map(({ certificate }) => certificate)
  return { protocol: 'TLSv1.3', cipher: '', serverName: null, alpn: null, certificates, authorized, failure: null }
}

const listPem = (issuer: Holder, wishes: ListWishes = {}) => pem('X509 CRL', revocationList(issuer, wishes))

async function opened(t: TestContext, options: Partial<RevocationOptions> = {}, clock = systemClock()) {
  const files = new WatchedFiles()
  const log = new LogBook()
  const { write } = folder(t)
  const authorityFiles = options.authorityFiles ?? [write('root.pem', certificatePem(root))]
  const inspector = await openInspector({ ...noRevocation, ...options, authorityFiles }, { log, clock, files })
  t.after(async () => {
    files.close()
    await inspector.close()
  })
  const look = async (tls: TlsDetails, listed: string | null = null): Promise<Denial | null> => {
    const presented = inspector.inspect(tls)
    if (typeof presented === 'string') throw new Error(presented)
    return await presented.revocation(listed === null ? null : ({ sha256 }) => sha256 === listed)
  }
  return { inspector, look, files, log, write }
}

test('a certificate on the list of its authority is revoked, others are not', async (t) => {
  const { write } = folder(t)
  const crlFiles = [write('crl', listPem(root, { serials: [leaf.serial] }))]
  const { look, inspector } = await opened(t, { crlFiles })
  const denial = await look(tlsOf(true, leaf))
  assert.equal(denial?.told, 'the certificate is revoked')
  assert.match(denial?.detail ?? '', /CN=leaf .* by the revocation list of CN=root \(.*crl\)/)
  assert.equal(await look(tlsOf(true, holder({ name: named('other'), issuer: root }))), null)
  assert.deepEqual(
    inspector.lists.map(({ issuer, revoked, verified }) => [issuer, revoked, verified]),
    [['CN=root', 1, true]],
  )
})

test('a serial number counts for the authority of the list only', async (t) => {
  const { write } = folder(t)
  const crlFiles = [write('crl.der', revocationList(root, { serials: [leaf.serial] }))]
  const { look } = await opened(t, { crlFiles })
  const same = holder({ name: named('same serial'), issuer: stranger, serial: leaf.serial })
  assert.equal(await look(tlsOf(false, same)), null)
})

test('a file may have the lists of several authorities, and a list that somebody else signed is refused', async (t) => {
  const { write } = folder(t)
  const authorityFiles = [write('ca', certificatePem(root, between))]
  const both = listPem(root) + listPem(between, { serials: [below.serial] })
  const { look } = await opened(t, { authorityFiles, crlFiles: [write('both', both)] })
  assert.match((await look(tlsOf(true, below)))?.detail ?? '', /CN=below/)
  const forged = listPem({ ...stranger, name: root.name }, { serials: [] })
  await assert.rejects(opened(t, { crlFiles: [write('forged', forged)] }), {
    code: 'CRL_INVALID',
    message: /forged: the revocation list of CN=root cannot be used: the signature is not that of its authority/,
  })
  await assert.rejects(opened(t, { crlFiles: [write('none', 'nothing')] }), { code: 'CRL_INVALID', message: /in PEM/ })
  await assert.rejects(opened(t, { crlFiles: ['/nonexistent'] }), { code: 'CRL_INVALID', message: /no such file/ })
  await assert.rejects(opened(t, { crlFiles: [write('cut', pem('X509 CRL', Buffer.from('3003', 'hex')))] }), {
    code: 'CRL_INVALID',
    message: /cut: the revocation list cannot be used: it ends too early/,
  })
})

test('an authority that may not sign lists does not [RFC 5280 6.3.3]', async (t) => {
  const { write } = folder(t)
  const issuing = holder({ name: named('issuing'), authority: true, usage: 0x04 })
  const options = { authorityFiles: [write('ca', certificatePem(issuing))], crlFiles: [write('crl', listPem(issuing))] }
  await assert.rejects(opened(t, options), { code: 'CRL_INVALID', message: /may not sign revocation lists/ })
})

test('an authority between that its authority revoked takes everything below it along', async (t) => {
  const { write } = folder(t)
  const { look } = await opened(t, { crlFiles: [write('crl', listPem(root, { serials: [between.serial] }))] })
  assert.match((await look(tlsOf(true, below, between)))?.detail ?? '', /CN=between/)
})

test('a session that is resumed shows no authority between, but that was learned before', async (t) => {
  const { look } = await opened(t)
  const listed = thumbprint(between.certificate)
  assert.equal(await look(tlsOf(true, below)), null)
  assert.notEqual(await look(tlsOf(true, below, between), listed), null)
  assert.match((await look(tlsOf(true, below), listed))?.detail ?? '', /CN=between/)
})

test('nothing is learned that no known authority signed', async (t) => {
  const { look } = await opened(t)
  const decoy = holder({ name: named('between'), authority: true })
  await look(tlsOf(true, below, decoy))
  assert.match((await look(tlsOf(true, below), thumbprint(decoy.certificate)))?.told ?? '', missing)
  await look(tlsOf(false, below, between))
  assert.match((await look(tlsOf(true, below), thumbprint(between.certificate)))?.told ?? '', missing)
})

test('certificates with the name of an authority do not hide that it is revoked', async (t) => {
  const { look } = await opened(t)
  const listed = thumbprint(between.certificate)
  const decoys = [
    holder({ name: named('between'), authority: true }),
    holder({ name: named('between'), issuer: stranger, authority: true }),
    holder({ name: named('between'), issuer: { ...stranger, name: named('between') }, keys: between, authority: true }),
  ]
  const circle = [
    holder({ name: named('between'), issuer: { ...stranger, name: named('x') }, authority: true }),
    holder({ name: named('x'), issuer: { ...stranger, name: named('between') }, authority: true }),
  ]
  assert.notEqual(await look(tlsOf(true, below, ...decoys, between), listed), null)
  assert.notEqual(await look(tlsOf(true, below, ...circle, between), listed), null)
  assert.notEqual(await look(tlsOf(true, below, between, ...decoys, ...circle), listed), null)
  assert.equal(await look(tlsOf(true, below, ...decoys, between), thumbprint(decoys[0]?.certificate ?? listed)), null)
})

test('a path that TLS found and that is not known here is not taken on trust once something may be revoked', async (t) => {
  const { look, write } = await opened(t)
  assert.equal(await look(tlsOf(true, below)), null)
  assert.match((await look(tlsOf(true, below), '-'))?.told ?? '', missing)
  const sameKey = holder({ name: named('between'), keys: between, authority: true })
  assert.match((await look(tlsOf(true, below, sameKey), '-'))?.told ?? '', missing)
  assert.equal(await look(tlsOf(true, below, between), '-'), null)
  assert.equal(await look(tlsOf(true, below), '-'), null)
  const partial = await opened(t, { authorityFiles: [write('between', certificatePem(between))] })
  assert.equal(await partial.look(tlsOf(true, below), '-'), null)
})

test('authorities are found however their name is written', async (t) => {
  const { write } = folder(t)
  const text = (tag: number, name: string) => [['CN', encoded(tag, Buffer.from(name))]] as const
  const authority = holder({ name: text(Tag.Utf8String, 'The  Root '), authority: true })
  const other = { ...authority, name: text(Tag.PrintableString, 'the root') }
  const own = holder({ name: named('own'), issuer: other })
  const authorityFiles = [write('ca', certificatePem(authority))]
  const crlFiles = [write('crl', listPem(authority, { serials: [own.serial] }))]
  const { look } = await opened(t, { authorityFiles, crlFiles })
  assert.match((await look(tlsOf(true, own)))?.told ?? '', /^the certificate is revoked$/)
})

test('very many certificates that came along are refused, whatever they are', async (t) => {
  const { inspector, look } = await opened(t)
  const many = Array.from({ length: 16 }, () => between)
  assert.equal(inspector.inspect(tlsOf(true, below, ...many)), 'too many came with it')
  const net = Array.from({ length: 8 }, () =>
    holder({ name: named('between'), issuer: { ...stranger, name: named('between') } }),
  )
  assert.match((await look(tlsOf(false, below, ...net), '-'))?.told ?? '', /too many authorities/)
})

test('a certificate whose signature was replaced by its twin is still on the list', async (t) => {
  const { look } = await opened(t)
  for (let count = 0; count < 10; count++) {
    const one = holder({ name: named('one'), issuer: root })
    const twin = twinOf(one.certificate)
    assert.ok(new X509Certificate(twin).verify(root.publicKey))
    assert.notEqual(thumbprint(twin), thumbprint(one.certificate))
    assert.ok(twinsOf(read(twin)).some(({ sha256 }) => sha256 === thumbprint(one.certificate)))
    assert.notEqual(await look(tlsOf(true, { ...one, certificate: twin }), thumbprint(one.certificate)), null)
  }
  const rsa = holder({ name: named('rsa'), kind: 'rsa' })
  assert.deepEqual(twinsOf(read(rsa.certificate)), [])
})

function read(der: Buffer) {
  const certificate = readCertificate(der)
  if (typeof certificate === 'string') throw new Error(certificate)
  return certificate
}

/** The same certificate with (r, n - s) for (r, s). */
function twinOf(der: Buffer): Buffer {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const whole = new Der(der).inside(Tag.Sequence)
  const head = [whole.element(), whole.element()]
  const pair = new Der(whole.octets()).inside(Tag.Sequence)
  const r = pair.element()
  const s = BigInt(`0x${pair.value(Tag.Integer).toString('hex')}`)
  const other = Buffer.from((n - s).toString(16).padStart(64, '0'), 'hex')
  return seq(...head, bits(seq(r, integer(other.subarray(other.findIndex((byte) => byte !== 0))))))
}

test('the list of an authority that is not known counts once a client shows that authority', async (t) => {
  const { write } = folder(t)
  const { look, log, inspector } = await opened(t, {
    crlFiles: [write('crl', listPem(between, { serials: [below.serial] }))],
  })
  assert.match(log.lines.join(), /info revocation list of an authority not known yet.*CN=between/)
  assert.equal(inspector.lists[0]?.verified, false)
  assert.match((await look(tlsOf(true, below)))?.told ?? '', missing)
  assert.match(
    (await look(tlsOf(true, below, between)))?.detail ?? '',
    /CN=below .* by the revocation list of CN=between/,
  )
  assert.equal(inspector.lists[0]?.verified, true)
})

test('a list that is out of date still counts and is said to be, unless the rules are strict', async (t) => {
  const { write } = folder(t)
  const clock = new FakeClock(Date.now())
  const crlFiles = [write('crl', listPem(root, { serials: [leaf.serial], nextUpdate: Date.now() + 3_600_000 }))]
  const good = holder({ name: named('good'), issuer: root })
  const tolerant = await opened(t, { crlFiles }, clock)
  const strict = await opened(t, { crlFiles, crlPolicy: 'strict' }, clock)
  assert.equal(await strict.look(tlsOf(true, good)), null)
  let changes = 0
  strict.inspector.watch(() => changes++)
  clock.advance(3_700_000)
  assert.equal(await tolerant.look(tlsOf(true, good)), null)
  assert.notEqual(await tolerant.look(tlsOf(true, leaf)), null)
  assert.match(tolerant.log.lines.join(), /warn revocation list is out of date/)
  assert.equal(tolerant.log.lines.length, 1)
  assert.equal((await strict.look(tlsOf(true, good)))?.told, 'whether the certificate is revoked cannot be known')
  assert.equal(changes, 1)
})

test('with strict rules every authority below those of the operator needs a list', async (t) => {
  const { write } = folder(t)
  const first = await opened(t, { crlFiles: [write('crl', listPem(root))], crlPolicy: 'strict' })
  assert.equal(await first.look(tlsOf(true, leaf)), null)
  assert.match(
    (await first.look(tlsOf(true, below, between)))?.detail ?? '',
    /no current revocation list of CN=between/,
  )
  const both = write('both', listPem(root) + listPem(between))
  const second = await opened(t, { crlFiles: [both], crlPolicy: 'strict' })
  assert.equal(await second.look(tlsOf(true, below, between)), null)
  const tolerant = await opened(t, { crlFiles: [write('crl2', listPem(root))] })
  assert.equal(await tolerant.look(tlsOf(true, below, between)), null)
})

test('a list that changes is read again, and one that cannot be used leaves the one before', async (t) => {
  const { write } = folder(t)
  const crl = write('crl', listPem(root))
  const { look, files, log, inspector } = await opened(t, { crlFiles: [crl] })
  let changes = 0
  inspector.watch(() => changes++)
  const presented = inspector.inspect(tlsOf(true, leaf))
  assert.ok(typeof presented !== 'string')
  assert.equal(presented.revoked(null), null)
  writeFileSync(crl, listPem(root, { serials: [leaf.serial] }))
  files.reload()
  await until(() => changes === 1)
  assert.match(presented.revoked(null)?.detail ?? '', /CN=leaf/)
  writeFileSync(crl, listPem(root, { serials: [leaf.serial] }).slice(0, 300))
  files.reload()
  await until(() => log.lines.some((line) => line.startsWith('error revocation lists cannot be used')))
  assert.notEqual(await look(tlsOf(true, leaf)), null)
  assert.equal(changes, 1)
})

test('authorities that change make waiting lists count', async (t) => {
  const { write } = folder(t)
  const ca = write('ca', certificatePem(root))
  const crlFiles = [write('crl', listPem(stranger, { serials: [Buffer.from([7])] }))]
  const { inspector, files } = await opened(t, { authorityFiles: [ca], crlFiles })
  assert.equal(inspector.lists[0]?.verified, false)
  writeFileSync(ca, certificatePem(root, stranger))
  files.reload()
  await until(() => inspector.lists[0]?.verified === true)
})

test('a signature with an algorithm that is not accepted is none', async (t) => {
  const { write } = folder(t)
  const weak = signed(seq(nameOf([])), root.privateKey)
  await assert.rejects(opened(t, { crlFiles: [write('weak', pem('X509 CRL', weak))] }), { code: 'CRL_INVALID' })
})

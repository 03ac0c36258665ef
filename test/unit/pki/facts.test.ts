import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { type Certificate, readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import { encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'
import {
  address,
  dns,
  email,
  extension,
  holder,
  implicit,
  oid,
  purpose,
  seq,
  uri,
  utf8,
  type Wishes,
} from './facts-kit.ts'

function read(wishes: Wishes): Certificate {
  const certificate = readCertificate(holder(wishes).certificate)
  if (typeof certificate === 'string') throw new Error(certificate)
  return certificate
}

const facts = (wishes: Wishes) => read(wishes).facts
const text = (tag: number, hex: string) => encoded(tag, Buffer.from(hex, 'hex'))

test('a certificate says what OpenSSL says it does', () => {
  const authority = holder({ name: [['CN', 'root']], authority: true })
  const made = holder({
    name: [
      ['C', 'SE'],
      ['O', 'Example, Inc.'],
      ['CN', 'pump-7'],
    ],
    issuer: authority,
    names: [dns('pump-7.example.org'), uri('urn:pump:7'), address('c0000207'), email('pump@example.org')],
    purposes: [purpose.client],
  })
  const other = new X509Certificate(made.certificate)
  const certificate = readCertificate(made.certificate)
  if (typeof certificate === 'string') throw new Error(certificate)
  assert.deepEqual(certificate.facts, {
    subject: 'CN=pump-7,O=Example\\, Inc.,C=SE',
    commonNames: ['pump-7'],
    dns: ['pump-7.example.org'],
    uris: ['urn:pump:7'],
    addresses: ['192.0.2.7'],
    emails: ['pump@example.org'],
    issuer: 'CN=root',
    serial: other.serialNumber.toLowerCase().replace(/^0+/, ''),
    sha1: other.fingerprint.replaceAll(':', '').toLowerCase(),
    sha256: other.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: Date.parse(other.validFrom),
    notAfter: Date.parse(other.validTo),
  })
})

test('a comma, an equals sign or a line feed in a name makes no other name', () => {
  const { subject, commonNames } = facts({ name: [['CN', 'a,CN=admin\nCN=root+O=x']] })
  assert.deepEqual(
    commonNames,
    ['a,CN=admin\nCN=root+O=x'].filter((name) => !name.includes('\n')),
  )
  assert.equal(subject, 'CN=a\\,CN=admin\\0ACN=root\\+O=x')
  assert.deepEqual(facts({ name: [['CN', 'a,CN=admin']] }).commonNames, ['a,CN=admin'])
})

test('names with NUL or control characters cannot be used, the others can', () => {
  const found = facts({
    name: [['CN', 'admin\0.example.org']],
    names: [
      dns('good.example.org'),
      dns('admin\0.example.org'),
      uri('urn:\x1b'),
      email('a\x7f@b'),
      dns(''),
      dns('caf\xe9'),
    ],
  })
  assert.deepEqual(found.commonNames, [])
  assert.deepEqual(found.dns, ['good.example.org'])
  assert.deepEqual(found.uris, [])
  assert.deepEqual(found.emails, [])
  assert.equal(found.subject, 'CN=admin\\00.example.org')
})

test('of several common names the most specific comes first', () => {
  const name = [
    ['CN', 'outer'],
    ['O', 'x'],
    ['CN', 'inner'],
  ] as const
  assert.deepEqual(facts({ name }).commonNames, ['inner', 'outer'])
})

test('what surrounds and begins a value is escaped so that it can be read back [RFC 4514]', () => {
  const subject = (value: string) => facts({ name: [['CN', value]] }).subject
  assert.equal(subject(' a '), 'CN=\\ a\\ ')
  assert.equal(subject('#a'), 'CN=\\#a')
  assert.equal(subject(' '), 'CN=\\ ')
  assert.equal(subject('a\\ '), 'CN=a\\\\\\ ')
  assert.equal(subject('a"b<c>d;e'), 'CN=a\\"b\\<c\\>d\\;e')
  assert.equal(subject('Zoë'), 'CN=Zoë')
})

test('parts of one relative name are joined, and types without a name are written in hexadecimal', () => {
  const part = (type: string, value: string) => seq(oid(type), utf8(value))
  const name = seq(
    encoded(Tag.Set, part('2.5.4.3', 'a'), part('2.5.4.10', 'b')),
    encoded(Tag.Set, part('1.2.3.4', 'x')),
  )
  assert.equal(facts({ name }).subject, '1.2.3.4=#0c0178,CN=a+O=b')
  assert.equal(facts({ name: seq() }).subject, '')
})

test('texts in every encoding are read, and what is malformed is no name', () => {
  const name = (value: Buffer) => facts({ name: [['CN', value]] }).commonNames[0]
  assert.equal(name(text(Tag.PrintableString, '61')), 'a')
  assert.equal(name(text(Tag.Ia5String, '61')), 'a')
  assert.equal(name(text(Tag.BmpString, '00e90061')), 'éa')
  assert.equal(name(text(Tag.UniversalString, '0001f600')), '😀')
  assert.equal(name(text(Tag.TeletexString, '61')), 'a')
  assert.equal(name(text(Tag.TeletexString, 'e9')), undefined)
  assert.equal(name(text(Tag.Utf8String, 'c080')), undefined)
  assert.equal(name(text(Tag.Utf8String, 'eda080')), undefined)
  assert.equal(name(text(Tag.BmpString, 'd800')), undefined)
  assert.equal(name(text(Tag.BmpString, '006100')), undefined)
  assert.equal(name(text(Tag.UniversalString, '00110000')), undefined)
  assert.equal(name(text(Tag.OctetString, '61')), undefined)
  assert.equal(facts({ name: [['CN', text(Tag.Utf8String, 'c080')]] }).subject, 'CN=#0c02c080')
})

test('addresses are written as RFC 5952 says', () => {
  const one = (hex: string) => facts({ name: [], names: [address(hex)] }).addresses[0]
  assert.equal(one('00000000000000000000000000000000'), '::')
  assert.equal(one('00000000000000000000000000000001'), '::1')
  assert.equal(one('20010db8000000010001000100010001'), '2001:db8:0:1:1:1:1:1')
  assert.equal(one('20010db8000000000001000000000001'), '2001:db8::1:0:0:1')
  assert.equal(one('20010db800000000000a00000000000b'), '2001:db8::a:0:0:b')
  assert.equal(one('00000000000000000000ffffc0000201'), '::ffff:192.0.2.1')
  assert.equal(one('fe800000000000000000000000000000'), 'fe80::')
  assert.equal(one('c00002'), undefined)
})

test('purposes, key usage and the responder are found', () => {
  const plain = read({ name: [] })
  assert.deepEqual(
    [plain.forClients, plain.isAuthority, plain.signsLists, plain.signsStatus],
    [true, false, true, false],
  )
  assert.equal(read({ name: [], purposes: [purpose.server] }).forClients, false)
  assert.equal(read({ name: [], purposes: ['2.5.29.37.0'] }).forClients, true)
  assert.equal(read({ name: [], purposes: [purpose.ocsp] }).signsStatus, true)
  assert.equal(read({ name: [], usage: 0x80 }).signsLists, false)
  assert.equal(read({ name: [], usage: 0x06, authority: true }).isAuthority, true)
  assert.deepEqual(read({ name: [], responder: 'http://ocsp.example.org/' }).responders, ['http://ocsp.example.org/'])
})

test('a serial number is written without leading zeros', () => {
  assert.equal(facts({ name: [], serial: Buffer.from('0080', 'hex') }).serial, '80')
  assert.equal(facts({ name: [], serial: Buffer.from('0a', 'hex') }).serial, 'a')
  assert.equal(facts({ name: [], serial: Buffer.from([0]) }).serial, '0')
})

test('mistakes in the encoding are said, not thrown', () => {
  const { certificate } = holder({ name: [['CN', 'a']] })
  const twice = holder({ name: [], extensions: [extension('1.2.3', seq()), extension('1.2.3', seq())] })
  const broken = holder({ name: [], extensions: [extension('2.5.29.17', implicit(2, Buffer.from('a')))] })
  const long = Buffer.concat([Buffer.from([0x30, 0x84]), Buffer.from([0, 0, 1, 0]), certificate.subarray(4)])
  for (const der of [
    Buffer.alloc(0),
    Buffer.from([0x30]),
    Buffer.from([0x30, 0x80, 0, 0]),
    Buffer.alloc(100_000, 0x30),
    Buffer.concat([certificate, Buffer.from([0])]),
    certificate.subarray(0, -1),
    twice.certificate,
    broken.certificate,
    long,
  ]) {
    assert.equal(typeof readCertificate(der), 'string', der.subarray(0, 16).toString('hex'))
  }
})

test('no change of a byte makes the reader throw', () => {
  const { certificate } = holder({
    name: [['CN', 'pump']],
    names: [dns('a'), address('7f000001')],
    purposes: [purpose.client],
    usage: 0x80,
    responder: 'http://a/',
  })
  for (let at = 0; at < certificate.length; at++) {
    for (const value of [0, 0xff, (certificate[at] ?? 0) ^ 1, (certificate[at] ?? 0) ^ 0x80]) {
      const changed = Buffer.from(certificate)
      changed[at] = value
      readCertificate(changed)
    }
    readCertificate(certificate.subarray(0, at))
  }
})

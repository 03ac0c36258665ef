import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CertificateOptions, openCertificateAuthenticator } from '../../../src/authn/certificate/certificate.ts'
import { parseName } from '../../../src/authn/certificate/certificate-name.ts'
import { type Acceptance, remember } from '../../../src/authn/certificate/trust-accepted.ts'
import type { Credentials, Denial, Identity, TlsDetails } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import { encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'
import { address, dns, email, type Holder, holder, uri, utf8 } from '../pki/facts-kit.ts'
import { credentials } from './certificate-kit.ts'

const defaults: CertificateOptions = { nameSources: ['subject'], usernameMustMatch: false, attributes: false }

/** A client whose certificate was accepted. */
function accepted(
  { certificate: der }: Holder,
  grounds: Acceptance['grounds'] = 'issued',
  given: Partial<Credentials> = {},
) {
  const certificate = readCertificate(der)
  if (typeof certificate === 'string') throw new Error(certificate)
  const { facts } = certificate
  const tls: TlsDetails = {
    protocol: 'TLSv1.3',
    cipher: '',
    serverName: null,
    alpn: null,
    certificates: [der],
    authorized: true,
    failure: null,
  }
  remember(tls, { facts, grounds, expiresAt: grounds === 'listed' ? null : facts.notAfter })
  return credentials({ transport: 'tls', address: '192.0.2.1', port: 1, loopback: false, tls }, given)
}

function ask(who: Credentials, options: Partial<CertificateOptions> = {}): Identity | Denial | string {
  const answer = openCertificateAuthenticator({ ...defaults, ...options }).authenticate(who)
  if (answer instanceof Promise) throw new Error('it need not be asked')
  return answer
}

const nameOf = (answer: Identity | Denial | string) =>
  typeof answer === 'object' && 'name' in answer ? answer.name : answer

const everything = holder({
  name: [
    ['O', 'Example'],
    ['OU', 'Pumps'],
    ['OU', 'North'],
    ['CN', 'outer'],
    ['CN', 'Pump-7'],
  ],
  names: [
    dns('a.example.org'),
    dns('b.example.org'),
    uri('urn:pump:7'),
    address('c0000207'),
    email('pump@example.org'),
  ],
})

test('the name is the first that one of the sources has, in their order and as it is spelled', () => {
  const who = accepted(everything)
  const name = (...nameSources: CertificateOptions['nameSources']) => nameOf(ask(who, { nameSources }))
  assert.equal(name('subject'), 'Pump-7')
  assert.equal(name('dn'), 'CN=Pump-7,CN=outer,OU=North,OU=Pumps,O=Example')
  assert.equal(name('dns'), 'a.example.org')
  assert.equal(name('uri'), 'urn:pump:7')
  assert.equal(name('ip'), '192.0.2.7')
  assert.equal(name('email', 'subject'), 'pump@example.org')
  const bare = accepted(holder({ name: [['CN', 'only']] }))
  assert.equal(nameOf(ask(bare, { nameSources: ['email', 'dns', 'subject'] })), 'only')
})

test('an identity has the facts of its certificate and ends with it', () => {
  const answer = ask(accepted(everything))
  assert.ok(typeof answer === 'object' && 'name' in answer)
  assert.equal(answer.method, 'certificate')
  assert.equal(answer.expiresAt, answer.certificate?.notAfter)
  assert.equal(answer.attributes, undefined)
  const listed = ask(accepted(everything, 'listed'))
  assert.ok(typeof listed === 'object' && 'name' in listed)
  assert.ok(!('expiresAt' in listed))
})

test('the parts of the subject become attributes if that is asked for', () => {
  const answer = ask(accepted(everything), { attributes: true })
  assert.ok(typeof answer === 'object' && 'name' in answer)
  assert.deepEqual(answer.attributes, { CN: ['Pump-7', 'outer'], OU: ['North', 'Pumps'], O: 'Example' })
})

test('a certificate without a usable name in the sources is told so', () => {
  for (const made of [
    holder({ name: [['O', 'Example']] }),
    holder({ name: [['CN', 'admin\0']] }),
    holder({ name: [['CN', '']] }),
    // 44,000 bytes in the certificate, 66,000 in UTF-8.
    holder({
      name: [['CN', encoded(Tag.BmpString, Buffer.alloc(44_000, Buffer.from('20ac', 'hex')))]],
      issuer: everything,
    }),
    holder({ name: [['CN', utf8('a\u009f')]] }),
  ]) {
    const answer = ask(accepted(made))
    assert.ok(typeof answer === 'object' && 'reason' in answer)
    assert.equal(answer.reason, Reason.NotAuthorized)
    assert.equal(answer.told, 'the certificate has no usable name (looked for: subject)')
  }
  const other = accepted(holder({ name: [['CN', 'admin\0']], names: [dns('pump')] }))
  assert.equal(nameOf(ask(other, { nameSources: ['subject', 'dns'] })), 'pump')
})

test('a user name that differs from the certificate is refused if it must be the same', () => {
  const asked = (username: string | null) =>
    ask(accepted(everything, 'issued', { username }), { usernameMustMatch: true })
  assert.equal(nameOf(asked('Pump-7')), 'Pump-7')
  assert.equal(nameOf(asked(null)), 'Pump-7')
  for (const username of ['pump-7', 'Pump-7 ', '']) {
    const answer = asked(username)
    assert.ok(typeof answer === 'object' && 'reason' in answer)
    assert.equal(answer.told, 'the user name is not the name in the certificate')
  }
  assert.equal(nameOf(ask(accepted(everything, 'issued', { username: 'other' }))), 'Pump-7')
})

test('certificates that no listener accepted, or that only a thumbprint vouches for, say no name', () => {
  const who = accepted(everything)
  assert.equal(ask({ ...who, peer: { ...who.peer, tls: who.peer.tls && { ...who.peer.tls } } }), 'unknown')
  assert.equal(ask({ ...who, peer: { ...who.peer, tls: null } }), 'unknown')
  assert.equal(ask(accepted(everything, 'registered')), 'unknown')
})

test('distinguished names are read as RFC 4514 writes them, and nothing else is one', () => {
  assert.deepEqual(parseName('CN=a,O=b'), [[['CN', 'a']], [['O', 'b']]])
  assert.deepEqual(parseName('CN = a , O= b'), [[['CN', 'a']], [['O', 'b']]])
  assert.deepEqual(parseName('CN=a+O=b'), [
    [
      ['CN', 'a'],
      ['O', 'b'],
    ],
  ])
  assert.deepEqual(parseName('CN=a\\,O=b'), [[['CN', 'a,O=b']]])
  assert.deepEqual(parseName('CN=a\\2CO=b\\ '), [[['CN', 'a,O=b ']]])
  assert.deepEqual(parseName('CN=\\C3\\A9é'), [[['CN', 'éé']]])
  assert.deepEqual(parseName('CN='), [[['CN', '']]])
  assert.deepEqual(parseName('1.2.3=#0c0161'), [[['1.2.3', null]]])
  for (const text of ['', 'a', '=a', 'CN=a,', 'CN=a"b', 'CN=a\\', 'CN=a\\z', 'C N=a', 'CN=a;O=b']) {
    assert.equal(parseName(text), null, text)
  }
})

test('what a certificate writes is read back as what was in it', () => {
  for (const value of ['a,b=c', ' a ', '#a', 'a\\', 'a\\ ', '"<>;+', 'é😀', 'a\nb', '\\,', ' ']) {
    const certificate = readCertificate(holder({ name: [['CN', value]] }).certificate)
    assert.deepEqual(typeof certificate === 'string' ? null : parseName(certificate.facts.subject), [[['CN', value]]])
  }
})

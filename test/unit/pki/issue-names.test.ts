import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkedNames, encodeNames, hostNames, listNames } from '../../../src/pki/certificate/alternative-names.ts'
import { encodeSubject } from '../../../src/pki/certificate/certificate-issue.ts'
import { hexOf, newSerial } from '../../../src/pki/certificate/serial-number.ts'

const invalid = { code: 'CA_REQUEST_INVALID' }

test('names get the one form they have in a certificate', () => {
  const given = {
    dns: ['A.Example.org.', 'bücher.example', '*.a.example', 'a.example.org'],
    emails: ['Jo@Example.ORG'],
  }
  const addresses = ['192.0.2.1', '2001:DB8:0:0:0:0:0:1', '::ffff:192.0.2.1', '::', 'fe80::1']
  assert.deepEqual(listNames(checkedNames({ ...given, addresses, uris: ['urn:dev:mac:00'] })), [
    'dns:a.example.org',
    'dns:xn--bcher-kva.example',
    'dns:*.a.example',
    'ip:192.0.2.1',
    'ip:2001:db8::1',
    'ip:::',
    'ip:fe80::1',
    'uri:urn:dev:mac:00',
    'email:Jo@example.org',
  ])
  assert.deepEqual(hostNames(['10.0.0.1', 'hall']), { dns: ['hall'], addresses: ['10.0.0.1'], uris: [], emails: [] })
})

test('what is no name is refused', () => {
  for (const dns of [
    '',
    'a b',
    'a..b',
    '-a',
    'a-',
    '*',
    'a.*.b',
    '10.0.0.1',
    'a\u0000b',
    'x'.repeat(64),
    `${'a.'.repeat(130)}a`,
    'a,b',
    'a=b',
    '😀'.repeat(80),
  ])
    assert.throws(() => checkedNames({ dns: [dns] }), invalid, dns)
  for (const address of ['', '1.2.3', '1.2.3.4.5', 'fe80::1%eth0', '::1/64', 'a'])
    assert.throws(() => checkedNames({ addresses: [address] }), invalid, address)
  for (const uri of ['', 'x', 'urn:a b', 'http://[', 'urn:\u00e4', `urn:${'x'.repeat(2_000)}`])
    assert.throws(() => checkedNames({ uris: [uri] }), invalid, uri)
  for (const email of ['', 'a', 'a@', '@b', 'a@b@c', 'a b@c', 'a@*.c', 'a@10.0.0.1'])
    assert.throws(() => checkedNames({ emails: [email] }), invalid, email)
  assert.throws(() => checkedNames({ dns: Array.from({ length: 201 }, (_, index) => `d${index}`) }), invalid)
})

test('addresses are encoded as bytes', () => {
  const encoded = (address: string) => encodeNames(checkedNames({ addresses: [address] }))?.toString('hex')
  assert.equal(encoded('192.0.2.1'), '30068704c0000201')
  assert.equal(encoded('2001:db8::1'), '3012871020010db8000000000000000000000001')
  assert.equal(encoded('::'), `30128710${'00'.repeat(16)}`)
  assert.equal(encodeNames(checkedNames({})), null)
})

test('a subject has no text that cannot be seen, and none that is too long', () => {
  for (const commonName of ['', ' ', 'a\u0000b', 'a\nb', '\u202eab', '\u2028a', 'a\u200b', 'x'.repeat(65), '\ud800'])
    assert.throws(() => encodeSubject({ commonName }), invalid, commonName)
  assert.throws(() => encodeSubject({ commonName: 'a', country: 'de' }), invalid)
  assert.doesNotThrow(() =>
    encodeSubject({ commonName: 'ä'.repeat(64), organization: 'A, B = C', unit: 'x', country: 'DE' }),
  )
})

test('a serial number is positive, 17 bytes long, and never the same', () => {
  const serials = new Set(Array.from({ length: 10_000 }, () => newSerial()))
  assert.equal(serials.size, 10_000)
  for (const serial of serials) assert.match(serial, /^[4-7][\da-f]{33}$/)
  assert.equal(
    newSerial((size) => Buffer.alloc(size, 0xff)),
    `7f${'ff'.repeat(16)}`,
  )
  assert.equal(
    newSerial((size) => Buffer.alloc(size)),
    `40${'00'.repeat(16)}`,
  )
})

test('hexadecimal digits are taken as people copy them', () => {
  assert.equal(hexOf('0A:BC:de'), 'abcde')
  assert.equal(hexOf('0x0abc'), 'abc')
  assert.equal(hexOf('00'), '0')
  assert.equal(hexOf('pump-7'), null)
  assert.equal(hexOf(''), null)
})

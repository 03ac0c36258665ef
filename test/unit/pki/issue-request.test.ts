import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { extension } from '../../../src/pki/certificate/certificate-issue.ts'
import * as der from '../../../src/pki/certificate/der-write.ts'
import { pemOf } from '../../../src/pki/certificate/export-formats.ts'
import { readSigningRequest } from '../../../src/pki/certificate/signing-request.ts'
import { namesExtension, newKey, openssl, Place, requestFor, skip } from './authority-kit.ts'

const refused = async (request: Buffer, message: RegExp): Promise<void> => {
  await assert.rejects(readSigningRequest(request, 'pump.csr'), { code: 'CA_REQUEST_INVALID', message })
}

const constraints = (isAuthority: boolean) =>
  extension('2.5.29.19', true, isAuthority ? der.sequence(der.boolean(true)) : der.sequence())

test('a request is read: key, common name and alternative names', async () => {
  const names = namesExtension([0x82, 'Pump-7.example.org'], [0x87, Buffer.from([192, 0, 2, 7])], [0x81, 'a@b.de'])
  const address = namesExtension([0x87, Buffer.from('20010db8000000000000000000000001', 'hex')], [0x86, 'urn:dev:x'])
  const read = await readSigningRequest(requestFor({ extensions: [names, constraints(false)] }), 'pump.csr')
  assert.deepEqual(read.commonNames, ['pump-7'])
  assert.deepEqual(read.names, { dns: ['pump-7.example.org'], addresses: ['192.0.2.7'], uris: [], emails: ['a@b.de'] })
  assert.deepEqual(read.ignored, [])
  const other = await readSigningRequest(requestFor({ extensions: [address] }), 'pump.csr')
  assert.deepEqual(other.names, { dns: [], addresses: ['2001:db8::1'], uris: ['urn:dev:x'], emails: [] })
})

test('PEM is read as DER is, but not two requests at once', async () => {
  const pem = pemOf(requestFor(), 'CERTIFICATE REQUEST')
  assert.equal((await readSigningRequest(Buffer.from(pem), 'pump.csr')).subject, 'CN=pump-7')
  await refused(Buffer.from(pem + pem), /more than one request/)
  await refused(Buffer.from(pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')), /no CERTIFICATE REQUEST/)
})

test('a request of somebody who does not have the key is refused', async () => {
  await refused(requestFor({ signer: newKey().privateKey }), /not signed with the key/)
  const request = requestFor()
  request[request.length - 1] = (request.at(-1) ?? 0) ^ 1
  await refused(request, /not signed with the key/)
})

test('a request to become an authority is refused', async () => {
  await refused(requestFor({ extensions: [constraints(true)] }), /asks to be an authority/)
  const usage = extension('2.5.29.15', true, der.namedBits(0, 5))
  await refused(requestFor({ extensions: [usage] }), /asks to sign as an authority/)
})

test('other extensions are named, and not taken', async () => {
  const strange = extension('1.3.6.1.4.1.311.20.2', false, der.utf8('x'))
  const usual = [extension('2.5.29.37', false, der.sequence(der.identifier('1.3.6.1.5.5.7.3.3'))), strange]
  const read = await readSigningRequest(requestFor({ extensions: usual }), 'pump.csr')
  assert.deepEqual(read.ignored, ['1.3.6.1.4.1.311.20.2'])
})

test('weak keys are refused, strong ones are not', async () => {
  const pair = (bits: number, publicExponent = 65_537) =>
    generateKeyPairSync('rsa', { modulusLength: bits, publicExponent })
  await refused(requestFor({ key: pair(1_024) }), /1024 bits: use 2048/)
  await refused(requestFor({ key: pair(2_048, 3) }), /weak exponent/)
  await refused(requestFor({ key: newKey('secp256k1') }), /secp256k1/)
  await refused(requestFor({ key: newKey('P-224') }), /P-256/)
  for (const key of [pair(2_048), newKey('P-384'), newKey('P-521'), generateKeyPairSync('ed25519')])
    assert.equal((await readSigningRequest(requestFor({ key }), 'pump.csr')).subject, 'CN=pump-7')
})

test('a name with a NUL, a control character or a foreign letter is refused, not cut off', async () => {
  await refused(
    requestFor({ extensions: [namesExtension([0x82, 'good.example\u0000.evil.example'])] }),
    /not a host name/,
  )
  await refused(requestFor({ extensions: [namesExtension([0x82, 'a\nb'])] }), /not a host name/)
  await refused(requestFor({ extensions: [namesExtension([0x82, Buffer.from([0xc3, 0xa4])])] }), /cannot be used/)
  await refused(requestFor({ extensions: [namesExtension([0x86, 'urn:x\u0000y'])] }), /not a URI/)
  await refused(requestFor({ extensions: [namesExtension([0x87, Buffer.from([1, 2, 3])])] }), /address that is none/)
  await refused(requestFor({ extensions: [namesExtension([0xa4, Buffer.from([0x30, 0])])] }), /kind of name/)
  const subject = der.sequence(der.set(der.sequence(der.identifier('2.5.4.3'), der.utf8('pump-7\u0000evil'))))
  await refused(requestFor({ subject }), /common name cannot be used/)
})

test('names are said once, and not without end', async () => {
  const one = namesExtension([0x82, 'a.example'])
  await refused(requestFor({ extensions: [one, one] }), /names twice/)
  const many = Array.from({ length: 201 }, (_, index) => [0x82, `d${index}.example`] as const)
  await refused(requestFor({ extensions: [namesExtension(...many)] }), /too many names/)
})

test('what is too large, cut off or no request at all is refused', async () => {
  await refused(Buffer.alloc(65_537), /no request/)
  await refused(Buffer.alloc(0), /no request/)
  const request = requestFor({ extensions: [namesExtension([0x82, 'a.example'])] })
  for (let length = 0; length < request.length; length += 7)
    await refused(Buffer.from(request.subarray(0, length)), /no request that can be signed/)
})

test('no byte that is changed makes the reader fail in another way', async () => {
  const request = requestFor({ extensions: [namesExtension([0x82, 'a.example'])] })
  for (let at = 0; at < request.length; at++) {
    const spoilt = Buffer.from(request)
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x41
    await refused(spoilt, /./)
  }
})

test('requests of the openssl program are read', { skip }, async () => {
  using place = new Place()
  const made = openssl(
    ...['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', place.at('k'), '-subj', '/C=DE/O=A, B/CN=pump-7'],
    ...['-addext', 'subjectAltName=DNS:pump.example,IP:10.0.0.1', '-addext', 'basicConstraints=CA:FALSE'],
  )
  const read = await readSigningRequest(Buffer.from(made), 'pump.csr')
  assert.deepEqual(
    [read.commonNames, read.names.dns, read.names.addresses],
    [['pump-7'], ['pump.example'], ['10.0.0.1']],
  )
})

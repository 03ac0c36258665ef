import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { Authority } from '../../../src/pki/authority/authority.ts'
import { certificatesPem, deviceWarning, keyDer, keyPem } from '../../../src/pki/certificate/export-formats.ts'
import { pkcs12Of } from '../../../src/pki/certificate/pkcs12.ts'
import { isSealed, readPrivateKey } from '../../../src/pki/certificate/private-key.ts'
import { clockOfToday, newKey, openssl, Place, skip } from './authority-kit.ts'

const passphrase = Buffer.from('größer')

const issue = async (place: Place, key: 'ec' | 'rsa') => {
  const authority = await Authority.create(
    place.at('ca'),
    { name: 'Example' },
    { clock: clockOfToday(), passphrase: null },
  )
  const { certificate, chain, privateKey } = await authority.issue({
    kind: 'client',
    subject: { commonName: 'pump-7' },
    days: 9,
    key,
  })
  assert.ok(privateKey !== null)
  return { certificate: certificate.der, chain: chain.map(({ der }) => der), privateKey }
}

test('a key is PKCS#8, plain or encrypted, PEM or DER', async () => {
  const { privateKey } = newKey()
  const pem = await keyPem(privateKey, null)
  assert.match(pem, /^-----BEGIN PRIVATE KEY-----/)
  assert.ok(readPrivateKey(await keyDer(privateKey, null), null, 'x').equals(privateKey))
  const sealed = Buffer.from(await keyPem(privateKey, passphrase))
  const sealedDer = await keyDer(privateKey, passphrase)
  assert.deepEqual([sealed, sealedDer, Buffer.from(pem), await keyDer(privateKey, null)].map(isSealed), [
    true,
    true,
    false,
    false,
  ])
  for (const bytes of [sealed, sealedDer]) {
    assert.ok(readPrivateKey(bytes, passphrase, 'x').equals(privateKey))
    assert.throws(() => readPrivateKey(bytes, Buffer.from('kleiner'), 'x'), { code: 'CA_PASSPHRASE', message: /wrong/ })
    assert.throws(() => readPrivateKey(bytes, null, 'x'), { code: 'CA_PASSPHRASE', message: /give/ })
  }
  assert.ok(createPrivateKey({ key: sealed, passphrase }).equals(privateKey))
  assert.throws(() => readPrivateKey(Buffer.from('nothing'), null, 'x'), { code: 'CA_UNUSABLE' })
})

for (const kind of ['ec', 'rsa'] as const) {
  test(`a PKCS#12 file with an ${kind} key is read by Node and by the openssl program`, { skip }, async () => {
    using place = new Place()
    const { certificate, chain, privateKey } = await issue(place, kind)
    const pfx = await pkcs12Of({ name: 'pump-7', key: privateKey, certificate, chain }, passphrase)
    createSecureContext({ pfx, passphrase: passphrase.toString() })
    assert.throws(() => createSecureContext({ pfx, passphrase: 'kleiner' }), /mac verify failure/)
    const file = place.write('pump-7.p12', pfx)
    const secret = place.write('secret', passphrase)
    const words = ['pkcs12', '-in', file, '-passin', `file:${secret}`, '-nodes']
    const text = openssl(...words)
    assert.match(text, /friendlyName: pump-7/)
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2)
    assert.equal(text.match(/localKeyID/g)?.length, 2)
    const [key = ''] = /-----BEGIN PRIVATE KEY[\s\S]*END PRIVATE KEY-----/.exec(text) ?? []
    assert.ok(createPrivateKey(key).equals(privateKey))
    const again = openssl('x509', '-in', place.write('c.pem', certificatesPem([certificate])), '-outform', 'PEM')
    assert.ok(text.includes(again.trim()))
  })
}

test('an encrypted key is strong: AES-256, and 600,000 rounds of SHA-256 a guess', { skip }, async () => {
  using place = new Place()
  const file = place.write('key', await keyPem(newKey().privateKey, passphrase))
  const text = openssl('asn1parse', '-in', file)
  assert.match(text, /PBES2[\s\S]*PBKDF2[\s\S]*0927C0[\s\S]*hmacWithSHA256[\s\S]*aes-256-cbc/)
})

test('what a small device has no room for is told of', async () => {
  using place = new Place()
  const { certificate, chain, privateKey } = await issue(place, 'rsa')
  assert.deepEqual(
    [deviceWarning('certificate', certificate), deviceWarning('key', await keyDer(privateKey, null))],
    [null, null],
  )
  for (const der of chain) assert.equal(deviceWarning('authority', der), null)
  assert.match(deviceWarning('certificate', Buffer.alloc(1_025)) ?? '', /1025 bytes .* 1024/)
  assert.match(deviceWarning('authority', Buffer.alloc(1_537)) ?? '', /1537 bytes .* 1536/)
  assert.match(deviceWarning('key', Buffer.alloc(1_537)) ?? '', /1537 bytes .* 1536/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import { DerMistake } from '../../../src/pki/certificate/certificate-facts-der.ts'
import { readRevocationList, readSignedList } from '../../../src/pki/revocation/crl-read.ts'
import { SerialSet } from '../../../src/pki/revocation/revocation-serials.ts'
import { isSignedBy } from '../../../src/pki/revocation/revocation-signature.ts'
import { extension, holder, implicit, integer, revocationList, seq, time } from './facts-kit.ts'

const authority = holder({ name: [['CN', 'authority']], authority: true })
const serial = (number: number) => Buffer.from(number.toString(16).padStart(32, '0'), 'hex').subarray(10)

async function mistake(der: Buffer): Promise<string> {
  try {
    await readRevocationList(der)
  } catch (error) {
    if (error instanceof DerMistake) return error.message
    throw error
  }
  return 'none'
}

test('a revocation list says whom it is of, for how long, and which certificates it has', async () => {
  const serials = [
    Buffer.from('7f', 'hex'),
    Buffer.from('80', 'hex'),
    Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex'),
  ]
  const list = await readRevocationList(revocationList(authority, { serials, thisUpdate: 1e12, nextUpdate: 2e12 }))
  const own = readCertificate(authority.certificate)
  assert.equal(list.issuer, 'CN=authority')
  assert.equal(typeof own === 'string' ? own : own.subjectName, list.issuerName)
  assert.deepEqual([list.thisUpdate, list.nextUpdate, list.scope, list.revoked.size], [1e12, 2e12, 'all', 3])
  for (const one of serials) assert.ok(list.revoked.has(one))
  assert.ok(!list.revoked.has(Buffer.from('81', 'hex')))
  assert.ok(!list.revoked.has(Buffer.alloc(0)))
})

test('a list without entries, and one that does not say when the next comes, are lists', async () => {
  const list = await readRevocationList(revocationList(authority, { nextUpdate: null }))
  assert.deepEqual([list.revoked.size, list.nextUpdate, list.revoked.has(serial(1))], [0, null, false])
})

for (const kind of ['ec', 'rsa', 'ed25519'] as const) {
  test(`the signature of a list is that of its authority (${kind})`, async () => {
    const signer = holder({ name: [['CN', kind]], kind, authority: true })
    const { signed } = await readSignedList(revocationList(signer, { serials: [serial(1)] }))
    assert.equal(await isSignedBy(signed, signer.publicKey), true)
    assert.equal(await isSignedBy(signed, holder({ name: [], kind }).publicKey), false)
    assert.equal(await isSignedBy(signed, authority.publicKey), false)
    const body = Buffer.from(signed.body)
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
    assert.equal(await isSignedBy({ ...signed, body }, signer.publicKey), false)
  })
}

test('lists that would be understood wrongly are refused', async () => {
  const point = (...parts: readonly Buffer[]) => [extension('2.5.29.28', seq(...parts), true)]
  const said = (number: number) => implicit(number, Buffer.from([0xff]))
  const list = (extensions: readonly Buffer[]) => revocationList(authority, { extensions })
  assert.match(await mistake(list([extension('2.5.29.27', integer(Buffer.from([1])), true)])), /it is a delta/)
  assert.match(await mistake(list(point(said(4)))), /several authorities/)
  assert.match(await mistake(list(point(said(5)))), /attribute certificates/)
  assert.match(
    await mistake(list([extension('1.2.3.4', seq(), true)])),
    /critical extension not known here \(1\.2\.3\.4\)/,
  )
  assert.equal(await mistake(list([extension('1.2.3.4', seq())])), 'none')
  assert.equal((await readRevocationList(list(point(said(1))))).scope, 'users')
  assert.equal((await readRevocationList(list(point(said(2))))).scope, 'authorities')
})

test('no damage to a list makes the reader do anything but say what is wrong', async () => {
  const list = revocationList(authority, { serials: [serial(1), serial(2)] })
  for (let at = 0; at < list.length; at++) {
    for (const value of [0, 0xff, (list[at] ?? 0) ^ 1]) {
      const damaged = Buffer.from(list)
      damaged[at] = value
      await mistake(damaged)
    }
    assert.notEqual(await mistake(list.subarray(0, at)), 'none')
  }
  assert.notEqual(await mistake(Buffer.concat([list, Buffer.from([0])])), 'none')
})

test('a set of serial numbers has those that were added and no others', async () => {
  const count = 20_000
  const set = new SerialSet(count * 8)
  for (let number = 0; number < count; number += 2) set.add(serial(number * 7_919))
  await set.seal()
  assert.equal(set.size, count / 2)
  for (let number = 0; number < count; number++) assert.equal(set.has(serial(number * 7_919)), number % 2 === 0)
})

test('a list of 200,000 certificates is read in slices', async () => {
  const date = time(Date.now())
  const number = (value: number) => Buffer.from((0x0100_0000_0000 + value).toString(16).padStart(12, '0'), 'hex')
  const entries = Array.from({ length: 200_000 }, (_, index) => seq(integer(number(index)), date))
  const list = revocationList(authority, { entries: Buffer.concat(entries) })
  let turns = 0
  const turning = setInterval(() => turns++, 0)
  try {
    const { revoked } = await readRevocationList(list)
    assert.equal(revoked.size, 200_000)
    assert.ok(revoked.has(number(123_456)))
    assert.ok(!revoked.has(number(200_000)))
    assert.ok(turns > 5, `others had ${turns} turns`)
  } finally {
    clearInterval(turning)
  }
})

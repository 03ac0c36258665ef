import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { Authority } from '../../../src/pki/authority/authority.ts'
import type { Issued } from '../../../src/pki/authority/issue.ts'
import { certificatesPem, keyPem } from '../../../src/pki/certificate/export-formats.ts'
import { clockOfToday, day, openssl, Place, skip } from './authority-kit.ts'
import { shakeHands } from './tls-kit.ts'

const begin = async (place: Place, clock = clockOfToday()) =>
  await Authority.create(place.at('ca'), { name: 'Example' }, { clock, passphrase: null })

const context = () => ({ clock: clockOfToday(), passphrase: null })

/** What somebody is shown, and shows: certificate, chain and key in PEM. */
const shown = async ({ certificate, chain, privateKey }: Issued) => {
  assert.ok(privateKey !== null)
  return { cert: certificatesPem([certificate, ...chain].map(({ der }) => der)), key: await keyPem(privateKey, null) }
}

const server = { kind: 'server', subject: { commonName: 'localhost' }, names: { dns: ['localhost'] }, days: 9 } as const
const client = { kind: 'client', subject: { commonName: 'pump-7' }, days: 9 } as const

test('after a rotation another authority issues, and certificates of both are good in real handshakes', async () => {
  using place = new Place()
  const authority = await begin(place)
  const ca = readFileSync(place.at('ca', 'root.pem'), 'utf8')
  const [oldServer, oldClient] = [
    await shown(await authority.issue(server)),
    await shown(await authority.issue(client)),
  ]
  await authority.rotate({})
  assert.equal(authority.issuing?.subject, 'CN=Example issuing 2')
  const [newServer, newClient] = [
    await shown(await authority.issue(server)),
    await shown(await authority.issue(client)),
  ]
  for (const host of [oldServer, newServer])
    for (const device of [oldClient, newClient])
      assert.equal(await shakeHands({ ...host, ca }, { ...device, ca }), null)
  assert.equal(authority.trusted.length, 1)
})

test('clients that trust only the old root, only the new one, or both, all trust what is issued after a change of root', async () => {
  using place = new Place()
  const authority = await begin(place)
  const oldRoot = readFileSync(place.at('ca', 'root.pem'), 'utf8')
  const oldClient = await shown(await authority.issue(client))
  const oldServer = await shown(await authority.issue(server))
  await authority.rotate({ root: true })
  const newRoot = readFileSync(place.at('ca', 'root.pem'), 'utf8')
  const bundle = readFileSync(place.at('ca', 'bundle.pem'), 'utf8')
  assert.equal(authority.root?.subject, 'CN=Example root 2')
  assert.equal(bundle, newRoot + oldRoot)
  const newServer = await shown(await authority.issue(server))
  const newClient = await shown(await authority.issue(client))
  for (const ca of [oldRoot, newRoot, bundle])
    assert.equal(await shakeHands({ ...newServer, ca: bundle }, { ...newClient, ca }), null, ca)
  for (const ca of [oldRoot, newRoot, bundle])
    assert.equal(await shakeHands({ ...newServer, ca }, { ...newClient, ca: bundle }), null, ca)
  assert.equal(await shakeHands({ ...oldServer, ca: bundle }, { ...oldClient, ca: bundle }), null)
  // The new root vouches for nothing from before it.
  assert.match((await shakeHands({ ...oldServer, ca: bundle }, { ...newClient, ca: newRoot })) ?? '', /UNABLE_TO_/)
})

test('who was issued before a change of root can still be revoked after it', { skip }, async () => {
  using place = new Place()
  const authority = await begin(place)
  const old = await authority.issue(client)
  const at = (name: string) => place.at('ca', name)
  place.write('old-chain.pem', readFileSync(at('chain.pem')))
  const verify = () =>
    openssl(
      ...['verify', '-crl_check_all', '-CAfile', at('bundle.pem'), '-CRLfile', at('crl.pem')],
      ...['-untrusted', place.at('old-chain.pem'), at(`issued/${old.certificate.facts.serial}.pem`)],
    )
  await authority.rotate({ root: true })
  await authority.rotate({})
  assert.match(verify(), /OK/)
  await authority.revoke('pump-7', 'superseded')
  assert.throws(verify, /certificate revoked/)
  const next = await authority.issue(client)
  const fresh = ['-untrusted', at('chain.pem'), at(`issued/${next.certificate.facts.serial}.pem`)]
  const lists = ['verify', '-x509_strict', '-crl_check_all', '-CRLfile', at('crl.pem')]
  const [issuedRoot] = [...authority.list()].filter(({ kind }) => kind === 'root')
  for (const root of [at('root.pem'), at(`issued/${issuedRoot?.serial}.pem`)])
    assert.match(openssl(...lists, '-CAfile', root, ...fresh), /OK/)
})

test('an authority that issued is revoked by the root, and one that issues is not', { skip }, async () => {
  using place = new Place()
  const authority = await begin(place)
  const old = await authority.issue(client)
  const name = 'Example issuing 1'
  await assert.rejects(authority.revoke(name, 'ca-compromise'), { message: /rotate/ })
  place.write('old-chain.pem', readFileSync(place.at('ca', 'chain.pem')))
  await authority.rotate({})
  const [revoked] = await authority.revoke(name, 'ca-compromise')
  assert.equal(revoked?.kind, 'issuing')
  const at = (file: string) => place.at('ca', file)
  const words = ['verify', '-crl_check_all', '-CAfile', at('root.pem'), '-CRLfile', at('crl.pem')]
  const issued = at(`issued/${old.certificate.facts.serial}.pem`)
  assert.throws(() => openssl(...words, '-untrusted', place.at('old-chain.pem'), issued), /certificate revoked/)
})

test('daily work goes on without the key of the root, and what needs it says so before it changes anything', async () => {
  using place = new Place()
  const authority = await Authority.create(
    place.at('ca'),
    { name: 'Example', rootKey: place.at('root.key') },
    context(),
  )
  assert.equal(existsSync(place.at('ca', 'root.key')), false)
  assert.equal(statSync(place.at('root.key')).mode & 0o777, 0o600)
  renameSync(place.at('root.key'), place.at('offline.key'))
  await authority.issue(client)
  await authority.renew('pump-7', { days: 2 })
  await authority.revoke('pump-7', 'unspecified')
  await authority.serverCertificate({
    names: { dns: ['hall'], addresses: [], uris: [], emails: [] },
    days: 9,
    key: 'ec',
  })
  const journal = readFileSync(place.at('ca', 'journal.jsonl'), 'utf8')
  const again = await Authority.open(place.at('ca'), context())
  for (const options of [{}, { root: true }]) {
    await assert.rejects(again.rotate(options), { code: 'CA_KEY_MISSING', message: /root\.key: say with --root-key/ })
    await assert.rejects(again.rotate({ ...options, rootKey: place.at('ca', 'issuing.key') }), {
      message: /not the key of/,
    })
  }
  assert.equal(readFileSync(place.at('ca', 'journal.jsonl'), 'utf8'), journal)
  await again.rotate({ rootKey: place.at('offline.key') })
  const next = { root: true, rootKey: place.at('offline.key') }
  await assert.rejects(again.rotate(next), { message: /--new-root-key/ })
  await assert.rejects(again.rotate({ ...next, newRootKey: place.at('offline.key') }), { code: 'CA_EXISTS' })
  await again.rotate({ ...next, newRootKey: place.at('new.key') })
  await again.rotate({ rootKey: place.at('new.key') })
  assert.equal(existsSync(place.at('ca', 'root.key')), false)
})

test('roots that are over are not trusted any more', async () => {
  using place = new Place()
  const clock = clockOfToday()
  const authority = await begin(place, clock)
  clock.advance(10 * 365 * day)
  await authority.rotate({ root: true })
  assert.equal(authority.trusted.length, 2)
  assert.equal(authority.chain.length, 2)
  clock.advance(11 * 365 * day)
  await authority.rotate({})
  assert.equal(authority.chain.length, 1)
  await authority.rotate({ root: true })
  assert.deepEqual(
    authority.trusted.map(({ facts }) => facts.subject),
    ['CN=Example root 3', 'CN=Example root 2'],
  )
})

const foreign = (place: Place, pathLength: string) => {
  const constraints = `basicConstraints=critical,CA:TRUE${pathLength}`
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '900', '-subj', '/O=Acme, Inc/CN=Acme CA'],
    ...['-keyout', place.at('acme.key'), '-out', place.at('acme.pem')],
    ...['-addext', constraints, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  )
  const certificates = readFileSync(place.at('acme.pem'))
  return {
    certificates,
    file: 'acme.pem',
    key: { bytes: readFileSync(place.at('acme.key')), file: 'acme.key', passphrase: null },
  }
}

test('an authority without its key is trusted, and does not issue', { skip }, async () => {
  using place = new Place()
  const { certificates, file } = foreign(place, '')
  const alone = await Authority.import(place.at('trust'), { certificates, file }, context())
  assert.deepEqual(
    alone.trusted.map(({ facts }) => facts.subject),
    ['CN=Acme CA,O=Acme\\, Inc'],
  )
  assert.equal(alone.issuing, null)
  await assert.rejects(alone.issue(client), { code: 'CA_KEY_MISSING' })
  await assert.rejects(alone.rotate({}), { code: 'CA_KEY_MISSING' })
  await begin(place)
  const both = await Authority.import(place.at('ca'), { certificates, file }, context())
  assert.equal(both.trusted.length, 2)
  assert.equal(both.issuing?.subject, 'CN=Example issuing 1')
  await Authority.import(place.at('ca'), { certificates, file }, context())
  assert.equal((await Authority.open(place.at('ca'), context())).trusted.length, 2)
})

for (const [pathLength, subject] of [
  ['', 'CN=Acme CA issuing 2'],
  [',pathlen:0', 'CN=Acme CA,O=Acme\\, Inc'],
] as const) {
  test(`an authority with its key issues from now on, what was before stays trusted${pathLength}`, {
    skip,
  }, async () => {
    using place = new Place()
    const authority = await begin(place)
    const before = await shown(await authority.issue(server))
    await Authority.import(place.at('ca'), foreign(place, pathLength), context())
    await authority.refresh()
    assert.equal(authority.issuing?.subject, subject)
    const after = await shown(await authority.issue(client))
    const ca = readFileSync(place.at('ca', 'bundle.pem'), 'utf8')
    assert.equal(await shakeHands({ ...before, ca }, { ...after, ca }), null)
    assert.equal((await authority.revoke('localhost', 'superseded')).length, 1)
    assert.equal((await authority.revoke('pump-7', 'superseded')).length, 1)
    const acme = readFileSync(place.at('acme.pem'), 'utf8')
    assert.equal(await shakeHands({ ...before, ca: acme }, { ...after, ca }), null)
  })
}

test('what is no authority, is over, or has another key is not taken in', { skip }, async () => {
  using place = new Place()
  const authority = await begin(place)
  const { certificate } = await authority.issue(client)
  const file = 'x.pem'
  const refused = { code: 'CA_REQUEST_INVALID' }
  await assert.rejects(Authority.import(place.at('ca'), { certificates: certificate.der, file }, context()), refused)
  const acme = foreign(place, '')
  const key = { bytes: readFileSync(place.at('ca', 'issuing.key')), file: 'issuing.key', passphrase: null }
  await assert.rejects(Authority.import(place.at('ca'), { ...acme, key }, context()), {
    ...refused,
    message: /not the key/,
  })
  await assert.rejects(Authority.import(place.at('ca'), { certificates: Buffer.from('x'), file }, context()), {
    code: 'CA_UNUSABLE',
  })
  const clock = clockOfToday()
  clock.advance(901 * day)
  await assert.rejects(Authority.import(place.at('ca'), acme, { clock, passphrase: null }), {
    ...refused,
    message: /expired/,
  })
  await authority.refresh()
  assert.equal(authority.trusted.length, 1)
})

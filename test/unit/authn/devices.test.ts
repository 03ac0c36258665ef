import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Identity } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { until } from '../listen/kit.ts'
import { address, dns, email, holder, thumbprint, uri } from '../pki/facts-kit.ts'
import { clientOf } from './certificate-kit.ts'
import { accepted, opening, registry } from './devices-kit.ts'

const pump = holder({
  name: [
    ['C', 'SE'],
    ['O', 'Example, Inc.'],
    ['OU', 'Pumps'],
    ['CN', 'Pump-7'],
  ],
  names: [
    dns('pump-7.example.org'),
    uri('urn:pump:7'),
    address('20010db8000000000000000000000007'),
    email('p7@example.org'),
  ],
})

for (const [validation, name, other] of [
  ['subject', 'PUMP-7', 'pump-8'],
  ['subject', 'CN=Pump-7,OU=Pumps,O=Example\\, Inc.,C=SE', 'CN=Pump-7,OU=Pumps,O=Example,C=SE'],
  ['subject', 'c=se, o=example\\, inc., ou=pumps, cn=pump-7', 'CN=Pump-7'],
  ['dns', 'Pump-7.Example.org', 'pump-7.example.org.'],
  ['uri', 'urn:pump:7', 'urn:pump:77'],
  ['ip', '2001:DB8:0::7', '2001:db8::8'],
  ['email', 'P7@example.org', 'p7@example.com'],
] as const) {
  test(`a device is known by its ${validation}, ${name}, and ${other} is another`, async (t) => {
    const { ask } = await registry(t, [
      { name: 'one', authentication_name: name, validation },
      { name: 'two', authentication_name: other, validation },
    ])
    assert.equal(ask(accepted(pump, { username: name.toLowerCase() })), name)
    assert.match(ask(accepted(pump, { username: other })), /^denied: .* does not have the name of the device/)
    assert.equal(ask(accepted(pump, { username: 'three' })), 'unknown')
  })
}

test('a name of one kind is none of another, and a wildcard in a certificate is one name', async (t) => {
  const wild = holder({ name: [['CN', 'x']], names: [dns('*.example.org')] })
  const { ask } = await registry(t, [
    { name: 'pump-7', validation: 'dns' },
    { name: 'pump-7.example.org', validation: 'subject' },
    { name: 'pump-9.example.org', validation: 'dns' },
    { name: '192.0.2.7', validation: 'dns' },
  ])
  assert.match(ask(accepted(pump, { username: 'pump-7' })), /^denied/)
  assert.match(ask(accepted(pump, { username: 'pump-7.example.org' })), /^denied/)
  assert.match(ask(accepted(wild, { username: 'pump-9.example.org' })), /^denied/)
  assert.match(ask(accepted(holder({ name: [], names: [address('c0000207')] }), { username: '192.0.2.7' })), /^denied/)
})

test('thumbprints of both kinds and in any form are those of a device, and two of them for a change', async (t) => {
  const next = holder({ name: [['CN', 'next']] })
  const colons = thumbprint(pump.certificate).toUpperCase().match(/../g)?.join(':') ?? ''
  const { ask, authenticator } = await registry(t, [
    { name: 'a', validation: 'thumbprint', thumbprints: [colons, thumbprint(next.certificate, 'sha1')] },
    { name: 'b', thumbprints: [thumbprint(pump.certificate)] },
  ])
  assert.equal(ask(accepted(pump, { username: 'a' })), 'a')
  assert.equal(ask(accepted(next, { username: 'A' })), 'a')
  assert.equal(ask(accepted(pump, { username: 'b' }, 'registered')), 'b')
  assert.match(ask(accepted(next, { username: 'b' })), /^denied: .* has a thumbprint that is not that of the device/)
  const { devices } = authenticator
  assert.ok(devices.registers({ sha1: '', sha256: thumbprint(pump.certificate) }))
  assert.ok(devices.registers({ sha1: thumbprint(next.certificate, 'sha1'), sha256: '' }))
  assert.ok(!devices.registers({ sha1: thumbprint(pump.certificate, 'sha1'), sha256: '' }))
})

test('a certificate that only its thumbprint makes known is no proof of any name in it', async (t) => {
  const { ask } = await registry(t, [
    { name: 'mine', thumbprints: [thumbprint(pump.certificate)] },
    { name: 'pump-7', validation: 'subject' },
    { name: 'pump-7.example.org', validation: 'dns' },
  ])
  assert.equal(ask(accepted(pump, { username: 'mine' }, 'registered')), 'mine')
  for (const username of ['pump-7', 'pump-7.example.org', null]) {
    assert.match(ask(accepted(pump, { username }, 'registered')), /^denied: .* is known by its thumbprint only/)
  }
})

test('without a user name the sources are asked in their order, and the first the certificate has decides', async (t) => {
  const devices = [
    { name: 'pump-7' },
    { name: 'P7@EXAMPLE.org', validation: 'email' },
    { name: 'client', validation: 'thumbprint', thumbprints: [thumbprint(pump.certificate)] },
  ]
  const who = accepted(pump)
  assert.equal((await registry(t, devices)).ask(who), 'pump-7')
  assert.equal((await registry(t, devices)).ask(accepted(pump, { username: '' })), 'pump-7')
  assert.equal((await registry(t, devices, { nameSources: ['email', 'subject'] })).ask(who), 'P7@EXAMPLE.org')
  assert.equal((await registry(t, devices, { nameSources: ['dns', 'subject'] })).ask(who), 'unknown')
  assert.equal((await registry(t, devices, { nameSources: [] })).ask(who), 'unknown')
  assert.equal((await registry(t, devices, { nameSources: [], clientIdAsName: true })).ask(who), 'client')
  assert.equal((await registry(t, devices, { nameSources: ['dns'], clientIdAsName: true })).ask(who), 'unknown')
  const nameless = accepted(holder({ name: [] }))
  assert.match(
    (await registry(t, devices, { clientIdAsName: true })).ask(nameless),
    /^denied: .* for the device client/,
  )
})

test('a device that is registered by its whole subject is found by it', async (t) => {
  for (const name of [
    'CN=Pump-7,OU=Pumps,O=Example\\, Inc.,C=SE',
    'CN=Pump-7, OU=Pumps, O=Example\\, Inc., C=SE',
    'C=SE,O=Example\\, Inc.,OU=Pumps,CN=Pump-7',
    'c=se, o=Example\\, Inc., OU=Pumps, CN=Pump-7',
  ]) {
    const { ask } = await registry(t, [{ name: 'x', authentication_name: name }])
    assert.equal(ask(accepted(pump)), name)
  }
})

test('names that only look the same are different, and case is that of letters of one kind', async (t) => {
  const { ask } = await registry(t, [{ name: 'kilo' }, { name: 'zoë' }, { name: 'straße' }])
  const as = (name: string, username = name) => ask(accepted(holder({ name: [['CN', name]] }), { username }))
  assert.equal(as('KILO'), 'kilo')
  assert.equal(as('\u212ailo'), 'unknown')
  assert.match(as('\u212ailo', 'kilo'), /^denied/)
  assert.equal(as('ZOË'), 'zoë')
  assert.equal(as('STRASSE'), 'unknown')
})

test('an identity has the name as it is registered, the attributes, the facts and an end', async (t) => {
  const attributes = { floor: 3, sensors: ['motion', 'humidity'], room: '345' }
  const { authenticator } = await registry(t, [{ name: 'PUMP-7', attributes }])
  const answer = authenticator.authenticate(accepted(pump))
  assert.ok(typeof answer === 'object' && 'name' in answer)
  const { certificate, ...rest } = answer
  assert.equal(certificate?.sha256, thumbprint(pump.certificate))
  assert.deepEqual(rest, { name: 'PUMP-7', method: 'certificate', attributes, expiresAt: certificate?.notAfter })
})

test('a disabled device is told so, once its certificate fits', async (t) => {
  const { authenticator } = await registry(t, [{ name: 'pump-7', state: 'disabled' }])
  const refusal = (who: ReturnType<typeof accepted>) => {
    const answer = authenticator.authenticate(who)
    return typeof answer === 'object' && 'reason' in answer ? answer : null
  }
  const denial = refusal(accepted(pump, { username: 'pump-7' }))
  assert.equal(denial?.reason, Reason.NotAuthorized)
  assert.equal(denial?.told, 'the device is disabled')
  const other = refusal(accepted(holder({ name: [['CN', 'x']] }), { username: 'pump-7' }))
  assert.equal(other?.told, undefined)
})

test('clients without an accepted certificate are for others', async (t) => {
  const { authenticator } = await registry(t, [{ name: 'pump-7' }])
  const who = accepted(pump, { username: 'pump-7', password: Buffer.from('x') })
  assert.equal(authenticator.authenticate({ ...who, peer: { ...who.peer, tls: null } }), 'unknown')
  assert.equal(authenticator.begin('SCRAM-SHA-256', who), null)
})

test('what changes in the file ends connections that would not be let in any more, or otherwise', async (t) => {
  const { authenticator, file, files, log } = await registry(t, [{ name: 'pump-7' }, { name: 'other' }])
  let changes = 0
  authenticator.watch?.(() => changes++)
  const identity = authenticator.authenticate(accepted(pump))
  assert.ok(typeof identity === 'object' && 'name' in identity)
  const review = (of: Identity = identity) => authenticator.review?.(clientOf(accepted(pump).peer, of)) ?? null
  const become = async (devices: unknown) => {
    const before = changes
    writeFileSync(file, typeof devices === 'string' ? devices : JSON.stringify(devices))
    files.reload()
    await until(() => changes > before)
  }
  assert.equal(review(), null)
  await become([{ name: 'other', description: 'changed' }, { name: 'pump-7' }])
  assert.equal(review(), null)
  await become([{ name: 'pump-7', state: 'disabled' }])
  assert.equal(review()?.told, 'the device is disabled')
  await become([{ name: 'pump-7', validation: 'dns' }])
  assert.match(review()?.detail ?? '', /does not have the name of the device \(validation: dns\)/)
  await become([{ name: 'pump-7', thumbprints: ['0'.repeat(40)] }])
  assert.match(review()?.detail ?? '', /has a thumbprint that is not/)
  await become([{ name: 'pump-7', attributes: { floor: 4 } }])
  assert.equal(review()?.reason, Reason.AdministrativeAction)
  await become([{ name: 'Pump-7' }])
  assert.equal(review()?.reason, Reason.AdministrativeAction)
  await become([])
  assert.equal(review()?.told, 'the device was removed from the registry')
  assert.equal(review({ name: 'somebody else', method: 'password' }), null)
  const before = changes
  writeFileSync(file, '[{"name":"pump-7"},{"name":')
  files.reload()
  await until(() => log.lines.some((line) => line.startsWith('error devices cannot be read')))
  assert.equal(changes, before)
})

test('devices put by the program come and go, and those of files are the files’', async (t) => {
  const { authenticator, ask, file } = await registry(t, [{ name: 'in file' }])
  const { devices } = authenticator
  const device = {
    name: 'pump-7',
    authenticationName: 'Pump-7',
    enabled: true,
    scheme: 'subject',
    thumbprints: [],
    subject: null,
    attributes: {},
    description: '',
  } as const
  let changes = 0
  authenticator.watch?.(() => changes++)
  assert.equal(devices.put(device), null)
  assert.equal(ask(accepted(pump)), 'Pump-7')
  assert.deepEqual([devices.size, devices.get('PUMP-7'), [...devices.list()].length], [2, device, 2])
  assert.equal(devices.put({ ...device, authenticationName: 'IN FILE' }), `the device is in ${file}: change it there`)
  assert.equal(devices.drop('in file'), `the device is in ${file}: remove it there`)
  assert.equal(devices.drop('nobody'), 'there is no such device')
  const identity = authenticator.authenticate(accepted(pump))
  assert.ok(typeof identity === 'object' && 'name' in identity)
  assert.equal(devices.drop('pump-7'), null)
  assert.match(authenticator.review?.(clientOf(accepted(pump).peer, identity))?.detail ?? '', /removed/)
  assert.equal(changes, 2)
})

test('a folder is watched as a whole: files that come, change and go', async (t) => {
  const { path, write } = await registry(t, [])
  rmSync(join(path, 'devices.json'))
  const one = write(
    'one.json',
    '{"properties":{"clientCertificateAuthentication":{"validationScheme":"SubjectMatchesAuthenticationName"}}}',
  )
  const { authenticator, files } = await opening(t, { files: [path] })
  const { devices } = authenticator
  assert.deepEqual(
    [...devices.list()].map(({ name }) => name),
    ['one'],
  )
  write('two.yaml', 'name: two\nstate: disabled\n')
  write('ignored.txt', 'nonsense')
  files.reload()
  await until(() => devices.size === 2)
  assert.equal(devices.get('two')?.enabled, false)
  write('two.yaml', 'name: two\n')
  files.reload()
  await until(() => devices.get('two')?.enabled === true)
  rmSync(one)
  files.reload()
  await until(() => devices.size === 1)
})

test('a device may move from one file to another', async (t) => {
  const { write } = await registry(t, [])
  const first = write('first.jsonl', '{"name":"pump-7"}\n')
  const second = write('second.jsonl', '')
  const { authenticator, files, log } = await opening(t, { files: [second, first] })
  const { devices } = authenticator
  writeFileSync(second, '{"name":"pump-7","state":"disabled"}\n')
  files.reload()
  await until(() =>
    log.lines.some((line) => /error devices cannot be read.*pump-7 is in .*first\.jsonl, too/.test(line)),
  )
  assert.equal(devices.get('pump-7')?.enabled, true)
  writeFileSync(first, '')
  files.reload()
  await until(() => devices.get('pump-7')?.enabled === false)
})

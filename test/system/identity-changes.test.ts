import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { cheapLine } from '../unit/authn/password-kit.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { certificatePem, pem, revocationList, thumbprint } from '../unit/pki/facts-kit.ts'
import { run } from './cli-kit.ts'
import { notAuthorized, Pki, patient, Site } from './identity-kit.ts'

// What an operator changes while the broker runs, with the tools for it.
const pki = new Pki()
const second = new Pki('second')
const [pump, valve, meter, other] = ['pump', 'valve', 'meter', 'other'].map((name) => pki.issue(name))
const signer = new Signer()
const lists = { plain: 0, devices: 1, own: 2, certificates: 3 } as const

let site: Site

before(async () => {
  const lines = await Promise.all(['ann', 'bob', 'eve', 'fay'].map((name) => cheapLine(name, name)))
  site = await Site.open({
    config: (at, write) => {
      const tls = pki.section(write, { client_certificate: 'require' })
      const client_ca = [write('both.pem', certificatePem(pki.root, second.root))]
      const revoked = write('revoked.txt', '')
      const crl = write('list.crl', pem('X509 CRL', revocationList(pki.root)))
      const host = '127.0.0.1:0'
      return {
        authentication: patient,
        ca: { path: at('ca') },
        authenticators: [
          { password: { file: write('users', lines.join('')) } },
          { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
          { devices: { files: [write('devices.json', deviceFile({}))] } },
          { certificate: {} },
        ],
        listeners: [
          { url: `mqtt://${host}`, authenticators: ['password', 'token'] },
          { url: `mqtts://${host}`, tls, authenticators: ['devices'] },
          { url: `mqtts://${host}`, tls: { client_certificate: 'require' }, authenticators: ['certificate'] },
          {
            url: `mqtts://${host}`,
            tls: { ...tls, client_ca, revoked_certificates: [revoked], crl_files: [crl] },
            authenticators: ['certificate'],
          },
        ],
      }
    },
  })
})

after(() => site[Symbol.asyncDispose]())

function deviceFile(states: Readonly<Record<string, string>>): string {
  const names = ['pump', 'valve', 'meter'].filter((name) => states[name] !== 'gone')
  return JSON.stringify(names.map((name) => ({ name, state: states[name] ?? 'enabled' })))
}

async function petaltail(...given: string[]): Promise<void> {
  const { code, stderr } = await run(given)
  assert.equal(code, 0, stderr)
}

const byName = (username: string, password = username) => ({ username, password, clientId: `of ${username}` })

/** What the client is told last. */
async function farewell(client: WireClient, code = notAuthorized): Promise<string> {
  const { properties } = await client.expectDisconnect(code)
  return properties.reasonString ?? ''
}

test('a user that is removed loses its connections, in each version, and others do not', async () => {
  const { username, password } = byName('ann')
  const five = await site.join({ username, password, clientId: 'five' })
  const four = await site.join({ username, password, clientId: 'four' }, { packets: v4 })
  const bob = await site.join(byName('bob'))
  await petaltail('passwd', '-D', site.at('users'), 'ann')
  assert.equal(await farewell(five), 'not authorized: the user was removed')
  await four.expectClosed()
  assert.equal((await site.knock(byName('ann'))).code, 0x86)
  await bob.expectNoMore()
})

test('a user whose password is changed has to come again with the new one', async () => {
  const eve = await site.join(byName('eve'))
  const bob = await site.join(byName('bob'))
  await petaltail('passwd', '-H', 'sha512', '-b', site.at('users'), 'eve', 'new')
  assert.equal(await farewell(eve), 'not authorized: the user has another password')
  assert.equal((await site.knock(byName('eve'))).code, 0x86)
  assert.equal((await site.knock(byName('eve', 'new'))).code, 0)
  await bob.expectNoMore()
})

test('a device that is disabled or deleted is disconnected, and others are not', async () => {
  const at = (own: typeof pump) => ({ listener: lists.devices, tls: pki.showing(own ?? null) })
  const [one, two, three] = [
    await site.join({ clientId: 'pump' }, at(pump)),
    await site.join({ clientId: 'valve' }, { ...at(valve), packets: v4 }),
    await site.join({ clientId: 'meter' }, at(meter)),
  ]
  site.write('devices.json', deviceFile({ pump: 'disabled', valve: 'gone' }))
  assert.equal(await farewell(one), 'not authorized: the device is disabled')
  await two.expectClosed()
  await three.expectNoMore()
  site.write('devices.json', deviceFile({}))
  await site.logged(({ msg, devices }) => /device/.test(msg) && devices === 3)
  const back = await site.join({ clientId: 'pump' }, at(pump))
  await back.disconnect()
})

test('what the authority in the box revokes loses its connection, and the other certificate of the name does not', async () => {
  const out = ['--dir', site.at('ca'), '--out', site.folder.path]
  await petaltail('ca', 'issue', 'client', 'lost', ...out)
  await petaltail('ca', 'issue', 'client', 'kept', ...out)
  const showing = (name: string) => ({
    listener: lists.own,
    tls: { ca: site.read('ca/bundle.pem'), cert: site.read(`${name}.pem`), key: site.read(`${name}.key`) },
  })
  const lost = await site.join({ clientId: 'lost' }, showing('lost'))
  const older = await site.join({ clientId: 'older' }, { ...showing('lost'), packets: v4 })
  const kept = await site.join({ clientId: 'kept' }, showing('kept'))
  await petaltail('ca', 'revoke', 'lost', '--dir', site.at('ca'))
  assert.equal(await farewell(lost), 'not authorized: the certificate is revoked')
  await older.expectClosed()
  const again = await site.knock({ clientId: 'lost' }, showing('lost'))
  assert.deepEqual(again, { code: notAuthorized, reason: 'not authorized: the certificate is revoked' })
  await kept.expectNoMore()
})

test('a token that ends, ends the connection, in each version', async () => {
  const token = (seconds: number) => {
    const exp = Math.floor(Date.now() / 1_000) + seconds
    return { username: 'oauth2', password: signer.token({ iss: issuer, aud: audience, sub: 'tom', exp }) }
  }
  const five = await site.join({ ...token(2), clientId: 'short' })
  const four = await site.join({ ...token(2), clientId: 'short, too' }, { packets: v4 })
  const long = await site.join({ ...token(600), clientId: 'long' })
  assert.match(await farewell(five), /^not authorized: the token expired at /)
  await four.expectClosed()
  await long.expectNoMore()
})

test('what an authority issued loses its connection when the listener trusts it no more', async () => {
  const bearing = { listener: lists.certificates }
  const first = await site.join({ clientId: 'first' }, { ...bearing, tls: pki.showing(other ?? null) })
  const own = second.issue('theirs')
  const tls = { ...second.showing(own), ca: certificatePem(pki.root) }
  const theirs = await site.join({ clientId: 'theirs' }, { ...bearing, tls })
  const older = await site.join({ clientId: 'older' }, { ...bearing, tls, packets: v4 })
  site.write('both.pem', certificatePem(pki.root))
  assert.equal(
    await farewell(theirs),
    'not authorized: the certificate is signed by an authority that is not known here',
  )
  await older.expectClosed()
  assert.equal((await site.knock({ clientId: 'theirs' }, { ...bearing, tls })).code, notAuthorized)
  await first.expectNoMore()
})

test('SIGHUP has changed files looked at', async () => {
  const from = site.log.length
  const fay = await site.join(byName('fay'))
  const users = site.read('users')
  site.write('users', users.replace(/^fay:.*\n/m, ''))
  site.reload()
  assert.equal(await farewell(fay), 'not authorized: the user was removed')
  site.write('users', users)
  site.reload()
  await site.logged(({ msg }) => msg === 'password file reloaded', from)
})

const trustRevoked = () => thumbprint((valve ?? assert.fail()).certificate)
const brokenFiles = [
  { file: 'users', broken: 'ann\n', place: 'users:1: ' },
  { file: 'devices.json', broken: '[{"name": "pump"},\n {"name": 7}]', place: 'devices.json:2:' },
  {
    file: 'issuer.pem',
    broken: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    place: 'issuer.pem',
    quiet: true,
  },
  { file: 'revoked.txt', broken: `${trustRevoked()}\nnot a thumbprint\n`, place: 'revoked.txt:2' },
  { file: 'list.crl', broken: 'no list', place: 'list.crl' },
  { file: 'both.pem', broken: 'no certificate', place: 'both.pem', quiet: true },
  { file: 'broker.pem', broken: 'no certificate', place: 'broker.pem' },
]

for (const { file, broken, place, quiet = false } of brokenFiles) {
  test(`${file}: a file that cannot be used changes nothing and is named once, and counts when it is repaired`, async () => {
    const before = site.read(file)
    const bob = await site.join(byName('bob'))
    const machine = { listener: lists.certificates, tls: pki.showing(other ?? null) }
    const certified = await site.join({ clientId: 'certified' }, machine)
    const from = site.log.length
    const complaints = () => site.lines(from).filter(({ level }) => level >= 50)
    site.write(file, broken)
    const complaint = await site.logged(({ level }) => level >= 50, from)
    assert.ok(JSON.stringify(complaint).includes(place), JSON.stringify(complaint))
    await bob.expectNoMore()
    await certified.expectNoMore()
    assert.equal((await site.knock(byName('bob'))).code, 0)
    assert.equal((await site.knock({ clientId: 'another' }, machine)).code, 0)
    const told = complaints().map(({ msg, listener }) => `${msg} ${String(listener ?? '')}`)
    assert.equal(new Set(told).size, told.length, told.join('\n'))
    site.write(file, before)
    // What is as it was before the mistake need not be told.
    if (!quiet) await site.logged(({ level, msg }) => level === 30 && !msg.startsWith('client'), from)
    await bob.disconnect()
    await certified.disconnect()
  })
}

test('a key of the issuer that is replaced lets in tokens of the new one only', async () => {
  const next = new Signer()
  const from = site.log.length
  const exp = Math.floor(Date.now() / 1_000) + 600
  const login = (by: Signer) => ({
    username: 'oauth2',
    password: by.token({ iss: issuer, aud: audience, sub: 'tom', exp }),
    clientId: 'tom',
  })
  assert.equal((await site.knock(login(signer), { packets: v5 })).code, 0)
  site.write('issuer.pem', next.pem)
  await site.logged(({ level, msg }) => level === 30 && /key/.test(msg), from)
  assert.equal((await site.knock(login(signer))).code, 0x86)
  assert.equal((await site.knock(login(next))).code, 0)
})

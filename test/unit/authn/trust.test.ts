import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { openTrust, type TrustMode, type TrustOptions } from '../../../src/authn/certificate/trust.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Peer } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { certificatePem, type Holder, holder, purpose, thumbprint } from '../pki/facts-kit.ts'
import { clientOf, credentials, folder, inspecting, LogBook, secureListener, watching } from './certificate-kit.ts'

const day = 86_400_000
const name = (text: string) => [['CN', text]] as const
const root = holder({ name: name('root'), authority: true })
const intermediate = holder({ name: name('intermediate'), issuer: root, authority: true })
const stranger = holder({ name: name('stranger'), authority: true })
const faded = holder({
  name: name('faded'),
  authority: true,
  notBefore: Date.now() - 9 * day,
  notAfter: Date.now() - day,
})

interface Kind {
  readonly own: Holder
  readonly chain?: readonly Holder[]
}

const past = { notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }
const kinds: Readonly<Record<string, Kind>> = {
  issued: { own: holder({ name: name('issued'), issuer: root, purposes: [purpose.client] }) },
  between: { own: holder({ name: name('between'), issuer: intermediate }), chain: [intermediate] },
  expired: { own: holder({ name: name('expired'), issuer: root, ...past }) },
  early: {
    own: holder({ name: name('early'), issuer: root, notBefore: Date.now() + day, notAfter: Date.now() + 9 * day }),
  },
  'server only': { own: holder({ name: name('server'), issuer: root, purposes: [purpose.server] }) },
  'other authority': { own: holder({ name: name('other'), issuer: stranger }), chain: [stranger] },
  'expired authority': { own: holder({ name: name('below faded'), issuer: faded }) },
  'self-signed': { own: holder({ name: name('self') }) },
  'self-signed, expired': { own: holder({ name: name('old self'), ...past }) },
}

/** What a client is told for each mark of the table. */
const told: Readonly<Record<string, RegExp>> = {
  unlisted: /^the certificate is not authorized here$/,
  revoked: /^the certificate is revoked$/,
  expired: /^the certificate expired on 2\d{3}-\d\d-\d\dT[\d:]+Z$/,
  early: /^the certificate is not valid before 2/,
  purpose: /^the certificate is not meant for clients$/,
  unknown: /^the certificate is signed by an authority that is not known here$/,
  faded: /^the certificate is signed by an authority whose certificate expired$/,
  self: /^the certificate is signed by itself, and not listed as authorized$/,
}

const lists = ['-', 'authorized', 'registered', 'revoked', 'authorized and revoked'] as const

/** For each mode what comes of the certificate in no list, authorized, registered, revoked, and both. */
const table: Readonly<Record<string, Readonly<Record<TrustMode, string>>>> = {
  issued: {
    issued: 'yes yes yes revoked revoked',
    issued_and_authorized: 'unlisted yes yes unlisted revoked',
    issued_or_authorized: 'yes yes yes revoked revoked',
  },
  between: {
    issued: 'yes yes yes revoked revoked',
    issued_and_authorized: 'unlisted yes yes unlisted revoked',
    issued_or_authorized: 'yes yes yes revoked revoked',
  },
  expired: {
    issued: 'expired expired expired expired expired',
    issued_and_authorized: 'expired expired expired expired expired',
    issued_or_authorized: 'expired yes expired expired revoked',
  },
  early: {
    issued: 'early early early early early',
    issued_and_authorized: 'early early early early early',
    issued_or_authorized: 'early yes early early revoked',
  },
  'server only': {
    issued: 'purpose purpose purpose purpose purpose',
    issued_and_authorized: 'purpose purpose purpose purpose purpose',
    issued_or_authorized: 'purpose purpose purpose purpose purpose',
  },
  'other authority': {
    issued: 'unknown unknown unknown unknown unknown',
    issued_and_authorized: 'unknown unknown unknown unknown unknown',
    issued_or_authorized: 'unknown yes yes unknown revoked',
  },
  'expired authority': {
    issued: 'faded faded faded faded faded',
    issued_and_authorized: 'faded faded faded faded faded',
    issued_or_authorized: 'faded yes yes faded revoked',
  },
  'self-signed': {
    issued: 'self self self self self',
    issued_and_authorized: 'self self self self self',
    issued_or_authorized: 'self yes yes self revoked',
  },
  'self-signed, expired': {
    issued: 'expired expired expired expired expired',
    issued_and_authorized: 'expired expired expired expired expired',
    issued_or_authorized: 'expired yes expired expired revoked',
  },
}

const defaults: TrustOptions = {
  clientCertificate: 'require',
  trust: 'issued_or_authorized',
  authorizedCertificates: [],
  revokedCertificates: [],
}

type Registered = Parameters<typeof openTrust>[1]['registered']

async function trusting(t: TestContext, options: Partial<TrustOptions> = {}, registered?: Registered) {
  const files = watching(t)
  const log = new LogBook()
  const inspector = await inspecting(t, {}, { files })
  const context = { log, clock: systemClock(), files, inspector, ...(registered === undefined ? {} : { registered }) }
  const trust = openTrust({ ...defaults, ...options }, context)
  t.after(() => trust.close())
  return { trust, files, log }
}

for (const [kind, expectations] of Object.entries(table)) {
  test(`a certificate that is ${kind}: every mode of trust and every list`, async (t) => {
    const { own, chain } = kinds[kind] ?? { own: root }
    const { shake } = await secureListener(t, [root, faded])
    const peer = await shake(own, chain)
    const { write } = folder(t)
    const list = write('list', thumbprint(own.certificate))
    for (const [mode, outcomes] of Object.entries(expectations)) {
      for (const [index, expected] of outcomes.split(' ').entries()) {
        const found = await judge(t, peer, mode, lists[index] ?? '-', list)
        if (expected === 'yes') assert.equal(found, null, `${mode}, ${lists[index]}`)
        else assert.match(found ?? 'accepted', told[expected] ?? /never/, `${mode}, ${lists[index]}`)
      }
    }
  })
}

/** What the client is told when it is not let in, else null. */
async function judge(t: TestContext, peer: Peer, mode: string, listed: string, list: string): Promise<string | null> {
  const trust = mode === 'issued' || mode === 'issued_and_authorized' ? mode : 'issued_or_authorized'
  const options = {
    trust,
    authorizedCertificates: listed.startsWith('authorized') ? [list] : [],
    revokedCertificates: listed.endsWith('revoked') ? [list] : [],
  } as const
  const opened = await trusting(t, options, () => listed === 'registered')
  const found = await opened.trust.judge(credentials(peer))
  await opened.trust.close()
  if (found === null || !('reason' in found)) return null
  assert.equal(found.reason, Reason.NotAuthorized)
  return found.told ?? ''
}

test('a client without a certificate is refused only where one is required', async (t) => {
  const { shake } = await secureListener(t, [root])
  const peer = await shake(null)
  const required = await trusting(t)
  const found = await required.trust.judge(credentials(peer))
  assert.ok(found !== null && 'reason' in found)
  assert.equal(found.told, 'a client certificate is required')
  const requested = await trusting(t, { clientCertificate: 'request' })
  assert.equal(await requested.trust.judge(credentials(peer)), null)
})

test('where certificates are not asked for, none counts', async (t) => {
  const { shake } = await secureListener(t, [root])
  const peer = await shake(holder({ name: name('self') }))
  const { trust } = await trusting(t, { clientCertificate: 'none' })
  assert.equal(await trust.judge(credentials(peer)), null)
})

test('an intermediate authority alone is enough to trust what it issued', async (t) => {
  const { shake } = await secureListener(t, [intermediate])
  const { trust } = await trusting(t, { trust: 'issued' })
  const found = await trust.judge(credentials(await shake(holder({ name: name('leaf'), issuer: intermediate }))))
  assert.ok(found !== null && !('reason' in found))
})

test('an authority between that is listed as revoked takes everything below it along', async (t) => {
  const { shake } = await secureListener(t, [root])
  const own = holder({ name: name('leaf'), issuer: intermediate })
  const peer = await shake(own, [intermediate])
  const { write } = folder(t)
  for (const text of [thumbprint(intermediate.certificate, 'sha1').toUpperCase(), certificatePem(intermediate)]) {
    const { trust, log } = await trusting(t, {
      revokedCertificates: [write('revoked', text)],
      authorizedCertificates: [write('authorized', thumbprint(own.certificate))],
    })
    const found = await trust.judge(credentials(peer))
    assert.ok(found !== null && 'reason' in found)
    assert.match(found.detail, /the certificate of CN=intermediate .* is revoked by the operator/)
    const warned = log.lines.some((line) => /warn an authority is listed as revoked.*CN=intermediate/.test(line))
    assert.equal(warned, text.startsWith('-----'))
  }
})

test('lists take PEM, thumbprints of both kinds in any case and with colons, and comments', async (t) => {
  const { shake } = await secureListener(t, [root])
  const { write } = folder(t)
  const self = holder({ name: name('self') })
  const peer = await shake(self)
  const sha256 = thumbprint(self.certificate)
  const colons = sha256.toUpperCase().match(/../g)?.join(':') ?? ''
  const texts = [
    sha256,
    `# a comment\r\n\r\n  ${colons}  # pump 7\r\n`,
    `SHA1 Fingerprint=${thumbprint(self.certificate, 'sha1').match(/../g)?.join(':')}`,
    `sha256 Fingerprint=${colons}`,
    `${certificatePem(root)}\n${certificatePem(self)}`,
  ]
  for (const text of texts) {
    const { trust } = await trusting(t, { authorizedCertificates: [write('list', text)] })
    const found = await trust.judge(credentials(peer))
    assert.ok(found !== null && !('reason' in found), text)
  }
})

test('a list that cannot be used is named with its line', async (t) => {
  const { write, path } = folder(t)
  const opening = (file: string) => trusting(t, { authorizedCertificates: [file] })
  const refused = async (text: string, message: RegExp) =>
    await assert.rejects(opening(write('bad', text)), { code: 'CERTIFICATE_LIST_INVALID', message })
  await refused(`${'ab'.repeat(32)}\nnonsense`, /bad:2: must be a SHA-1 or SHA-256 thumbprint/)
  await refused(`${'ab'.repeat(31)}`, /bad:1: must be/)
  await refused(
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    /bad:1: the certificate that begins here/,
  )
  await refused('-----BEGIN CERTIFICATE-----\nAAAA', /bad:1: the certificate that begins here/)
  await assert.rejects(opening(`${path}/missing`), { code: 'CERTIFICATE_LIST_INVALID', message: /no such file/ })
})

test('a list is read again when it changes, and clients are looked at again', async (t) => {
  const { shake } = await secureListener(t, [root])
  const { write } = folder(t)
  const peer = await shake(kinds.issued?.own ?? root)
  const list = write('revoked', '')
  const { trust, files, log } = await trusting(t, { revokedCertificates: [list] })
  let changes = 0
  trust.watch(() => changes++)
  const facts = await trust.judge(credentials(peer))
  assert.ok(facts !== null && !('reason' in facts))
  const client = clientOf(peer, { name: 'issued', method: 'certificate', certificate: facts })
  assert.equal(trust.review(client), null)
  writeFileSync(list, facts.sha256)
  files.reload()
  assert.equal(changes, 1)
  assert.equal(trust.review(client)?.told, 'the certificate is revoked')
  writeFileSync(list, 'half a thumbpr')
  files.reload()
  assert.equal(changes, 1)
  assert.match(log.lines.at(-1) ?? '', /error list of revoked certificates cannot be used.*revoked:1/)
  assert.equal(trust.review(client)?.told, 'the certificate is revoked')
  writeFileSync(list, '')
  files.reload()
  assert.equal(trust.review(client), null)
})

test('a certificate that was let in because it was listed goes when it is not any more', async (t) => {
  const { shake } = await secureListener(t, [root])
  const { write } = folder(t)
  const self = holder({ name: name('self') })
  const peer = await shake(self)
  const list = write('list', thumbprint(self.certificate))
  const { trust, files } = await trusting(t, { authorizedCertificates: [list] })
  const facts = await trust.judge(credentials(peer))
  assert.ok(facts !== null && !('reason' in facts))
  writeFileSync(list, '# nobody')
  files.reload()
  const denial = trust.review(clientOf(peer, { name: 'self', method: 'certificate', certificate: facts }))
  assert.match(denial?.told ?? '', told.self ?? /never/)
})

test('a certificate that expires while its TLS session can be resumed is not accepted again', async (t) => {
  const { shake } = await secureListener(t, [root])
  const own = holder({ name: name('short'), issuer: root, notAfter: Date.now() + 2_000 })
  const peer = await shake(own)
  assert.equal(peer.tls?.authorized, true)
  const later = { ...systemClock(), wall: () => Date.now() + 10_000 }
  const context = { log: silentLog, clock: later, files: watching(t), inspector: await inspecting(t) }
  const found = await openTrust(defaults, context).judge(credentials(peer))
  assert.ok(found !== null && 'reason' in found)
  assert.match(found.told ?? '', told.expired ?? /never/)
})

test('a certificate that cannot be read is refused, whatever TLS thought of it', async (t) => {
  const { shake } = await secureListener(t, [root])
  const peer = await shake(kinds.issued?.own ?? root)
  const { trust } = await trusting(t)
  const tls = peer.tls && { ...peer.tls, certificates: [Buffer.from('3003020100', 'hex')] }
  const found = await trust.judge(credentials({ ...peer, tls }))
  assert.ok(found !== null && 'reason' in found)
  assert.equal(found.told, 'the client certificate cannot be read')
})

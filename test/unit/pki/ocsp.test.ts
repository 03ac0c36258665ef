import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Denial, TlsDetails } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'
import type { OcspOptions } from '../../../src/pki/revocation/ocsp-status.ts'
import { openInspector } from '../../../src/pki/revocation/revocation.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { LogBook, noRevocation } from '../authn/certificate-kit.ts'
import { until } from '../listen/kit.ts'
import { certificatePem, type Holder, holder, purpose, seq } from './facts-kit.ts'
import { answerFor, indexLine, opensslAnswering, responder, skip } from './ocsp-kit.ts'

const named = (name: string) => [['CN', name]] as const
const root = holder({ name: named('root'), authority: true })
const rootRsa = holder({ name: named('root rsa'), kind: 'rsa', authority: true })
const leaf = holder({ name: named('leaf'), issuer: root })

function tlsOf(own: Holder, authorized = true): TlsDetails {
  const certificates = [own.certificate]
  return { protocol: 'TLSv1.3', cipher: '', serverName: null, alpn: null, certificates, authorized, failure: null }
}

async function opened(t: TestContext, options: Partial<OcspOptions>, clock = new FakeClock(Date.now()), ca = root) {
  const files = new WatchedFiles()
  const log = new LogBook()
  const ocsp = { mode: 'hard', timeout: 30_000, nonce: false, ...options } as const
  const given = { ...noRevocation, otherAuthorities: [certificatePem(ca)], ocsp }
  const inspector = await openInspector(given, { log, clock, files })
  t.after(() => inspector.close())
  const present = (own: Holder, authorized = true) => {
    const presented = inspector.inspect(tlsOf(own, authorized))
    if (typeof presented === 'string') throw new Error(presented)
    return presented
  }
  const ask = async (own: Holder): Promise<Denial | null> => await present(own).revocation(null)
  return { inspector, present, ask, log, clock }
}

for (const [kind, authority] of [
  ['ec', root],
  ['rsa', rootRsa],
] as const) {
  test(`the responder of openssl says which certificates are good, revoked or unknown (${kind})`, {
    skip,
  }, async (t) => {
    const [good, bad, other] = ['good', 'bad', 'other'].map((name) => holder({ name: named(name), issuer: authority }))
    if (good === undefined || bad === undefined || other === undefined) throw new Error('none')
    const index = indexLine(good, 'V') + indexLine(bad, 'R')
    const { url } = await responder(t, opensslAnswering(t, authority, authority, index))
    for (const nonce of [false, true]) {
      const { ask } = await opened(t, { url, nonce }, undefined, authority)
      assert.equal(await ask(good), null)
      assert.equal((await ask(bad))?.told, 'the certificate is revoked')
      assert.equal((await ask(other))?.told, 'the authority does not know the certificate')
    }
  })
}

test('somebody else answers if the authority lets it, by name or by key [RFC 6960 4.2.2.2]', { skip }, async (t) => {
  const index = indexLine(leaf, 'V')
  const delegate = holder({ name: named('responder'), issuer: root, purposes: [purpose.ocsp] })
  const cases: readonly (readonly [Holder, readonly string[], RegExp | null])[] = [
    [delegate, [], null],
    [delegate, ['-resp_key_id'], null],
    [delegate, ['-resp_no_certs'], /signed by somebody whose certificate is not with it/],
    [delegate, ['-badsig'], /its signature is not that of the responder/],
    [holder({ name: named('server'), issuer: root, purposes: [purpose.server] }), [], /is not meant to sign answers/],
    [holder({ name: named('no purpose'), issuer: root }), [], /is not meant to sign answers/],
    [holder({ name: named('own'), purposes: [purpose.ocsp] }), [], /not issued by the authority it answers for/],
    [
      holder({ name: named('old'), issuer: root, purposes: [purpose.ocsp], notAfter: Date.now() - 1_000 }),
      [],
      /certificate of the responder is not valid now/,
    ],
  ]
  for (const [signer, words, expected] of cases) {
    const { url } = await responder(t, opensslAnswering(t, root, signer, index, words))
    const { ask } = await opened(t, { url })
    const denial = await ask(leaf)
    if (expected === null) assert.equal(denial, null)
    else {
      assert.match(denial?.detail ?? 'accepted', expected)
      assert.equal(denial?.reason, Reason.ServerUnavailable)
    }
  }
})

test('the responder is the one the certificate names, unless one is configured', async (t) => {
  const first = await responder(t, async () => answerFor(own, root))
  const own = holder({ name: named('own'), issuer: root, responder: first.url })
  const { ask } = await opened(t, {})
  assert.equal(await ask(own), null)
  const second = await responder(t, async () => answerFor(own, root, { status: 'revoked' }))
  const other = await opened(t, { url: second.url })
  assert.notEqual(await other.ask(own), null)
  assert.equal(first.seen.length, 1)
  const none = await opened(t, {})
  assert.match((await none.ask(leaf))?.detail ?? '', /the certificate names no responder/)
  const strange = holder({ name: named('strange'), issuer: root, responder: 'file:///etc/passwd' })
  assert.match((await none.ask(strange))?.detail ?? '', /no http:\/\/ or https:\/\/ URL/)
})

test('answers that prove nothing are none', async (t) => {
  const other = holder({ name: named('other'), issuer: root })
  const hour = 3_600_000
  const now = Date.now()
  const impostor = holder({ name: root.name, authority: true })
  const failed = (code: number) => seq(encoded(Tag.Enumerated, Buffer.from([code])))
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [answerFor(leaf, root, { about: other }), /does not answer for the certificate/],
    [answerFor(leaf, root, { nextUpdate: now - hour, thisUpdate: now - 2 * hour }), /out of date/],
    [answerFor(leaf, root, { thisUpdate: now + hour }), /from the future/],
    [answerFor(leaf, root, { signer: impostor }), /its signature is not that of the responder/],
    [
      answerFor(leaf, root, { signer: impostor, certificates: [impostor] }),
      /its signature is not that of the responder/,
    ],
    [failed(3), /asks to try later/],
    [failed(6), /does not answer for this authority/],
    [failed(99), /answers with status 99/],
    [Buffer.alloc(0), /ends too early|is missing/],
    [Buffer.alloc(70_000, 0x30), /more than 65536 bytes/],
  ]
  for (const [answer, expected] of cases) {
    const { url } = await responder(t, async () => answer)
    const { ask } = await opened(t, { url })
    assert.match((await ask(leaf))?.detail ?? 'accepted', expected)
  }
  const good = answerFor(leaf, root)
  for (let at = 0; at < good.length; at += 7) {
    const { url, close } = await responder(t, async () => good.subarray(0, at))
    const { ask } = await opened(t, { url })
    assert.equal((await ask(leaf))?.reason, Reason.ServerUnavailable)
    close()
  }
})

test('a nonce that is asked for must come back', async (t) => {
  const { url } = await responder(t, async () => answerFor(leaf, root))
  const { ask } = await opened(t, { url, nonce: true })
  assert.match((await ask(leaf))?.detail ?? '', /does not repeat the random number/)
})

test('a responder that fails refuses everybody with hard rules, and nobody with soft ones', async (t) => {
  const failures: readonly (readonly [Parameters<typeof responder>[1], RegExp])[] = [
    [async () => new Promise(() => {}), /did not answer within 50 ms/],
    [
      async (_question, _request, response) => {
        response.writeHead(500).end('no')
        return null
      },
      /HTTP status 500/,
    ],
    [
      async (_question, _request, response) => {
        response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
        return null
      },
      /redirect/,
    ],
    [
      async (_question, request) => {
        request.socket.destroy()
        return null
      },
      /./,
    ],
  ]
  for (const [answering, expected] of failures) {
    const { url } = await responder(t, answering)
    const timeout = expected.source.includes('50 ms') ? 50 : 30_000
    const hard = await opened(t, { url, timeout })
    const denial = await hard.ask(leaf)
    assert.equal(denial?.reason, Reason.ServerUnavailable)
    assert.match(denial?.detail ?? '', expected)
    assert.match(hard.log.lines.join(), /warn responder for the status of certificates fails/)
    const soft = await opened(t, { url, timeout, mode: 'soft' })
    assert.equal(await soft.ask(leaf), null)
  }
})

test('an answer is asked for once for as long as it is good', async (t) => {
  const clock = new FakeClock(Date.now())
  const { url, seen } = await responder(t, async () => answerFor(leaf, root, { nextUpdate: clock.wall() + 600_000 }))
  const { ask } = await opened(t, { url }, clock)
  await Promise.all([ask(leaf), ask(leaf), ask(leaf)])
  assert.equal(await ask(leaf), null)
  assert.equal(seen.length, 1)
  clock.advance(601_000)
  assert.equal(await ask(leaf), null)
  assert.equal(seen.length, 2)
})

test('a failure is remembered for a short while, so that nobody waits for the same silence again', async (t) => {
  let answer: Buffer = Buffer.alloc(0)
  const { url, seen } = await responder(t, async () => answer)
  const { ask, clock, log } = await opened(t, { url, mode: 'soft' })
  assert.equal(await ask(leaf), null)
  assert.equal(await ask(leaf), null)
  assert.equal(seen.length, 1)
  answer = answerFor(leaf, root, { status: 'revoked' })
  clock.advance(31_000)
  assert.notEqual(await ask(leaf), null)
  assert.match(log.lines.at(-1) ?? '', /info responder for the status of certificates works again/)
  answer = Buffer.alloc(0)
  clock.advance(3_700_000)
  assert.notEqual(await ask(leaf), null)
  assert.equal(seen.length, 3)
})

test('a certificate that is revoked while its client is connected is found when the answer runs out', async (t) => {
  const clock = new FakeClock(Date.now())
  let status: 'good' | 'revoked' = 'good'
  const { url } = await responder(t, async () => answerFor(leaf, root, { status, nextUpdate: clock.wall() + 300_000 }))
  const { inspector, present } = await opened(t, { url }, clock)
  const presented = present(leaf)
  assert.equal(await presented.revocation(null), null)
  let denial: Denial | null = null
  inspector.watch(() => (denial = presented.revoked(null)))
  status = 'revoked'
  clock.advance(299_000)
  assert.equal(denial, null)
  clock.advance(120_000)
  await until(() => denial !== null)
})

test('what nobody who is known issued is not asked about', async (t) => {
  const { url, seen } = await responder(t, async () => Buffer.alloc(0))
  const hard = await opened(t, { url })
  const own = holder({ name: named('self') })
  assert.match((await hard.present(own, false).revocation(null))?.detail ?? '', /its issuer is not known/)
  const soft = await opened(t, { url, mode: 'soft' })
  assert.equal(await soft.present(own, false).revocation(null), null)
  assert.equal(seen.length, 0)
})

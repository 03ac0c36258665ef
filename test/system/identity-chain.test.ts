import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hashPassword } from '../../src/authn/hash.ts'
import { createVerifier } from '../../src/authn/scram-verifier.ts'
import type { ConnectFields, Packets } from '../kit/packets.ts'
import { v4, v5 } from '../kit/packets.ts'
import { type Seen, status, WebServer } from '../unit/authn/http-kit.ts'
import { cheapHash } from '../unit/authn/password-kit.ts'
import { ScramClient } from '../unit/authn/scram-client.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { keyPem } from '../unit/pki/facts-kit.ts'
import { type Bearing, type LogLine, Pki, patient, Site, versions } from './identity-kit.ts'

// All ways to prove who one is, on listeners that ask in different orders, from a file.
const listeners = { all: 0, passwords: 1, machines: 2, people: 3, backwards: 4, both: 5, tokens: 6 } as const
type ListenerName = keyof typeof listeners

const secrets = {
  ann: 'aNN-paSSword-1',
  dora: 'dORa-paSSword-2',
  sam: 'sAM-paSSword-3',
  web: 'wEB-paSSword-4',
  slow: 'sLOw-paSSword-5',
  guess: 'a-wRONg-gueSS-6',
  header: 'tHE-header-of-the-server-7',
}

const method = 'SCRAM-SHA-256'
const pki = new Pki()
const certificates = {
  ann: pki.issue('ann'),
  pump: pki.issue('pump'),
  valve: pki.issue('valve'),
  stranger: new Pki().issue('ann'),
}
const signer = new Signer()
const otherSigner = new Signer()
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600
const token = signer.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() })
const forged = otherSigner.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() })
const stale = signer.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() - 7_200 })
const hashes: string[] = []

let site: Site
let web: WebServer

before(async () => {
  web = new WebServer(judge)
  const url = await web.url()
  for (const name of ['ann', 'dora'] as const) hashes.push(await cheapHash(secrets[name]))
  hashes.push((await createVerifier(method, secrets.sam, 4_096)) ?? assert.fail())
  hashes.push(await hashPassword('argon2id', Buffer.from(secrets.slow)))
  const [ann, dora, sam, slow] = hashes
  const users = [
    { name: 'ann', password: ann },
    { name: 'dora', password: dora, disabled: true },
    { name: 'sam', scram: [sam] },
  ]
  site = await Site.open({
    config: (_at, write) => {
      const file = write('users.yaml', JSON.stringify({ users }))
      const devices = write('devices.json', JSON.stringify([{ name: 'pump' }, { name: 'valve', state: 'disabled' }]))
      const tls = pki.section(write, { client_certificate: 'request' })
      const host = '127.0.0.1:0'
      return {
        authentication: patient,
        authenticators: [
          { password: { file } },
          { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
          { scram: { file } },
          { http: { url, headers: [{ name: 'Authorization', file: write('header', secrets.header) }] } },
          { devices: { files: [devices] } },
          { certificate: {} },
          { name: 'slow', password: { file: write('slow', `slow:${slow}\n`) } },
        ],
        listeners: [
          { url: `mqtt://${host}`, authenticators: ['password', 'token', 'scram', 'http'] },
          { url: `mqtt://${host}`, authenticators: ['slow'] },
          { url: `mqtts://${host}`, tls, authenticators: ['devices', 'certificate', 'password'] },
          { url: `mqtts://${host}`, tls, authenticators: ['password', 'certificate'] },
          { url: `mqtt://${host}`, authenticators: ['http', 'password'] },
          { url: `mqtts://${host}`, tls: { ...tls, client_certificate: 'require' }, authenticators: ['password'] },
          { url: `mqtt://${host}`, authenticators: ['token'] },
        ],
      }
    },
  })
})

after(async () => {
  await site?.[Symbol.asyncDispose]()
  await web?.[Symbol.asyncDispose]()
})

function judge(seen: Seen, response: Parameters<WebServer['reply']>[1]): void {
  const right = Buffer.from(secrets.web).toString('base64')
  const allowed = seen.body.includes(`"userName":"web"`) && seen.body.includes(right)
  response.end(JSON.stringify(allowed ? { decision: 'allow' } : { decision: 'deny', errorReason: 'not on my list' }))
}

const fresh = (() => {
  let number = 0
  return () => `chain-${++number}`
})()

const byName = (username: string, password: string): ConnectFields => ({ username, password })
const tokenData = (data: string): ConnectFields => ({
  properties: { authenticationMethod: 'OAUTH2-JWT', authenticationData: data },
})
const showing = (name: keyof typeof certificates) => ({ tls: pki.showing(certificates[name]) })
const withoutCertificate = { tls: pki.showing() }

interface Entry {
  readonly title: string
  readonly at: ListenerName
  readonly fields: ConnectFields
  readonly bearing?: Bearing
  /** Who it is, and how that was proved. */
  readonly as: readonly [identity: string, method: string]
  readonly only?: Packets
}

const entries: readonly Entry[] = [
  { title: 'a password', at: 'all', fields: byName('ann', secrets.ann), as: ['ann', 'password'] },
  { title: 'a token as password', at: 'all', fields: byName('oauth2', token), as: ['tom', 'token'] },
  { title: 'a token as data', at: 'all', fields: tokenData(token), as: ['tom', 'token'], only: v5 },
  { title: 'what only the web server knows', at: 'all', fields: byName('web', secrets.web), as: ['web', 'http'] },
  { title: 'the web server first', at: 'backwards', fields: byName('web', secrets.web), as: ['web', 'http'] },
  { title: 'a device', at: 'machines', fields: {}, bearing: showing('pump'), as: ['pump', 'certificate'] },
  {
    title: 'no device, but a certificate',
    at: 'machines',
    fields: {},
    bearing: showing('ann'),
    as: ['ann', 'certificate'],
  },
  {
    title: 'a password where a certificate may be shown, and is not',
    at: 'machines',
    fields: byName('ann', secrets.ann),
    bearing: withoutCertificate,
    as: ['ann', 'password'],
  },
  {
    title: 'a password before a certificate of somebody else',
    at: 'people',
    fields: byName('ann', secrets.ann),
    bearing: showing('pump'),
    as: ['ann', 'password'],
  },
  {
    title: 'a certificate before a password of somebody else',
    at: 'machines',
    fields: { clientId: 'c', ...byName('ann', secrets.ann) },
    bearing: { tls: pki.showing(pki.issue('other')) },
    as: ['other', 'certificate'],
  },
  {
    title: 'a certificate and a password',
    at: 'both',
    fields: byName('ann', secrets.ann),
    bearing: showing('pump'),
    as: ['ann', 'password'],
  },
]

for (const { title, at, fields, bearing = {}, as, only } of entries) {
  test(`${title}: the client is ${as[0]} by ${as[1]}`, async () => {
    for (const packets of only === undefined ? versions : [only]) {
      const clientId = fresh()
      const { code } = await site.knock({ ...fields, clientId }, { packets, listener: listeners[at], ...bearing })
      assert.equal(code, 0)
      const line = await site.logged((each) => each.msg === 'client connected' && each.clientId === clientId)
      assert.deepEqual([line.identity, line.method], as)
    }
  })
}

interface Refusal {
  readonly title: string
  readonly at: ListenerName
  readonly fields: ConnectFields
  readonly bearing?: Bearing
  /** Return code of MQTT 3.1.1 and reason code of MQTT 5. */
  readonly codes: readonly [number | null, number]
  /** What follows the name of the reason code. */
  readonly told?: string
  readonly cause: string | RegExp
}

const bad = [4, 0x86] as const
const not = [5, 0x87] as const

const refusals: readonly Refusal[] = [
  {
    title: 'a wrong password',
    at: 'all',
    fields: byName('ann', secrets.guess),
    codes: bad,
    cause: 'the password of the user ann is wrong',
  },
  {
    title: 'an empty password',
    at: 'all',
    fields: byName('ann', ''),
    codes: bad,
    cause: 'the password of the user ann is wrong',
  },
  { title: 'no password', at: 'all', fields: { username: 'ann' }, codes: bad, cause: 'the user ann gave no password' },
  {
    title: 'a disabled user',
    at: 'all',
    fields: byName('dora', secrets.dora),
    codes: not,
    cause: 'the user dora is disabled',
  },
  {
    title: 'a disabled user with a wrong password',
    at: 'all',
    fields: byName('dora', secrets.guess),
    codes: bad,
    cause: 'the password of the user dora is wrong',
  },
  {
    title: 'a user with a verifier only',
    at: 'all',
    fields: byName('sam', secrets.sam),
    codes: bad,
    cause: 'the user sam has no password here',
  },
  {
    title: 'a name nobody knows',
    at: 'passwords',
    fields: byName('nobody', secrets.guess),
    codes: bad,
    cause: 'nobody knows the user nobody',
  },
  {
    title: 'nothing at all',
    at: 'all',
    fields: {},
    codes: not,
    told: 'anonymous clients are not let in here',
    cause: 'anonymous clients are not let in here',
  },
  {
    title: 'a password known elsewhere',
    at: 'tokens',
    fields: byName('ann', secrets.ann),
    codes: bad,
    cause: 'nobody knows the user ann',
  },
  {
    title: 'a token of another key',
    at: 'all',
    fields: byName('oauth2', forged),
    codes: bad,
    cause: /^the token .*signature/,
  },
  {
    title: 'a token that is over',
    at: 'all',
    fields: byName('oauth2', stale),
    codes: bad,
    told: 'the token expired',
    cause: /^the token of "tom" expired at /,
  },
  {
    title: 'no token',
    at: 'all',
    fields: byName('oauth2', secrets.guess),
    codes: bad,
    cause: 'the token is not a signed JSON Web Token',
  },
  {
    title: 'whom the web server does not know',
    at: 'all',
    fields: byName('web', secrets.guess),
    codes: not,
    cause: 'the HTTP server refuses the user web: not on my list',
  },
  {
    title: 'whom the web server refuses before the file is asked',
    at: 'backwards',
    fields: byName('ann', secrets.ann),
    codes: not,
    cause: 'the HTTP server refuses the user ann: not on my list',
  },
  {
    title: 'a disabled device',
    at: 'machines',
    fields: {},
    bearing: showing('valve'),
    codes: not,
    told: 'the device is disabled',
    cause: 'the device is disabled: valve',
  },
  {
    title: 'a device under the name of another',
    at: 'machines',
    fields: { username: 'pump' },
    bearing: showing('ann'),
    codes: not,
    cause: /^the certificate of CN=ann \(serial \w+\) for the device pump /,
  },
  {
    title: 'a certificate of another authority',
    at: 'machines',
    fields: {},
    bearing: showing('stranger'),
    codes: not,
    told: 'the certificate is signed by an authority that is not known here',
    cause: /^the certificate of CN=ann \(serial \w+, issued by CN=root\) /,
  },
  {
    title: 'a good password with a bad certificate',
    at: 'people',
    fields: byName('ann', secrets.ann),
    bearing: showing('stranger'),
    codes: not,
    told: 'the certificate is signed by an authority that is not known here',
    cause: /^the certificate of CN=ann /,
  },
  {
    title: 'a password where a certificate is required',
    at: 'both',
    fields: byName('ann', secrets.ann),
    bearing: withoutCertificate,
    codes: not,
    told: 'a client certificate is required',
    cause: 'the listener requires a client certificate, and the client sent none',
  },
  {
    title: 'a certificate where a password is asked for',
    at: 'both',
    fields: {},
    bearing: showing('pump'),
    codes: not,
    told: 'nobody is known by this certificate',
    cause: 'nobody is known by this certificate',
  },
]

for (const { title, at, fields, bearing = {}, codes, told = '', cause } of refusals) {
  test(`${title}: the client is refused, and the log has the cause`, async () => {
    for (const [index, packets] of versions.entries()) {
      const clientId = fresh()
      const answer = await site.knock({ ...fields, clientId }, { packets, listener: listeners[at], ...bearing })
      assert.equal(answer.code, codes[index])
      if (packets === v5) checkReason(answer.reason, told)
      checkCause(await refusalOf(clientId), cause)
    }
  })
}

function checkReason(reason: string, told: string): void {
  const [, said = ''] =
    /^(?:bad user name or password|not authorized|\w[\w ]*)(?:: (.*))?$/.exec(reason) ?? assert.fail(reason)
  if (told === '') assert.equal(said, '')
  else assert.ok(said.startsWith(told), reason)
}

function checkCause({ detail }: LogLine, cause: string | RegExp): void {
  if (typeof cause === 'string') assert.equal(detail, cause)
  else assert.match(String(detail), cause)
}

async function refusalOf(clientId: string): Promise<LogLine> {
  return await site.logged((line) => line.msg === 'connection refused' && line.clientId === clientId)
}

test('SCRAM: the right proof lets in; a wrong one, an unknown name and an unknown method do not', async () => {
  const cases = [
    ['sam', secrets.sam, 0, ''],
    ['sam', secrets.guess, 0x87, 'the SCRAM proof of the user sam is wrong'],
    ['ann', secrets.ann, 0x87, `there is no user ann with a verifier for ${method}`],
  ] as const
  for (const [name, password, code, cause] of cases) {
    const clientId = fresh()
    const client = new ScramClient(method, name, password)
    const said = (data: Buffer) => ({ authenticationMethod: method, authenticationData: data })
    const wire = await site.client({ clientId, properties: said(client.first()) })
    const { properties } = await wire.expect('auth', { code: 0x18 })
    const proof = client.final(properties.authenticationData ?? assert.fail('no challenge'))
    wire.send(v5.auth({ reason: 0x18, properties: said(proof) }))
    const { properties: last } = await wire.expect('connack', { code })
    if (code === 0) assert.ok(client.trusts(last.authenticationData ?? assert.fail('no signature')))
    else checkCause(await refusalOf(clientId), cause)
    wire.destroy()
  }
  const foreign = await site.knock({
    clientId: fresh(),
    properties: { authenticationMethod: 'GS2-KRB5', authenticationData: 'x' },
  })
  assert.equal(foreign.code, 0x8c)
})

test('a web server that fails lets nobody in, and does not stand in the way of those before it', async () => {
  web.reply = status(500)
  for (const [packets, code] of [
    [v4, 3],
    [v5, 0x88],
  ] as const) {
    assert.equal((await site.knock({ ...byName('web', 'unasked'), clientId: fresh() }, { packets })).code, code)
    assert.equal((await site.knock({ ...byName('ann', secrets.ann), clientId: fresh() }, { packets })).code, 0)
  }
  web.reply = judge
})

test('a wrong password and an unknown name get the same packet, after the same time', async () => {
  const bearing = { listener: listeners.passwords }
  const times: Record<'slow' | 'nobody', number[]> = { slow: [], nobody: [] }
  const answers = new Set<string>()
  for (let round = 0; round < 17; round++) {
    for (const username of ['slow', 'nobody'] as const) {
      const client = await site.client({ username, password: `${secrets.guess}${round}`, clientId: fresh() }, bearing)
      const start = performance.now()
      answers.add((await client.nextBytes())?.toString('hex') ?? '')
      times[username].push(performance.now() - start)
    }
  }
  assert.equal(answers.size, 1)
  const ratio = median(times.slow) / median(times.nobody)
  assert.ok(ratio > 0.6 && ratio < 1.7, `a wrong password takes ${ratio} times as long as an unknown name`)
})

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0
}

test('no secret is in the log or in what clients are sent', () => {
  const parts = [...Object.values(secrets), ...hashes, keyPem(certificates.ann), keyPem(pki.server)]
  for (const each of [token, forged, stale]) parts.push(each, ...each.split('.').slice(1))
  const forms = parts.flatMap((part) => {
    const bytes = Buffer.from(part)
    return [part, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(part)]
  })
  // The salt and the digest of a hash, and the key in the URL of the web server, too.
  forms.push('key=hidden', ...hashes.flatMap((hash) => hash.split('$').filter(({ length }) => length > 40)))
  const everything = site.everything.toString('latin1')
  assert.ok(everything.includes('the password of the user ann is wrong'))
  for (const form of forms) assert.ok(!everything.includes(form), form)
})

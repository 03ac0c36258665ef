import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ConnectFields, type Packets, v4, v5 } from '../kit/packets.ts'
import { status } from '../kit/web-server.ts'
import { ScramClient } from '../unit/authn/scram-client.ts'
import {
  byName,
  Everything,
  fresh,
  judge,
  type ListenerName,
  listeners,
  method,
  pki,
  secrets,
  showing,
  token,
  withoutCertificate,
} from './identity-everything.ts'
import { type Bearing, type Site, versions } from './identity-kit.ts'

let everything: Everything
let site: Site

before(async () => {
  everything = await Everything.open()
  site = everything.site
})

after(() => everything[Symbol.asyncDispose]())

const tokenData = (data: string): ConnectFields => ({
  properties: { authenticationMethod: 'OAUTH2-JWT', authenticationData: data },
})

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

test('SCRAM: the right proof lets in; a wrong one, an unknown name and an unknown method do not', async () => {
  const cases = [
    ['sam', secrets.sam, 0, ''],
    ['sam', secrets.guess, 0x87, 'the SCRAM proof of the user sam is wrong'],
    ['ann', secrets.ann, 0x87, `there is no user ann with a verifier for ${method}`],
  ] as const
  for (const [name, password, code, cause] of cases) {
    await site.pace()
    const clientId = fresh()
    const client = new ScramClient(method, name, password)
    const said = (data: Buffer) => ({ authenticationMethod: method, authenticationData: data })
    const wire = await site.client({ clientId, properties: said(client.first()) })
    const { properties } = await wire.expect('auth', { code: 0x18 })
    const proof = client.final(properties.authenticationData ?? assert.fail('no challenge'))
    wire.send(v5.auth({ reason: 0x18, properties: said(proof) }))
    const { properties: last } = await wire.expect('connack', { code })
    if (code === 0) assert.ok(client.trusts(last.authenticationData ?? assert.fail('no signature')))
    else await site.logged((line) => line.clientId === clientId && line.detail === cause)
    wire.destroy()
  }
  const foreign = await site.knock({
    clientId: fresh(),
    properties: { authenticationMethod: 'GS2-KRB5', authenticationData: 'x' },
  })
  assert.equal(foreign.code, 0x8c)
})

test('a web server that fails lets nobody in, and does not stand in the way of those before it', async () => {
  everything.web.reply = status(500)
  for (const [packets, code] of [
    [v4, 3],
    [v5, 0x88],
  ] as const) {
    assert.equal((await site.knock({ ...byName('web', 'unasked'), clientId: fresh() }, { packets })).code, code)
    assert.equal((await site.knock({ ...byName('ann', secrets.ann), clientId: fresh() }, { packets })).code, 0)
  }
  everything.web.reply = judge
})

test('no secret is in the log or in what clients are sent', () => everything.assertDiscreet())

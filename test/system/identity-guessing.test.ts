import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createVerifier } from '../../src/authn/scram/scram-verifier.ts'
import { v5 } from '../kit/packets.ts'
import { ScramClient } from '../unit/authn/scram-client.ts'
import { Pki, Site } from './identity-kit.ts'

// Somebody who can get in, under whatever client identifier, guesses the password of somebody else.
const method = 'SCRAM-SHA-256'
const tooFast = 0x9f
const notAuthorized = 0x87
const pki = new Pki()
let site: Site
let numbers = 0

before(async () => {
  const line = async (name: string) => `${name}:${await createVerifier(method, name, 4_096)}\n`
  const users = await Promise.all(['victim', 'other victim', 'third victim', 'insider'].map(line))
  site = await Site.open({
    config: (_at, write) => ({
      authentication: { failures: { maximum_delay: '200ms' } },
      authenticators: [{ scram: { file: write('users', users.join('')) } }, { certificate: {} }],
      listeners: [
        { url: 'mqtt://127.0.0.1:0', allow_anonymous: true },
        { url: 'mqtts://127.0.0.1:0', tls: pki.section(write, { client_certificate: 'request' }) },
      ],
    }),
  })
})

after(() => site[Symbol.asyncDispose]())

const said = (data: Buffer) => ({ authenticationMethod: method, authenticationData: data })

/** The code a client gets that proves a password with SCRAM, and gives no user name beside. */
async function prove(name: string, password: string, clientId: string): Promise<number> {
  const client = new ScramClient(method, name, password)
  const wire = await site.client({ clientId, properties: said(client.first()) })
  let packet = await wire.next()
  if (packet?.type === 'auth') {
    const challenge = packet.properties.authenticationData ?? assert.fail('no challenge')
    wire.send(v5.auth({ reason: 0x18, properties: said(client.final(challenge)) }))
    packet = await wire.next()
  }
  wire.destroy()
  assert.equal(packet?.type, 'connack')
  return packet.code
}

const certificate = pki.showing(pki.issue('insider'))
const passes = {
  'as nobody': ['victim', async (clientId: string) => (await site.knock({ clientId })).code],
  'with a certificate': [
    'other victim',
    async (clientId: string) => (await site.knock({ clientId }, { listener: 1, tls: certificate })).code,
  ],
  'with a password of its own': [
    'third victim',
    async (clientId: string) => await prove('insider', 'insider', clientId),
  ],
} as const

for (const [title, [victim, pass]] of Object.entries(passes)) {
  test(`who gets in ${title} does not guess the password of somebody else any faster`, async () => {
    const clientIds = Array.from({ length: 36 }, () => `guess ${++numbers}`)
    for (const clientId of clientIds) assert.equal(await pass(clientId), 0)
    const guess = async (clientId: string) => await prove(victim, clientId, clientId)
    for (const clientId of clientIds.slice(0, 6)) assert.equal(await guess(clientId), notAuthorized)
    const codes = await Promise.all(clientIds.slice(6).map(guess))
    const looked = codes.filter((code) => code === notAuthorized).length
    assert.ok(looked <= 5, `${looked} guesses were looked at at once`)
    assert.equal(codes.filter((code) => code === tooFast).length, codes.length - looked)
  })
}

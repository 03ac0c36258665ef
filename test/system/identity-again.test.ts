import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createVerifier } from '../../src/authn/scram/scram-verifier.ts'
import { v5 } from '../kit/packets.ts'
import type { Properties } from '../kit/properties.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { ScramClient } from '../unit/authn/scram-client.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { notAuthorized, patient, Site } from './identity-kit.ts'

// Clients that prove anew who they are, on the connection they have.
const scram = 'SCRAM-SHA-256'
const jwt = 'OAUTH2-JWT'
const signer = new Signer()
let site: Site

before(async () => {
  const line = async (name: string) => `${name}:${await createVerifier(scram, name, 4_096)}\n`
  const users = await Promise.all(['pump', 'valve'].map(line))
  site = await Site.open({
    config: (_at, write) => ({
      authentication: { ...patient, client_ids: ['{name}', '{name}-*'] },
      authenticators: [
        { scram: { file: write('users', users.join('')) } },
        { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
      ],
      listeners: [{ url: 'mqtt://127.0.0.1:0' }],
    }),
  })
})

after(() => site[Symbol.asyncDispose]())

/** One proof of a name, as often as its parts are asked for. */
interface Proof {
  readonly method: string
  first(): Buffer
  answer(challenge: Buffer): Buffer
  /** What came with success is what it should be. */
  check(data: Buffer | undefined): void
}

function scramProof(name: string, password = name): Proof {
  const client = new ScramClient(scram, name, password, `nonce${Math.random()}`)
  return {
    method: scram,
    first: () => client.first(),
    answer: (challenge) => client.final(challenge),
    check: (data) => assert.ok(data !== undefined && client.trusts(data)),
  }
}

function token(sub: string, seconds: number): string {
  return signer.token({
    iss: issuer,
    aud: audience,
    sub,
    exp: Math.floor(Date.now() / 1_000) + seconds,
    jti: String(Math.random()),
  })
}

function tokenProof(name: string, seconds = 600): Proof {
  const text = token(name, seconds)
  return { method: jwt, first: () => Buffer.from(text), answer: () => assert.fail('a question'), check: () => {} }
}

const proofs = { [scram]: scramProof, [jwt]: tokenProof }

const said = (method: string, data: Buffer) => ({ authenticationMethod: method, authenticationData: data })

/** A client that was let in by a proof. */
async function introduced(proof: Proof, clientId: string): Promise<{ wire: WireClient; properties: Properties }> {
  const wire = await site.client({ clientId, properties: said(proof.method, proof.first()) })
  if (proof.method === scram) {
    const { properties } = await wire.expect('auth', { code: 0x18 })
    wire.send(v5.auth({ reason: 0x18, properties: said(scram, proof.answer(dataOf(properties))) }))
  }
  const { properties } = await wire.expect('connack', { code: 0 })
  proof.check(properties.authenticationData)
  return { wire, properties }
}

function dataOf({ authenticationData }: Properties): Buffer {
  return authenticationData ?? assert.fail('no data')
}

/** Begins to prove anew who the client is. */
function beginAgain(wire: WireClient, proof: Proof): void {
  wire.send(v5.auth({ reason: 0x19, properties: said(proof.method, proof.first()) }))
}

async function answerAgain(wire: WireClient, proof: Proof): Promise<void> {
  if (proof.method !== scram) return
  const { properties } = await wire.expect('auth', { code: 0x18 })
  wire.send(v5.auth({ reason: 0x18, properties: said(scram, proof.answer(dataOf(properties))) }))
}

const count = 300
const rounds = 20

for (const [method, prove] of Object.entries(proofs)) {
  test(`${method}: nothing is lost, doubled or out of order while a client proves itself again and again`, async () => {
    const { wire: reader } = await introduced(prove('pump'), 'pump-reader')
    const { wire: writer } = await introduced(prove('valve'), 'valve-writer')
    const topic = `flow/${method}`
    await reader.subscribe({ filter: `${topic}/to`, qos: 1 })
    await writer.subscribe({ filter: `${topic}/from`, qos: 1 })
    const sent = Array.from({ length: count }, (_, index) => ({ qos: 1, id: index + 1, payload: String(index) }))
    for (const each of sent) writer.send(v5.publish({ ...each, topic: `${topic}/to` }))
    const flow = new Flow(reader, prove)
    for (const each of sent) {
      reader.send(v5.publish({ ...each, topic: `${topic}/from` }))
      if (each.id % (count / rounds) === 0) flow.begin()
    }
    await flow.done()
    const other = new Flow(writer, prove)
    await other.done()
    const payloads = sent.map(({ payload }) => payload)
    assert.deepEqual(flow.payloads, payloads)
    assert.deepEqual(other.payloads, payloads)
    assert.ok(flow.proved > 1, `proved ${flow.proved} times`)
    reader.destroy()
    writer.destroy()
  })
}

/** Takes all that comes to a client that publishes, receives and proves itself at the same time. */
class Flow {
  readonly payloads: string[] = []
  proved = 0
  readonly #wire: WireClient
  readonly #prove: (name: string) => Proof
  #proof: Proof | null = null
  #wanted = 0
  #acknowledged = 0

  constructor(wire: WireClient, prove: (name: string) => Proof) {
    this.#wire = wire
    this.#prove = prove
  }

  /** Proves itself once more: now, or when the one before is done. */
  begin(): void {
    this.#wanted++
    if (this.#proof === null) this.#next()
  }

  async done(): Promise<void> {
    while (this.payloads.length < count || this.#acknowledged < count || this.#proof !== null) await this.#take()
    await this.#wire.expectNoMore()
  }

  #next(): void {
    this.#proof = this.#wanted > 0 ? this.#prove('pump') : null
    if (this.#proof === null) return
    this.#wanted--
    beginAgain(this.#wire, this.#proof)
  }

  async #take(): Promise<void> {
    const packet = (await this.#wire.next()) ?? assert.fail('the connection ended')
    if (packet.type === 'puback') this.#acknowledged++
    else if (packet.type === 'publish') {
      this.payloads.push(packet.payload.toString())
      this.#wire.send(v5.puback(packet.id))
    } else if (packet.type === 'auth') this.#auth(packet.code, packet.properties)
    else assert.fail(`${packet.type} came`)
  }

  #auth(code: number, properties: Properties): void {
    const proof = this.#proof ?? assert.fail('AUTH without a question')
    if (code === 0x18) {
      this.#wire.send(v5.auth({ reason: 0x18, properties: said(proof.method, proof.answer(dataOf(properties))) }))
      return
    }
    proof.check(properties.authenticationData)
    this.proved++
    this.#next()
  }
}

for (const [method, prove] of Object.entries(proofs)) {
  test(`${method}: who proves to be somebody else, or nobody, loses the connection [MQTT-4.12.1-2]`, async () => {
    const wrong = method === scram ? scramProof('pump', 'guess') : tokenProof('pump', -10)
    for (const proof of [prove('valve'), wrong]) {
      const { wire } = await introduced(prove('pump'), 'pump')
      beginAgain(wire, proof)
      await answerAgain(wire, proof)
      await wire.expectDisconnect(notAuthorized)
    }
  })

  test(`${method}: a client that was given its identifier can prove itself again`, async () => {
    const { wire, properties } = await introduced(prove('pump'), '')
    assert.match(properties.assignedClientIdentifier ?? '', /^auto-/)
    const proof = prove('pump')
    beginAgain(wire, proof)
    await answerAgain(wire, proof)
    await wire.expect('auth', { code: 0 })
    await wire.expectNoMore()
    wire.destroy()
  })
}

test('the method of the connection cannot be changed [MQTT-4.12.0-5]', async () => {
  const { wire } = await introduced(scramProof('pump'), 'pump')
  beginAgain(wire, tokenProof('pump'))
  await wire.expectDisconnect(0x82)
})

test('with a fresh token a connection outlives the first one, and then ends with the fresh one', async () => {
  const { wire, properties } = await introduced(tokenProof('pump', 3), 'pump')
  const end = endIn(properties)
  const fresh = tokenProof('pump', 5)
  beginAgain(wire, fresh)
  const { properties: renewed } = await wire.expect('auth', { code: 0 })
  assert.ok(endIn(renewed) > end)
  const { properties: last } = await wire.expectDisconnect(notAuthorized)
  assert.equal(Date.parse(/expired at (.*)$/.exec(last.reasonString ?? '')?.[1] ?? ''), endIn(renewed))
})

function endIn({ userProperty = [] }: Properties): number {
  const [, value = ''] = userProperty.find(([name]) => name === 'authentication-expires') ?? []
  return Date.parse(value)
}

test('a user whose verifier is changed loses the connection it has just renewed', async () => {
  const { wire } = await introduced(scramProof('valve'), 'valve')
  const proof = scramProof('valve')
  beginAgain(wire, proof)
  await answerAgain(wire, proof)
  await wire.expect('auth', { code: 0 })
  site.write(
    'users',
    `${site.read('users').replace(/^valve:.*\n/m, '')}valve:${await createVerifier(scram, 'new', 4_096)}\n`,
  )
  site.reload()
  const { properties } = await wire.expectDisconnect(notAuthorized)
  assert.equal(properties.reasonString, 'not authorized: the user has another password')
})

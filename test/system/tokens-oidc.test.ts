import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTokenAuthenticator } from '../../src/authn/token/token.ts'
import type { TokenOptions } from '../../src/authn/token/token-options.ts'
import { WatchedFiles } from '../../src/base/watched-files.ts'
import type { Authenticator, Denial, Identity } from '../../src/engine/ports.ts'
import { Reason } from '../../src/packet/reason.ts'
import { FakeClock } from '../kit/fake-clock.ts'
import { credentials, type Json, Lines, tokenOptions } from '../unit/authn/token-kit.ts'
import { audience, Issuer, type SigningAlgorithm } from './tokens-issuer.ts'

const hour = 3_600_000
const ages = { minimumAge: 60, maximumAge: 600, cooldown: 10, staleFor: 3_600 }

/** An authenticator that gets its keys from an OpenID Connect server, with a time of its own. */
class Door implements AsyncDisposable {
  readonly clock: FakeClock
  readonly log: Lines
  readonly #authenticator: Authenticator

  private constructor(clock: FakeClock, log: Lines, authenticator: Authenticator) {
    this.clock = clock
    this.log = log
    this.#authenticator = authenticator
  }

  static async open(keys: Partial<TokenOptions['keys']>, section: Json = {}): Promise<Door> {
    const clock = new FakeClock(Date.now())
    const log = new Lines()
    const options = tokenOptions({ issuers: [], audiences: [audience], keys: { ...ages, ...keys }, ...section })
    return new Door(clock, log, await openTokenAuthenticator(options, { log, clock, files: new WatchedFiles() }))
  }

  async knock(token: string): Promise<Identity | Denial> {
    const answer = await this.#authenticator.authenticate(credentials('oauth2', token))
    assert.ok(typeof answer === 'object', answer.toString())
    return answer
  }

  async name(token: string): Promise<string> {
    const answer = await this.knock(token)
    assert.ok('name' in answer, JSON.stringify(answer))
    return answer.name
  }

  async denial(token: string): Promise<Denial> {
    const answer = await this.knock(token)
    assert.ok('detail' in answer, JSON.stringify(answer))
    return answer
  }

  /** Moves the time until the log has one more line like this. */
  async logs(pattern: RegExp): Promise<void> {
    const from = this.log.lines.length
    while (!this.log.lines.slice(from).some((line) => pattern.test(line))) {
      this.clock.advance(1_000)
      await sleep(1)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authenticator.close?.()
  }
}

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] satisfies SigningAlgorithm[]) {
  test(`a token of an OpenID Connect server, signed with ${algorithm}, is accepted after discovery of its keys`, async () => {
    await using issuer = await Issuer.open(algorithm)
    const names = {
      roles: ['realm_access.roles', 'resource_access."my.client".roles'],
      attributes: [{ name: 'floor' }],
    }
    await using door = await Door.open(
      { discovery: issuer.url },
      { types: ['at+jwt'], authorizedParties: ['pump-7'], ...names },
    )
    const identity = await door.knock(await issuer.token())
    assert.ok('name' in identity, JSON.stringify(identity))
    assert.equal(identity.name, 'pump-7')
    assert.deepEqual(identity.roles, ['device', 'reader'])
    assert.deepEqual(identity.attributes, { floor: 5 })
    assert.match(
      (await door.denial(await issuer.token('files.example'))).detail,
      /is for another audience: "files.example"/,
    )
  })
}

test('keys come from the URL of a key set, too', async () => {
  await using issuer = await Issuer.open('ES256')
  await using door = await Door.open({ jwksUrl: `${issuer.url}/jwks` }, { issuers: [issuer.url] })
  assert.equal(await door.name(await issuer.token()), 'pump-7')
})

test('a server that says it is another issuer is not believed', async () => {
  await using issuer = await Issuer.open('ES256')
  await using door = await Door.open({ discovery: `${issuer.url}/` })
  const why = `the discovery document is that of "${issuer.url}", not of "${issuer.url}/"`
  assert.match(door.log.lines.join(), /^error token keys cannot be fetched: clients with tokens cannot connect /)
  assert.ok(door.log.lines.join().includes(JSON.stringify({ why })))
})

test('tokens signed with a new key are accepted at once, those with the old one no more', async () => {
  await using issuer = await Issuer.open('RS256')
  await using door = await Door.open({ discovery: issuer.url })
  const old = await issuer.token()
  assert.equal(await door.name(old), 'pump-7')
  issuer.rotate('ES256')
  const fresh = await issuer.token()
  assert.match(
    (await door.denial(fresh)).detail,
    /is signed with the key "key-2", which is not among those of the issuer$/,
  )
  door.clock.advance(10_000)
  assert.equal(await door.name(fresh), 'pump-7')
  assert.match(
    (await door.denial(old)).detail,
    /is signed with the key "key-1", which is not among those of the issuer$/,
  )
})

test('while the server is down its keys go on for a time; then nobody gets in until it is back', async () => {
  await using issuer = await Issuer.open('ES256')
  await using door = await Door.open({ discovery: issuer.url })
  const token = await issuer.token()
  assert.equal(await door.name(token), 'pump-7')
  await issuer.stop()
  await door.logs(/^warn token keys cannot be fetched: those from before are used meanwhile .*ECONNREFUSED/)
  assert.equal(await door.name(token), 'pump-7')
  door.clock.advance(2 * hour)
  const denial = await door.denial(token)
  assert.equal(denial.reason, Reason.ServerUnavailable)
  assert.equal(denial.told, undefined)
  assert.match(
    denial.detail,
    /^the token cannot be checked without keys; newer ones cannot be fetched: http.*ECONNREFUSED/,
  )
  await issuer.start()
  await door.logs(/^info token keys can be fetched again/)
  assert.equal(await door.name(token), 'pump-7')
})

test('a broker may start before the server that has the keys', async () => {
  await using issuer = await Issuer.open('ES256')
  const token = await issuer.token()
  await issuer.stop()
  await using door = await Door.open({ discovery: issuer.url })
  assert.equal((await door.denial(token)).reason, Reason.ServerUnavailable)
  await issuer.start()
  await door.logs(/^info token keys can be fetched again/)
  assert.equal(await door.name(token), 'pump-7')
})

test('a token with a new key is not a wrong one while newer keys cannot be fetched', async () => {
  await using issuer = await Issuer.open('ES256')
  await using door = await Door.open({ discovery: issuer.url })
  issuer.rotate('ES256')
  const fresh = await issuer.token()
  await issuer.stop()
  door.clock.advance(10_000)
  const denial = await door.denial(fresh)
  assert.equal(denial.reason, Reason.ServerUnavailable)
  assert.match(denial.detail, /the key "key-2", which is not among those of the issuer; newer ones cannot be fetched/)
})

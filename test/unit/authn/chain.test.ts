import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { Trust } from '../../../src/authn/certificate/trust.ts'
import { Chain, type Doorway } from '../../../src/authn/chain.ts'
import { openAuthenticator } from '../../../src/authn/open.ts'
import { Throttle } from '../../../src/authn/throttle/throttle.ts'
import type {
  Answer,
  Authenticator,
  Client,
  Credentials,
  Denial,
  Exchange,
  ExchangeStep,
  Identity,
} from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const peer = { transport: 'tcp', address: '192.0.2.1', port: 1, loopback: false, tls: null } as const
const failures = { free: 2, delay: 20, maximumDelay: 60, entries: 100, loopback: true }
const anyCertificate: Trust = { judge: () => null, review: () => null, watch: () => {}, close: async () => {} }
const wrong: Denial = { reason: Reason.BadUserNameOrPassword, detail: 'the password is wrong' }

function who(username: string | null, password: string | null, more: Partial<Credentials> = {}): Credentials {
  const bytes = password === null ? null : Buffer.from(password)
  return {
    clientId: 'c1',
    username,
    password: bytes,
    version: 5,
    listener: 'here',
    allowAnonymous: false,
    peer,
    ...more,
  }
}

/** Knows one user, by a password that is the name backwards. */
function knows(
  name: string,
  how: 'at once' | 'later',
  more: Partial<Identity> = {},
): Authenticator & { asked: number } {
  const answer = ({ username, password }: Credentials): Identity | Denial | 'unknown' => {
    if (username !== name) return 'unknown'
    return password?.toString() === [...name].reverse().join('') ? { name, method: 'password', ...more } : wrong
  }
  return {
    asked: 0,
    authenticate(credentials) {
      this.asked++
      return how === 'at once' ? answer(credentials) : Promise.resolve(answer(credentials))
    },
    begin: () => null,
  }
}

function chainOf(authenticators: readonly Authenticator[], more: Partial<Doorway> = {}, clientIds = ['*']): Chain {
  const doorways = new Map([['here', { trust: anyCertificate, authenticators, ...more }]])
  return new Chain({ doorways, clientIds, sharedNames: new Set(['oauth2']) }, new Throttle(failures, new FakeClock()))
}

async function name(answer: Answer<Identity | Denial>): Promise<string> {
  const found = await answer
  return 'reason' in found ? `${found.reason.toString(16)} ${found.detail}` : found.name
}

test('authenticators are asked in their order, until one knows the client', async () => {
  for (const how of ['at once', 'later'] as const) {
    const [ann, bob] = [knows('ann', how), knows('bob', 'at once')]
    const chain = chainOf([ann, bob])
    equal(await name(chain.authenticate(who('ann', 'nna'))), 'ann')
    equal(bob.asked, 0)
    equal(await name(chain.authenticate(who('bob', 'bob'))), 'bob')
    equal(await name(chain.authenticate(who('ann', 'bad'))), '86 the password is wrong')
    equal(bob.asked, 1, 'a refusal ends the search')
    equal(await name(chain.authenticate(who('eve', 'bad'))), '86 nobody knows the user eve')
  }
})

test('a client that proves nothing is let in only where anonymous clients are, and nobody else in its stead', async () => {
  const chain = chainOf([knows('ann', 'at once')])
  equal(await name(chain.authenticate(who(null, null))), '87 anonymous clients are not let in here')
  deepEqual(await chain.authenticate(who(null, null, { allowAnonymous: true })), { name: '', method: 'anonymous' })
  equal(await name(chain.authenticate(who('eve', 'x', { allowAnonymous: true }))), '86 nobody knows the user eve')
  equal(
    await name(chain.authenticate(who(null, 'x', { allowAnonymous: true }))),
    '86 nobody knows the password without a user name',
  )
})

test('a certificate that is not good ends it before anybody is asked', async () => {
  const revoked: Denial = { reason: Reason.NotAuthorized, detail: 'revoked', told: 'revoked' }
  for (const judge of [() => revoked, () => Promise.resolve(revoked)]) {
    const ann = knows('ann', 'at once')
    const chain = chainOf([ann], { trust: { ...anyCertificate, judge } })
    equal(await name(chain.authenticate(who('ann', 'nna'))), '87 revoked')
    equal(ann.asked, 0)
  }
})

test('an identity may use only the client identifiers it has patterns for, its own before those of all', async () => {
  const chain = chainOf([knows('ann', 'at once'), knows('bob', 'at once', { clientIds: ['pump-*'] })], {}, [
    '{name}',
    '{name}-*',
  ])
  equal(await name(chain.authenticate(who('ann', 'nna', { clientId: 'ann-1' }))), 'ann')
  equal(
    await name(chain.authenticate(who('ann', 'nna', { clientId: 'bob' }))),
    '85 ann may not use the client identifier bob: allowed are {name}, {name}-*',
  )
  equal(await name(chain.authenticate(who('bob', 'bob', { clientId: 'pump-7' }))), 'bob')
  equal((await name(chain.authenticate(who('bob', 'bob', { clientId: 'bob' })))).slice(0, 2), '85')
  equal(await name(chain.authenticate(who('ann', 'nna', { clientId: 'auto-1', assigned: true }))), 'ann')
  const open = chainOf([openAuthenticator], {}, ['{name}'])
  equal(await name(open.authenticate(who('eve', null, { allowAnonymous: true }))), 'eve')
  equal(await name(open.authenticate(who(null, null, { allowAnonymous: true }))), '')
})

test('who fails again and again waits, and is let in with the right password', async () => {
  const chain = chainOf([knows('ann', 'at once')])
  for (let times = 0; times < 3; times++)
    equal(await name(chain.authenticate(who('ann', 'bad'))), '86 the password is wrong')
  const answer = chain.authenticate(who('ann', 'nna'))
  ok(answer instanceof Promise)
  equal(await name(answer), 'ann')
  ok(!(chain.authenticate(who('ann', 'nna')) instanceof Promise), 'success is forgiving')
})

test('names that could not be kept are not accepted from anybody', async () => {
  for (const bad of ['a\ud800', 'a\0b', 'ä'.repeat(32_768)]) {
    const chain = chainOf([{ authenticate: () => ({ name: bad, method: 'token' }), begin: () => null }])
    ok((await name(chain.authenticate(who(null, 'x')))).startsWith('87 the name in the token cannot be used'))
  }
})

test('a name is cleared of failures by proving that name, and by nothing else', async () => {
  const guest: Authenticator = {
    authenticate: ({ password }) => (password?.toString() === 'token' ? { name: 'eve', method: 'token' } : 'unknown'),
    begin: () => null,
  }
  const chain = chainOf([guest, knows('ann', 'at once')])
  for (let times = 0; times < 3; times++) {
    await chain.authenticate(who('ann', 'bad'))
    await chain.authenticate(who(null, null, { allowAnonymous: true, clientId: 'ann' }))
    await chain.authenticate(who('ann', 'token'))
  }
  // The clock stands still: whoever has to wait waits already.
  equal((await name(chain.authenticate(who('ann', 'bad')))).slice(0, 2), '9f')
})

test('clients that share a user name do not wait for the failures of each other', async () => {
  const chain = chainOf([knows('oauth2', 'at once'), knows('ann', 'at once')])
  for (let times = 0; times < 3; times++) await chain.authenticate(who('oauth2', 'bad', { clientId: 'c1' }))
  ok(chain.authenticate(who('oauth2', 'bad', { clientId: 'c1' })) instanceof Promise)
  ok(!(chain.authenticate(who('oauth2', '2htuao', { clientId: 'c2' })) instanceof Promise))
  const other = chainOf([knows('ann', 'at once')])
  for (let times = 0; times < 3; times++) await other.authenticate(who('ann', 'bad', { clientId: `c${times}` }))
  ok(other.authenticate(who('ann', 'bad', { clientId: 'c9' })) instanceof Promise)
})

test('an exchange is held against the same rules, and an identity is reviewed by who vouched for it', async () => {
  const gone: Denial = { reason: Reason.NotAuthorized, detail: 'gone' }
  const closed: string[] = []
  const exchange = (result: string): Exchange => ({
    step: (data) => {
      if (data === null) return { kind: 'continue', data: Buffer.from('go on') }
      if (data.toString() !== 'right') return { kind: 'failure', ...wrong }
      return { kind: 'success', identity: { name: result, method: 'echo' }, data: null }
    },
    close: () => closed.push(result),
  })
  const echo: Authenticator = {
    authenticate: () => 'unknown',
    begin: (method) => (method === 'echo' ? exchange('ann') : null),
    review: () => gone,
  }
  const chain = chainOf([knows('bob', 'at once'), echo], {}, ['{name}'])
  equal(chain.begin('other', who(null, null)), null)
  const own = who(null, null, { clientId: 'ann' })
  const first = chain.begin('echo', own)
  deepEqual(await first?.step(null), { kind: 'continue', data: Buffer.from('go on') })
  const step = await first?.step(Buffer.from('right'))
  ok(step?.kind === 'success')
  const client: Client = { id: 'ann', identity: step.identity, version: 5, listener: 'here', peer }
  equal(chain.review(client), gone)
  equal(chain.review({ ...client, identity: { name: 'ann', method: 'echo' } }), null)
  const other = await chain.begin('echo', who(null, null))?.step(Buffer.from('right'))
  equal(other?.kind === 'failure' && other.reason, Reason.ClientIdentifierNotValid)
  const bad = await chain.begin('echo', own)?.step(Buffer.from('bad'))
  equal(bad?.kind === 'failure' && bad.detail, wrong.detail)
  const left = chain.begin('echo', own)
  await left?.step(null)
  left?.close?.()
  deepEqual(closed, ['ann'])
})

test('of several authenticators that know a method, the one that knows the client is asked', async () => {
  const issuer = (own: string): Authenticator => ({
    authenticate: () => 'unknown',
    begin: () => ({
      step: (data) => {
        const name = data?.toString() ?? ''
        if (!name.startsWith(own)) return { kind: 'unknown', detail: 'of somebody else' }
        return name.endsWith('!')
          ? { kind: 'success', identity: { name, method: 'token' }, data: null }
          : { kind: 'continue', data: null }
      },
    }),
  })
  const chain = chainOf([issuer('a'), issuer('b')])
  const step = async (...data: string[]) => {
    const exchange = chain.begin('method', who(null, null))
    let last: ExchangeStep | undefined
    for (const each of data) last = await exchange?.step(Buffer.from(each))
    return last?.kind === 'success' ? last.identity.name : last?.kind === 'failure' ? last.detail : last?.kind
  }
  equal(await step('ann!'), 'ann!')
  equal(await step('bob!'), 'bob!')
  equal(await step('bob', 'bob!'), 'bob!')
  equal(await step('eve!'), 'no authenticator knows what the client sent as authentication data')
  equal(await step('bob', 'ann!'), 'no authenticator knows what the client sent as authentication data')
})

test('an authenticator that fails costs the client this attempt, and is no failure of the client', async () => {
  let works = false
  const chain = chainOf([
    {
      authenticate: ({ username }) =>
        works ? { name: username ?? '', method: 'x' } : Promise.reject(new Error('down')),
      begin: () => null,
    },
  ])
  for (let times = 0; times < 5; times++) {
    const failed = await Promise.resolve(chain.authenticate(who('ann', 'nna'))).catch((error: unknown) => String(error))
    equal(failed, 'Error: down')
  }
  works = true
  ok(!(chain.authenticate(who('ann', 'nna')) instanceof Promise), 'nobody waits for what was not its fault')
})

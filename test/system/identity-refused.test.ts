import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ConnectFields, v5 } from '../kit/packets.ts'
import {
  byName,
  Everything,
  forged,
  fresh,
  type ListenerName,
  listeners,
  secrets,
  showing,
  stale,
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
    cause: /^the certificate of CN=ann \(serial \w+, issued by CN=elsewhere\) /,
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
      const answer = await site.refusal({ ...fields, clientId }, { packets, listener: listeners[at], ...bearing })
      assert.equal(answer.code, codes[index])
      if (packets === v5) checkReason(answer.reason, told)
      checkCause(answer.detail, cause)
    }
  })
}

function checkReason(reason: string, told: string): void {
  const [, said = ''] =
    /^(?:bad user name or password|not authorized|\w[\w ]*)(?:: (.*))?$/.exec(reason) ?? assert.fail(reason)
  if (told === '') assert.equal(said, '')
  else assert.ok(said.startsWith(told), reason)
}

function checkCause(detail: unknown, cause: string | RegExp): void {
  if (typeof cause === 'string') assert.equal(detail, cause)
  else assert.match(String(detail), cause)
}

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

test('no secret is in the log or in what clients are sent', () => everything.assertDiscreet())

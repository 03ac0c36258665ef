import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScramAuthenticator } from '../../../src/authn/scram/scram.ts'
import { ScramExchange } from '../../../src/authn/scram/scram-exchange.ts'
import { createVerifier, parseVerifier, prepare, type ScramMethod } from '../../../src/authn/scram/scram-verifier.ts'
import type { Authenticator, Denial, ExchangeStep, Identity } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { fc } from '../../kit/fast-check.ts'
import { cheapHash, clientOf, credentials, UsersFolder } from './password-kit.ts'
import { attributes, ScramClient } from './scram-client.ts'

const methods = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
const small = 4_096

async function verifiers(name: string, password: string): Promise<string> {
  const lines = await Promise.all(
    methods.map(async (method) => `${name}:${await createVerifier(method, password, small)}\n`),
  )
  return lines.join('')
}

async function open(folder: UsersFolder, offered: readonly ScramMethod[] = methods): Promise<Authenticator> {
  return folder.keep(await openScramAuthenticator({ file: folder.path, methods: offered }, folder))
}

async function begin(authenticator: Authenticator, method: string, username: string | null = null) {
  const exchange = authenticator.begin(method, credentials(username, null)) ?? assert.fail('unknown method')
  return async (data: Buffer | null) => await exchange.step(data)
}

function dataOf(step: ExchangeStep): Buffer {
  if (step.kind === 'failure' || step.kind === 'unknown') assert.fail(step.detail)
  return step.data ?? assert.fail('no data')
}

/** Goes through all of it. */
async function login(authenticator: Authenticator, client: ScramClient, method = 'SCRAM-SHA-256', username?: string) {
  const step = await begin(authenticator, method, username)
  const last = await step(client.final(dataOf(await step(client.first()))))
  if (last.kind === 'success') assert.ok(client.trusts(dataOf(last)), 'the server proves that it knows the user')
  return last
}

function failureIn(step: ExchangeStep): Denial {
  return step.kind === 'failure' ? step : assert.fail(step.kind)
}

function identityIn(step: ExchangeStep): Identity {
  return step.kind === 'success' ? step.identity : assert.fail(step.kind === 'failure' ? step.detail : step.kind)
}

test('the exchange of RFC 7677 comes out as it is printed there', async () => {
  const text = await createVerifier('SCRAM-SHA-256', 'pencil', 4_096, Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
  const verifier = parseVerifier(text ?? '')
  if (typeof verifier === 'string') assert.fail(verifier)
  const identity = { name: 'user', method: 'scram' }
  const candidate = () => ({ verifier, lack: null, proved: () => identity })
  const exchange = new ScramExchange(candidate, null, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0')
  const challenge = exchange.step(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'))
  assert.equal(
    dataOf(challenge).toString(),
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  )
  const final =
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
  const last = exchange.step(Buffer.from(final))
  assert.deepEqual(identityIn(last), identity)
  assert.equal(dataOf(last).toString(), 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})

for (const method of methods) {
  test(`${method}: a client that knows the password is let in, one that does not is not`, async () => {
    await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
    const authenticator = await open(folder)
    const right = await login(authenticator, new ScramClient(method, 'user', 'pencil'), method)
    assert.deepEqual(identityIn(right), { name: 'user', method: 'scram' })
    const wrong = failureIn(await login(authenticator, new ScramClient(method, 'user', 'Pencil'), method))
    assert.equal(wrong.reason, Reason.NotAuthorized)
    assert.equal(wrong.detail, 'the SCRAM proof of the user user is wrong')
    assert.equal(wrong.told, undefined)
  })
}

test('a user name may have every character, also those that are written otherwise in a message', async () => {
  const names = ['a,b=c', 'ünï', '+/#%c', 'a b', '=2C']
  await using folder = new UsersFolder('users', (await Promise.all(names.map((name) => verifiers(name, 'x')))).join(''))
  const authenticator = await open(folder)
  for (const name of names) {
    const step = await login(authenticator, new ScramClient('SCRAM-SHA-256', name, 'x'), 'SCRAM-SHA-256', name)
    assert.equal(identityIn(step).name, name)
  }
})

test('names and passwords are prepared as RFC 4013 says', async () => {
  assert.deepEqual(
    ['I\u00adX', 'user', 'USER', '\u00aa', '\u2168'].map((text) => prepare(text, false)),
    ['IX', 'user', 'USER', 'a', 'IX'],
  )
  for (const text of ['\u0007', '\u0627\u0031', '\ud800']) assert.equal(prepare(text, false), null)
  assert.equal(await createVerifier('SCRAM-SHA-256', '\u0007'), null)
  assert.equal(await createVerifier('SCRAM-SHA-256', '\u00ad'), null)

  const salt = Buffer.alloc(16)
  const one = await createVerifier('SCRAM-SHA-256', 'I\u00adX', small, salt)
  assert.equal(one, await createVerifier('SCRAM-SHA-256', '\u2168', small, salt))
  await using folder = new UsersFolder('users', `IX:${one}\n`)
  const client = new ScramClient('SCRAM-SHA-256', '\u2168', 'IX')
  assert.equal(identityIn(await login(await open(folder), client)).name, 'IX')
})

test('who is not there, or has no verifier, is asked like everybody and fails like somebody with a wrong password', async () => {
  const text = `${await verifiers('user', 'pencil')}plain:${await cheapHash('pencil')}\n`
  await using folder = new UsersFolder('users', text)
  const authenticator = await open(folder)
  const challengeOf = async (name: string, method: string = methods[0]) => {
    const step = await begin(authenticator, method)
    return attributes(dataOf(await step(new ScramClient(method, name, 'pencil').first())))
  }
  const real = await challengeOf('user')
  const salts = new Set<string | undefined>([real.s])
  for (const name of ['nobody', 'plain', 'User']) {
    const [one, again] = [await challengeOf(name), await challengeOf(name)]
    assert.equal(one.s, again.s, 'the same name has always the same salt')
    assert.notEqual(one.r, again.r)
    assert.deepEqual([one.i, one.s?.length, one.r?.length], [real.i, real.s?.length, real.r?.length])
    salts.add(one.s)
    salts.add((await challengeOf(name, methods[1])).s)
    const denial = failureIn(await login(authenticator, new ScramClient(methods[0], name, 'pencil')))
    assert.deepEqual([denial.reason, denial.told], [Reason.NotAuthorized, undefined])
    assert.equal(denial.detail, `there is no user ${name} with a verifier for SCRAM-SHA-256`)
  }
  assert.equal(salts.size, 7)
})

test('the user name of CONNECT, if there is one, must be that of the message', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder)
  const client = () => new ScramClient('SCRAM-SHA-256', 'user', 'pencil')
  identityIn(await login(authenticator, client(), 'SCRAM-SHA-256', 'user'))
  const step = await begin(authenticator, 'SCRAM-SHA-256', 'admin')
  assert.match(failureIn(await step(client().first())).detail, /CONNECT has another user name/)
})

test('channel binding is refused, a client that would have liked it is not, and the header cannot be changed on the way', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder)
  const client = (header: string) => new ScramClient('SCRAM-SHA-256', 'user', 'pencil', undefined, header)
  for (const header of ['n,,', 'y,,', 'n,a=user,', 'y,a=user,']) identityIn(await login(authenticator, client(header)))
  for (const header of [
    'p=tls-unique,,',
    'p=tls-exporter,,',
    'n,a=admin,',
    'x,,',
    ',,',
    'n,user,',
    'n,a=,',
    'n,a==,',
  ]) {
    const step = await begin(authenticator, 'SCRAM-SHA-256')
    failureIn(await step(client(header).first()))
  }
  const step = await begin(authenticator, 'SCRAM-SHA-256')
  const challenge = dataOf(await step(client('y,,').first()))
  assert.match(failureIn(await step(client('n,,').final(challenge))).detail, /channel binding/)
  assert.equal(authenticator.begin('SCRAM-SHA-256-PLUS', credentials(null, null)), null)
})

test('every malformed first message is refused, and what comes after it', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder)
  const wrong = [
    '',
    'n',
    'n,,',
    'n,,n=user',
    'n,,n=user,',
    'n,,n=user,r=',
    'n,,n=,r=abc',
    'n,,r=abc,n=user',
    'n,,m=x,n=user,r=abc',
    'n,,n=user,r=abc,m=x',
    'n,,n=user,r=abc,x',
    'n,,n=user,r=abc,',
    'n,,n=us=er,r=abc',
    'n,,n=us=2cer,r=abc',
    'n,,n=user,r=a c',
    'n,,n=user,r=äbc',
    'n,,n=us\0er,r=abc',
    'n,,n=us\u0007er,r=abc',
    `n,,n=user,r=${'a'.repeat(1_025)}`,
    `n,,n=${'a'.repeat(8_192)},r=abc`,
    'N,,n=user,r=abc',
    '{"n":"user"}',
  ]
  for (const text of [null, Buffer.from([0xff]), ...wrong.map((each) => Buffer.from(each))]) {
    const step = await begin(authenticator, 'SCRAM-SHA-256')
    const denial = failureIn(await step(text))
    assert.equal(denial.reason, Reason.NotAuthorized)
    assert.ok((denial.told ?? '').startsWith('SCRAM'), text?.toString())
    failureIn(await step(new ScramClient('SCRAM-SHA-256', 'user', 'pencil').first()))
  }
  const step = await begin(authenticator, 'SCRAM-SHA-256')
  assert.equal((await step(Buffer.from('n,,n=user,r=abc,x=ignored,Y=too'))).kind, 'continue')
})

test('every malformed last message is refused, and a right one after it', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder)
  const edits: readonly ((right: string) => string)[] = [
    () => '',
    (right) => right.replace(/,p=.*/, ''),
    (right) => right.replace(/p=.*/, 'p='),
    (right) => right.replace(/p=.*/, 'p=AAAA'),
    (right) => right.replace(/p=.*/, `p=${Buffer.alloc(64).toString('base64')}`),
    (right) => right.replace(/p=.*/, 'p=!!!!'),
    (right) => `${right}=`,
    (right) => `${right},x=y`,
    (right) => right.replace(',p=', ',m=x,p='),
    (right) => right.replace(',p=', ',,p='),
    (right) => right.replace(/r=[^,]*/, 'r=fyko+d2lbbFgONRv9qkxdawL'),
    (right) => right.replace(/r=[^,]*/, (nonce) => `${nonce}x`),
    (right) => right.replace(/r=[^,]*,/, ''),
    (right) => right.replace('c=biws', 'c=eSws'),
    (right) => right.replace('c=biws', 'c='),
    (right) => right.replace('c=biws,', ''),
    (right) => right.replace('c=biws', 'c=biws='),
    (right) => right.replace(/(c=[^,]*),(r=[^,]*)/, '$2,$1'),
    (right) => `${right}${'A'.repeat(8_192)}`,
    (right) => right.replace(',p=', '\0,p='),
  ]
  for (const edit of edits) {
    const step = await begin(authenticator, 'SCRAM-SHA-256')
    const client = new ScramClient('SCRAM-SHA-256', 'user', 'pencil')
    const right = client.final(dataOf(await step(client.first())))
    assert.equal((await step(Buffer.from(edit(right.toString())))).kind, 'failure', edit.toString())
    failureIn(await step(right))
  }
  const step = await begin(authenticator, 'SCRAM-SHA-256')
  const client = new ScramClient('SCRAM-SHA-256', 'user', 'pencil')
  const right = client.final(dataOf(await step(client.first())))
  identityIn(await step(right))
  failureIn(await step(right))
})

test('a proof is good for its own exchange only', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder)
  const client = new ScramClient('SCRAM-SHA-256', 'user', 'pencil')
  const [one, other] = [await begin(authenticator, methods[0]), await begin(authenticator, methods[0])]
  const proof = client.final(dataOf(await one(client.first())))
  await other(client.first())
  assert.match(failureIn(await other(proof)).detail, /nonce/)
})

test('only the methods of the configuration are offered', async () => {
  await using folder = new UsersFolder('users', await verifiers('user', 'pencil'))
  const authenticator = await open(folder, ['SCRAM-SHA-512'])
  for (const method of ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'scram-sha-512', '', 'constructor'])
    assert.equal(authenticator.begin(method, credentials(null, null)), null)
  identityIn(await login(authenticator, new ScramClient(methods[1], 'user', 'pencil'), methods[1]))
  assert.equal(await authenticator.authenticate(credentials('user', 'pencil')), 'unknown')
})

test('a disabled user fails, and a user that changes loses what it has, also in the middle of an exchange', async () => {
  const verifier = await createVerifier('SCRAM-SHA-256', 'pencil', small)
  const other = await createVerifier('SCRAM-SHA-256', 'other', small)
  const file = (more: string, text = verifier) => `users: [{ name: user, scram: ['${text}'], ${more} }]`
  await using folder = new UsersFolder('users.yaml', file('roles: [reader]'))
  const authenticator = await open(folder)
  const client = () => new ScramClient('SCRAM-SHA-256', 'user', 'pencil')
  const identity = identityIn(await login(authenticator, client()))
  assert.deepEqual(identity, { name: 'user', method: 'scram', roles: ['reader'] })
  const review = () => authenticator.review?.(clientOf(identity))?.detail ?? null
  assert.equal(review(), null)
  const step = await begin(authenticator, 'SCRAM-SHA-256')
  const slow = client()
  const challenge = dataOf(await step(slow.first()))
  await folder.change(file('roles: [reader]', other))
  assert.match(failureIn(await step(slow.final(challenge))).detail, /changed meanwhile/)
  assert.equal(review(), 'the user user has another password')
  await folder.change(file('disabled: true'))
  assert.equal(review(), 'the user user was disabled')
  assert.equal(failureIn(await login(authenticator, client())).detail, 'the user user is disabled')
  await folder.change('users: []')
  assert.equal(review(), 'the user user was removed')
})

test('a damaged verifier is refused with what is wrong', async () => {
  const good = (await createVerifier('SCRAM-SHA-256', 'pencil', small)) ?? ''
  assert.equal(typeof parseVerifier(good), 'object')
  const wrong = [
    good.replace('256', '1'),
    good.replace('256', '512'),
    good.replace('4096', '4095'),
    good.replace('4096', '10000001'),
    good.replace('4096', '-1'),
    good.replace('4096:', '4096:4096:'),
    good.replace('4096:', '4096'),
    `${good}:x`,
    `${good}$x`,
    good.slice(0, -4),
    good.replace(/:[^:$]*\$/, ':$'),
    'SCRAM-SHA-256$',
    '',
  ]
  for (const text of wrong) assert.equal(typeof parseVerifier(text), 'string', text)
})

test('no message makes the reading fail', () => {
  const piece = fc.constantFrom(
    'n,,',
    'y,,',
    'n=',
    'r=',
    'c=',
    'p=',
    'a=',
    'm=',
    ',',
    '=2C',
    '=3D',
    '=',
    'biws',
    'user',
    'abc',
  )
  const text = fc
    .array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 16 })
    .map((parts) => parts.join(''))
  const bytes = fc.oneof(
    text.map((each) => Buffer.from(each)),
    fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each)),
  )
  fc.assert(
    fc.property(bytes, bytes, (first, final) => {
      const verifier = {
        method: methods[0],
        iterations: small,
        salt: first,
        storedKey: Buffer.alloc(32),
        serverKey: first,
      }
      const proved = () => ({ name: 'never', method: 'scram' })
      const exchange = new ScramExchange(() => ({ verifier, lack: null, proved }), null, 'nonce')
      assert.notEqual(exchange.step(first).kind, 'success')
      assert.equal(exchange.step(final).kind, 'failure')
    }),
  )
})

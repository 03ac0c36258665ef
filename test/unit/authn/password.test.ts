import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HashLine } from '../../../src/authn/password/hash-line.ts'
import { openPasswordAuthenticator } from '../../../src/authn/password/password.ts'
import type { Authenticator } from '../../../src/engine/ports.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { cheapHash, cheapLine, clientOf, credentials, denialIn, identityIn, UsersFolder } from './password-kit.ts'

async function open(folder: UsersFolder, cacheEntries = 10, line?: HashLine): Promise<Authenticator> {
  const options = { file: folder.path, cacheEntries, cacheTtl: 60 }
  return folder.keep(await openPasswordAuthenticator(options, folder, line))
}

/** Counts the work that is done. */
class CountingLine extends HashLine {
  times = 0

  override run<T>(work: () => Promise<T>, wanted: () => boolean): Promise<T | null> {
    this.times++
    return super.run(work, wanted)
  }
}

test('a right password is an identity, a wrong one a denial, another name is unknown', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const authenticator = await open(folder)
  const right = await authenticator.authenticate(credentials('alice', 'secret'))
  assert.deepEqual(identityIn(right), { name: 'alice', method: 'password' })
  for (const password of ['Secret', '', 'secret ', 'x'.repeat(65_535), Buffer.from([0, 255])]) {
    assert.deepEqual(denialIn(await authenticator.authenticate(credentials('alice', password))), {
      reason: Reason.BadUserNameOrPassword,
      detail: 'the password of the user alice is wrong',
    })
  }
  for (const name of ['Alice', '', 'alice ', 'bob', '__proto__', 'constructor', 'x'.repeat(65_535), 'a+/#%c']) {
    assert.equal(await authenticator.authenticate(credentials(name, 'secret')), 'unknown', name)
  }
})

test('without a user name a client is unknown, and a user must give a password', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const authenticator = await open(folder)
  assert.equal(await authenticator.authenticate(credentials(null, null)), 'unknown')
  assert.equal(await authenticator.authenticate(credentials(null, 'secret')), 'unknown')
  assert.equal(await authenticator.authenticate(credentials('bob', null)), 'unknown')
  const { reason } = denialIn(await authenticator.authenticate(credentials('alice', null)))
  assert.equal(reason, Reason.BadUserNameOrPassword)
})

test('an unknown name costs what a wrong password costs, also when many ask for it at a time', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const line = new CountingLine(1, 100)
  const authenticator = await open(folder, 10, line)
  const work = async (name: string, times: number) => {
    const before = line.times
    await Promise.all(Array.from({ length: times }, async () => authenticator.authenticate(credentials(name, 'wrong'))))
    return line.times - before
  }
  for (const times of [1, 20]) assert.equal(await work('nobody', times), await work('alice', times))
})

test('the work for an unknown name is that of most users: measured, it takes as long', async () => {
  const hash = '$7$300000$MDEyMzQ1Njc4OTAx$'
  const digest = `${'A'.repeat(86)}==`
  const cheap = await cheapLine('cheap', 'secret')
  await using folder = new UsersFolder('users', `${cheap}one:${hash}${digest}\ntwo:${hash}${digest}\n`)
  const authenticator = await open(folder, 0)
  const time = async (name: string) => {
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const start = performance.now()
      await authenticator.authenticate(credentials(name, `wrong ${round}`))
      times.push(performance.now() - start)
    }
    return Math.min(...times)
  }
  const [known, unknown] = [await time('one'), await time('nobody')]
  assert.ok(
    unknown > known * 0.6 && unknown < known * 1.6,
    `${unknown} ms for an unknown name, ${known} ms for a known`,
  )
})

test('credentials that were right are answered at once, until the file says something else', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const line = new CountingLine(1, 100)
  const authenticator = await open(folder, 10, line)
  const secret = credentials('alice', 'secret')
  identityIn(await authenticator.authenticate(secret))
  const again = authenticator.authenticate(secret)
  assert.ok(!(again instanceof Promise))
  identityIn(again)
  assert.equal(line.times, 1)
  assert.ok(authenticator.authenticate(credentials('alice', 'wrong')) instanceof Promise)

  await folder.change(await cheapLine('alice', 'other'))
  denialIn(await authenticator.authenticate(secret))
  identityIn(await authenticator.authenticate(credentials('alice', 'other')))
  await folder.change('')
  assert.equal(await authenticator.authenticate(secret), 'unknown')
})

test('a cache that is switched off remembers nothing, and a time that is over ends what it remembers', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const secret = credentials('alice', 'secret')
  const off = await open(folder, 0)
  for (let round = 0; round < 2; round++) {
    const answer = off.authenticate(secret)
    assert.ok(answer instanceof Promise)
    identityIn(await answer)
  }
  const on = await open(folder, 10)
  identityIn(await on.authenticate(secret))
  folder.clock.advance(60_000)
  assert.ok(on.authenticate(secret) instanceof Promise)
})

test('too many logins at once are turned away, whoever they are; those that waited too long, too', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const line = new HashLine(1, 1)
  const authenticator = await open(folder, 0, line)
  let release = () => {}
  const busy = line.run(
    () => new Promise<void>((resolve) => (release = resolve)),
    () => true,
  )
  const waiting = authenticator.authenticate(credentials('alice', 'secret'))
  for (const name of ['alice', 'nobody']) {
    const { reason, told } = denialIn(await authenticator.authenticate(credentials(name, 'other')))
    assert.deepEqual([reason, told], [Reason.ServerBusy, 'too many logins at once'])
  }
  folder.clock.advance(8_000)
  release()
  await busy
  assert.equal(denialIn(await waiting).reason, Reason.ServerBusy)
  identityIn(await authenticator.authenticate(credentials('alice', 'secret')))
})

test('a disabled user is denied: with the right password because of that, with another because of the password', async () => {
  const text = `users: [{ name: alice, password: '${await cheapHash('secret')}', disabled: true }]`
  await using folder = new UsersFolder('users.yaml', text)
  const authenticator = await open(folder)
  for (let round = 0; round < 2; round++) {
    const right = denialIn(await authenticator.authenticate(credentials('alice', 'secret')))
    assert.deepEqual(right, { reason: Reason.NotAuthorized, detail: 'the user alice is disabled' })
  }
  const wrong = denialIn(await authenticator.authenticate(credentials('alice', 'wrong')))
  assert.equal(wrong.reason, Reason.BadUserNameOrPassword)
})

test('a user without a password is denied whatever is given', async () => {
  await using folder = new UsersFolder('users.yaml', 'users: [{ name: alice }]')
  const authenticator = await open(folder)
  const { reason, detail } = denialIn(await authenticator.authenticate(credentials('alice', '')))
  assert.deepEqual([reason, detail], [Reason.BadUserNameOrPassword, 'the user alice has no password here'])
})

test('a change of the file is told, and ends the identities it took the ground from', async () => {
  const hash = await cheapHash('secret')
  const file = (entry: string) => `users: [${entry}, { name: bob, password: '${hash}' }]`
  const user = `{ name: alice, password: '${hash}', roles: [reader] }`
  await using folder = new UsersFolder('users.yaml', file(user))
  const authenticator = await open(folder)
  let changes = 0
  authenticator.watch?.(() => changes++)
  const identity = async (name: string) => identityIn(await authenticator.authenticate(credentials(name, 'secret')))
  const [alice, bob] = [clientOf(await identity('alice')), clientOf(await identity('bob'))]
  const review = () => authenticator.review?.(alice)?.detail ?? null

  await folder.change(`# the same\n${file(user)}`)
  assert.deepEqual([changes, review()], [1, null])
  await folder.change(file(user.replace('reader', 'writer')))
  assert.equal(review(), 'the user alice was changed: connect again')
  await folder.change(file(user.replace(hash, await cheapHash('secret'))))
  assert.equal(review(), 'the user alice has another password')
  await folder.change(file(user.replace('}', ', disabled: true }')))
  assert.equal(review(), 'the user alice was disabled')
  await folder.change(file('{ name: carol }'))
  assert.equal(review(), 'the user alice was removed')
  assert.equal(authenticator.review?.(alice)?.told, 'the user was removed')
  assert.equal(authenticator.review?.(bob), null)
  assert.equal(authenticator.review?.(clientOf({ name: 'alice', method: 'certificate' })), null)
  assert.equal(changes, 5)
})

test('a file that becomes one that cannot be used changes nothing, and the log says where the mistake is', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const authenticator = await open(folder)
  let changes = 0
  authenticator.watch?.(() => changes++)
  await folder.change('alice:plain\n')
  const { level, fields } = folder.lines.at(-1) ?? assert.fail()
  assert.equal(level, 'error')
  assert.match(JSON.stringify(fields), /users:1: the password of \\"alice\\" is not hashed: run petaltail passwd -U/)
  assert.equal(changes, 0)
  identityIn(await authenticator.authenticate(credentials('alice', 'secret')))
  await folder.change(await cheapLine('bob', 'secret'))
  assert.deepEqual(folder.lines.at(-1)?.message, 'password file reloaded')
  identityIn(await authenticator.authenticate(credentials('bob', 'secret')))
})

test('an identity given while the file changed does not pass the review that follows', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  const line = new HashLine(1, 10)
  const authenticator = await open(folder, 10, line)
  let release = () => {}
  const busy = line.run(
    () => new Promise<void>((resolve) => (release = resolve)),
    () => true,
  )
  const answer = authenticator.authenticate(credentials('alice', 'secret'))
  await folder.change(await cheapLine('alice', 'other'))
  release()
  await busy
  const client = clientOf(identityIn(await answer))
  assert.equal(authenticator.review?.(client)?.detail, 'the user alice has another password')
})

test('no method of enhanced authentication is known to it', async () => {
  await using folder = new UsersFolder('users', '')
  const authenticator = await open(folder)
  assert.equal(authenticator.begin('SCRAM-SHA-256', credentials('alice', null)), null)
})

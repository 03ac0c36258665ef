import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { openPasswordAuthenticator } from '../../../src/authn/password/password.ts'
import { createVerifier } from '../../../src/authn/scram/scram-verifier.ts'
import { cheapHash, cheapLine, credentials, identityIn, mistakesIn, UsersFolder } from './password-kit.ts'

const options = { cacheEntries: 0, cacheTtl: 60 }
const hash = await cheapHash('secret')

async function open(folder: UsersFolder) {
  return folder.keep(await openPasswordAuthenticator({ ...options, file: folder.path }, folder))
}

async function lineMistakes(text: string | Buffer): Promise<string[]> {
  await using folder = new UsersFolder('users', text)
  return await mistakesIn(open(folder))
}

async function yamlMistakes(text: string): Promise<string[]> {
  await using folder = new UsersFolder('users.yaml', text)
  return await mistakesIn(open(folder))
}

test('lines are read as Mosquitto does: comments, blank lines, blanks around, any line end, a byte order mark', async () => {
  const text = `\ufeff# users\n\n  \t\nalice:${hash}\r\n  bob with blanks  :  ${hash}  \n#carol:${hash}\nd:${hash}`
  await using folder = new UsersFolder('users', text)
  const authenticator = await open(folder)
  for (const name of ['alice', 'bob with blanks', 'd']) {
    const result = await authenticator.authenticate(credentials(name, 'secret'))
    assert.deepEqual(identityIn(result), { name, method: 'password' })
  }
  assert.equal(await authenticator.authenticate(credentials('#carol', 'secret')), 'unknown')
})

test('a password that is not hashed is refused with what to do, and not repeated', async () => {
  assert.deepEqual(await lineMistakes(`# c\nalice:${hash}\nbob:hunter2:x\n`), [
    'USERS_FILE_INVALID',
    'users:3: the password of "bob" is not hashed: run petaltail passwd -U users',
  ])
})

test('every bad line is named with its number and its mistake', async () => {
  const verifier = await createVerifier('SCRAM-SHA-256', 'secret', 4_096)
  const text = [
    'no colon',
    `:${hash}`,
    'alice:',
    'alice:$7$101$bad',
    `bob:${hash}`,
    `bob:${hash}`,
    `tab\tbed:${hash}`,
    `eve:${verifier}`,
    `eve:${verifier}`,
    'eve:SCRAM-SHA-1$4096:AAAA$BBBB:CCCC',
    `Ⅸ:${verifier}`,
  ].join('\n')
  assert.deepEqual(await lineMistakes(text), [
    'USERS_FILE_INVALID',
    'users:1: a line must be a user name, ":" and a hash',
    'users:2: a user name must not be empty',
    'users:3: the user "alice" has no password',
    'users:4: the password of "alice" is damaged: it must be $7$iterations$salt$hash, with 64 bytes of hash',
    'users:6: the user "bob" is there twice',
    'users:7: a user name must not have control characters',
    'users:9: the user "eve" has two verifiers for SCRAM-SHA-256',
    'users:10: the SCRAM verifier of "eve" is no SCRAM verifier: it must begin with SCRAM-SHA-256$ or SCRAM-SHA-512$',
    'users:11: the user "Ⅸ" cannot use SCRAM: clients would call it "IX"',
  ])
})

test('senseless files are refused without harm', async () => {
  assert.match((await lineMistakes(Buffer.from([0x61, 0x3a, 0xff, 0xfe])))[1] ?? '', /not UTF-8/)
  assert.equal((await lineMistakes('x\n'.repeat(100_000))).length, 21)
  assert.match((await lineMistakes(`${'a'.repeat(70_000)}:${hash}`))[1] ?? '', /65535 bytes at the most/)
  assert.match((await lineMistakes(Buffer.alloc(65 * 1_048_576, 0x0a)))[1] ?? '', /larger than 64 MiB/)
  assert.match((await yamlMistakes('#'.repeat(140_000)))[1] ?? '', /larger than 128 KiB/)
  assert.deepEqual(await lineMistakes('\0\0\0\n').then(([code]) => code), 'USERS_FILE_INVALID')
})

test('a file that is missing or no file cannot be read', async () => {
  await using folder = new UsersFolder('users', '')
  rmSync(folder.path)
  assert.deepEqual(await mistakesIn(open(folder)), ['USERS_FILE_UNREADABLE', 'users: there is no such file'])
  mkdirSync(folder.path)
  assert.deepEqual(await mistakesIn(open(folder)), ['USERS_FILE_UNREADABLE', 'users: this is a directory, not a file'])
})

test('a file that everybody may read is warned of', async () => {
  await using folder = new UsersFolder('users', await cheapLine('alice', 'secret'))
  await open(folder)
  assert.equal(folder.lines.length, 0)
  chmodSync(folder.path, 0o644)
  await open(folder)
  assert.equal(folder.lines[0]?.level, 'warn')
})

test('100,000 users are read in a moment, and everybody else has a turn meanwhile', async () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `device-${index}:${hash}\n`).join('')
  await using folder = new UsersFolder('users', text)
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const authenticator = await open(folder)
  clearInterval(timer)
  assert.ok(turns > 10, `${turns} turns`)
  identityIn(await authenticator.authenticate(credentials('device-99999', 'secret')))
})

test('a YAML list of users says everything about an identity', async () => {
  const text = `
users:
  - name: pump-7
    password: ${hash}
    roles: [operator, reader]
    groups: [pumps]
    attributes: { site: north, floor: 3, tags: [a, b], __proto__: x }
    client_ids: [pump-7, 'pump-7-*']
    maximum_sessions: 2
  - { name: plain, password: '${hash}' }
`
  await using folder = new UsersFolder('users.yml', text)
  const authenticator = await open(folder)
  const { attributes, ...rest } = identityIn(await authenticator.authenticate(credentials('pump-7', 'secret')))
  assert.deepEqual(rest, {
    name: 'pump-7',
    method: 'password',
    roles: ['operator', 'reader'],
    groups: ['pumps'],
    clientIds: ['pump-7', 'pump-7-*'],
    maximumSessions: 2,
  })
  assert.deepEqual(Object.entries(attributes ?? {}), [
    ['site', 'north'],
    ['floor', 3],
    ['tags', ['a', 'b']],
    ['__proto__', 'x'],
  ])
  const plain = identityIn(await authenticator.authenticate(credentials('plain', 'secret')))
  assert.deepEqual(plain, { name: 'plain', method: 'password' })
})

test('a mistake in YAML is named with line and column, and a password is never repeated', async () => {
  const text = `users:
  - name: a:b
    password: ${hash}
  - name: bob
    password: hunter2
  - name: carol
    scram: [hunter2]
  - name: bob
`
  assert.deepEqual(await yamlMistakes(text), [
    'USERS_FILE_INVALID',
    'users.yaml:2:11: a user name must not have a ":"',
    'users.yaml:5:15: the password of "bob" is not hashed: run petaltail passwd -U users.yaml',
    'users.yaml:7:13: the SCRAM verifier of "carol" is no SCRAM verifier: it must begin with SCRAM-SHA-256$ or SCRAM-SHA-512$',
    'users.yaml:8:11: the user "bob" is there twice',
  ])
})

test('the form of a YAML list is checked: options, types, attributes', async () => {
  const text = `users:
  - name: 12
    pasword: x
  - password: 12345
  - name: a
    attributes: { bad-name: x, ratio: 1.5, on: true, nested: { a: b }, list: [1] }
    maximum_sessions: 0
    roles: admin
`
  assert.deepEqual(await yamlMistakes(text), [
    'USERS_FILE_INVALID',
    'users.yaml:3:5: unknown option "pasword", did you mean "password"?',
    'users.yaml:2:11: users[0].name must be a text, not 12',
    'users.yaml:4:5: users[1] needs "name"',
    'users.yaml:4:15: users[1].password must be a text',
    'users.yaml:8:12: users[2].roles must be a list, not "admin"',
    'users.yaml:7:23: users[2].maximum_sessions must be a whole number, from 1 to 4294967295, not 0',
  ])
  const attributes = await yamlMistakes(`users:
  - name: a
    attributes: { bad-name: x, ratio: 1.5, on: true, nested: { a: b }, list: [1] }
`)
  assert.deepEqual(
    attributes.map((line) => line.replace(/^.*?: /, '')),
    [
      'USERS_FILE_INVALID',
      'the name of an attribute has letters, digits and _ only',
      'ratio must be a text, a whole number or a list of texts',
      'on must be a text, a whole number or a list of texts',
      'nested must be a text, a whole number or a list of texts',
      'list must be a text, a whole number or a list of texts',
    ],
  )
  assert.match((await yamlMistakes(`users: [{ name: a, attributes: { a: ${'x'.repeat(5_000)} } }]`))[1] ?? '', /4 KiB/)
})

test('YAML that cannot be read says where, without what stands there', async () => {
  for (const text of [
    'users: [hunter2',
    'users:\n - name: a\n   password: *hunter2',
    'users: "hunter2',
    '- hunter2',
    'hunter2',
  ]) {
    const mistakes = await yamlMistakes(text)
    assert.equal(mistakes[0], 'USERS_FILE_INVALID', text)
    assert.ok(!mistakes.join().includes('hunter2'), mistakes.join())
  }
})

test('an empty file has no users, in either form', async () => {
  for (const name of ['users', 'users.yaml']) {
    await using folder = new UsersFolder(name, '# nobody yet\n')
    const authenticator = await open(folder)
    assert.equal(await authenticator.authenticate(credentials('alice', 'secret')), 'unknown')
  }
})

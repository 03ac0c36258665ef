import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '../../../src/base/errors.ts'
import { deleteUserYaml, type Secrets, setUsersYaml } from '../../../src/config/users-edit.ts'

const password = '$7$1$a$b,c'
const plain: Secrets = { name: 'zoe', password, scram: [] }
const both: Secrets = { ...plain, scram: ['SCRAM-SHA-256$1:a$b:c', 'SCRAM-SHA-512$1:a$b:c'] }
const list = "['SCRAM-SHA-256$1:a$b:c', 'SCRAM-SHA-512$1:a$b:c']"

function set(text: string, change: Secrets = plain): string {
  return setUsersYaml(text, 'users.yaml', [change])
}

const file = `# the users
users:
  # the first
  - name: ada   # of old
    password: 'x' # a hash
    roles: [reader]

  # the second
  - name: bob
    scram:
      - one
      - two
    # end of bob
  - { name: cleo, password: y } # on one line
# that is all
`

test('a new user is added after the others, written like them', () => {
  assert.equal(
    set(file),
    file.replace('# on one line\n', `# on one line\n  - name: zoe\n    password: '${password}'\n`),
  )
  const flush = 'users:\n- name: ada\n  password: x'
  assert.equal(set(flush, both), `${flush}\n- name: zoe\n  password: '${password}'\n  scram: ${list}\n`)
})

test('a file without users gets its first', () => {
  const user = `  - name: zoe\n    password: '${password}'\n`
  assert.equal(set(''), `users:\n${user}`)
  assert.equal(set('# nobody yet'), `# nobody yet\nusers:\n${user}`)
  assert.equal(set('users:\n'), `users:\n${user}`)
  assert.equal(set('users: [] # none\n').replace(/ +\n/, '\n'), `users:\n${user.trimEnd()} # none\n`)
})

test('names that YAML would take for something else are written so that it does not', () => {
  for (const name of ['true', '12', 'null', "o'neil", 'a "b"', '- x', 'ü', '{a}', '*x', 'no', '~', 'a #b']) {
    const text = set(set(file, { ...plain, name }), { ...both, name })
    assert.ok(text.includes(list), name)
  }
})

test('another password replaces the one that is there, and nothing else changes', () => {
  const changed = (name: string) => set(file, { ...plain, name })
  assert.equal(changed('ada'), file.replace("'x'", `'${password}'`))
  assert.equal(changed('cleo'), file.replace('password: y', `password: '${password}'`))
  assert.equal(
    changed('bob'),
    file.replace('- name: bob\n', `- name: bob\n    password: '${password}'\n`).replace('- one\n      - two\n', '[]\n'),
  )
  assert.equal(
    set(file, { ...both, name: 'bob' }),
    file
      .replace('- name: bob\n', `- name: bob\n    password: '${password}'\n`)
      .replace('- one\n      - two\n', `${list}\n`),
  )
  assert.equal(
    set(file, { ...both, name: 'ada' }),
    file.replace("'x'", `'${password}'`).replace('# of old\n', `# of old\n    scram: ${list}\n`),
  )
  assert.equal(
    set(file, { ...both, name: 'cleo' }),
    file.replace('name: cleo, password: y', `name: cleo, scram: ${list}, password: '${password}'`),
  )
})

test('a password in any form of YAML text is replaced', () => {
  for (const written of ['|\n      x', '>-\n      x', '"x"', '\n      x', '&a x', '!!str x']) {
    const text = `users:\n  - name: zoe\n    password: ${written}\n    roles: [a]\n`
    assert.ok(set(text).includes(`'${password}'`), written)
  }
})

test('several users change at once', () => {
  const changes = ['ada', 'new', 'cleo', 'newer'].map((name) => ({ ...both, name }))
  const text = setUsersYaml(file, 'users.yaml', changes)
  assert.equal(text.split(list).length, 5)
  assert.ok(text.indexOf('name: new\n') < text.indexOf('name: newer\n'))
})

test('a user is removed with all that belongs to it', () => {
  const without = (name: string) => deleteUserYaml(file, 'users.yaml', name)
  assert.equal(without('cleo'), file.replace('  - { name: cleo, password: y } # on one line\n', ''))
  assert.equal(without('ada'), file.replace(/ {2}- name: ada[\s\S]*?reader\]\n/, ''))
  assert.equal(without('bob'), file.replace(/ {2}- name: bob[\s\S]*?two\n/, ''))
  assert.equal(without('zoe'), null)
  assert.equal(deleteUserYaml('users:\n  - name: ada', 'users.yaml', 'ada'), 'users:\n')
})

test('what cannot be changed without changing more is refused and left alone', () => {
  const refused = (attempt: () => unknown) =>
    assert.throws(attempt, (error) => error instanceof BrokerError && error.code === 'USERS_FILE_INVALID')
  refused(() => deleteUserYaml('users: [{ name: ada }, { name: bob }]\n', 'users.yaml', 'ada'))
  refused(() => set('users: [{ name: ada }]\n'))
  refused(() => set('users:\n  - { name: zoe, password: &all x }\n  - { name: ada, password: *all }\n'))
  refused(() => set('users: [\n'))
  refused(() => set('other: 1\n'))
})

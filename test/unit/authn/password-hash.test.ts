import assert from 'node:assert/strict'
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { hashKinds, hashPassword, isHashed, parseHash } from '../../../src/authn/password/hash.ts'
import type { PasswordHash } from '../../../src/authn/password/password-hash.ts'
import { readLine } from '../../../src/authn/password/users-lines.ts'
import { fc } from '../../kit/fast-check.ts'

const pencil = Buffer.from('pencil')

function read(text: string): PasswordHash {
  const hash = parseHash(text)
  if (typeof hash === 'string') assert.fail(`${text} ${hash}`)
  return hash
}

function flaw(text: string): string {
  const hash = parseHash(text)
  if (typeof hash !== 'string') assert.fail(`${text} is taken`)
  assert.ok(!hash.includes(text.split('$').at(-1) || '?'), 'a flaw does not repeat the hash')
  return hash
}

const known: readonly (readonly [string, string, string])[] = [
  [
    'mosquitto_passwd 2.0',
    '$7$101$QjVkiH3P4Akvr1Sq$GF8EBiPgqalDbEKzE83nh9QG9lKv49EwIF1sdehaJsu6OU1NHUJPXdBHKelhtlW3iCbAf77RUBa+rvSkU7byaQ==',
    'secret',
  ],
  [
    'mosquitto_passwd -H sha512',
    '$6$UZP0jd/ZgraIjW2Y$rev6nbSWiyTOAzx4T5fBfel+uPcVMzwt4eZtPvXkYhzTOH+B0Z9EZ6DW9pxU4e4UAcdEOFKIMciJmawgJQhkEQ==',
    'pw',
  ],
  ['the bcrypt of other programs', '$2y$05$jSqp42mwjmnPJEkzkoxz2.Be6QyTgTfKVP76KrbaZCkfuz62uolAi', 'x'],
  [
    'bcrypt with bits in the salt that do not count',
    '$2a$05$jSqp42mwjmnPJEkzkoxz2/Be6QyTgTfKVP76KrbaZCkfuz62uolAi',
    'x',
  ],
]

for (const [origin, text, password] of known) {
  test(`a hash is read as it is: ${origin}`, async () => {
    assert.equal(await read(text).matches(Buffer.from(password)), true)
    assert.equal(await read(text).matches(Buffer.from(`${password} `)), false)
  })
}

for (const kind of hashKinds) {
  test(`${kind}: what is made is read, fits its password only, and its decoy fits none`, async () => {
    const text = await hashPassword(kind, pencil)
    const hash = read(text)
    assert.ok(isHashed(text))
    assert.equal(await hash.matches(pencil), true)
    assert.equal(await hash.matches(Buffer.from('Pencil')), false)
    assert.equal(await hash.matches(Buffer.alloc(0)), false)
    assert.equal(await hash.matches(Buffer.alloc(65_535, 'x')), false)
    const decoy = hash.decoy()
    assert.equal(decoy.effort, hash.effort)
    assert.equal(await decoy.matches(pencil), false)
    assert.notEqual(await hashPassword(kind, pencil), text)
  })
}

test('PBKDF2 is read with any number of iterations and any length of salt within reason', async () => {
  for (const iterations of [1, 101, 1_000, 20_000]) {
    for (const length of [1, 12, 64, 1_024]) {
      const salt = randomBytes(length)
      const digest = pbkdf2Sync(pencil, salt, iterations, 64, 'sha512')
      const hash = read(`$7$${iterations}$${salt.toString('base64')}$${digest.toString('base64')}`)
      assert.equal(await hash.matches(pencil), true, `${iterations} iterations, ${length} bytes of salt`)
    }
  }
})

test('SHA-512 is read with the salt of 64 bytes that newer versions of Mosquitto make', async () => {
  const salt = randomBytes(64)
  const digest = createHash('sha512').update(pencil).update(salt).digest('base64')
  assert.equal(await read(`$6$${salt.toString('base64')}$${digest}`).matches(pencil), true)
})

test('a hash that would keep everybody waiting or take all memory is refused, and the bound is named', () => {
  const salt = 'A'.repeat(16)
  const digest = 'A'.repeat(86)
  assert.match(flaw(`$7$2000001$${salt}$${digest}==`), /2000000 are the most/)
  assert.match(flaw(`$argon2id$v=19$m=262145,t=1,p=1$${salt}$${digest}`), /m=262144 \(256 MiB\) is the most/)
  assert.match(flaw(`$argon2id$v=19$m=262144,t=5,p=1$${salt}$${digest}`), /1048576 at the most/)
  assert.match(flaw(`$argon2id$v=19$m=8,t=4294967295,p=1$${salt}$${digest}`), /1048576 at the most/)
  assert.match(flaw(`$argon2id$v=19$m=19456,t=2,p=17$${salt}$${digest}`), /p=16 is the most/)
  assert.match(flaw(`$2b$16$${'.'.repeat(53)}`), /a cost of 16, and 15 is the most/)
})

test('a damaged hash is said to be damaged, and one of another kind to be unknown', () => {
  const salt = 'A'.repeat(16)
  const digest = `${'A'.repeat(86)}==`
  const damaged = [
    '$7$',
    '$6$',
    '$7$101$bad',
    `$7$0$${salt}$${digest}`,
    `$7$-1$${salt}$${digest}`,
    `$7$1e3$${salt}$${digest}`,
    `$7$101$${salt}$${digest}$more`,
    `$7$101$$${digest}`,
    `$7$101$${salt}$${'A'.repeat(84)}`,
    `$7$101$${salt}$${digest.replace('A', '!')}`,
    `$6$${salt}$${digest}$`,
    `$6$${'A'.repeat(2_000)}$${digest}`,
    '$argon2id$',
    `$argon2id$m=19456,t=2,p=1$${salt}$${salt}`,
    `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${salt}`,
    `$argon2id$v=19$m=19456,t=2,p=1,x=1$${salt}$${salt}`,
    `$argon2id$v=19$m=19456,t=2,p=1$AAAA$${salt}`,
    '$2b$03$....................................................',
    '$2b$12$short',
    '$2b$12$................................................ü....',
  ]
  for (const text of damaged) assert.match(flaw(text), /is damaged/, text)
  assert.match(flaw(`$argon2id$v=19$m=4,t=2,p=1$${salt}$${salt}`), /does not allow/)
  assert.match(flaw(`$argon2i$v=19$m=4096,t=2,p=1$${salt}$${salt}`), /not argon2id/)
  assert.match(flaw('$5$rounds=1000$abc$def'), /a kind that is not known here/)
  assert.match(flaw('{SSHA}0123456789'), /a kind that is not known here/)
  assert.match(flaw('hunter2'), /is not hashed/)
})

test('no text and no line makes the reading fail', () => {
  const piece = fc.constantFrom(
    '$6$',
    '$7$',
    '$argon2id$v=19$m=',
    '$2b$12$',
    '$',
    ':',
    ',t=',
    '101',
    'QUFB',
    '=',
    '#',
    ' ',
    '\r',
  )
  const text = fc
    .array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 12 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, (line) => {
      parseHash(line)
      const read = readLine(line)
      if (read.kind === 'user') assert.ok(!read.name.includes(':') && read.name !== '' && read.value !== '')
    }),
  )
})

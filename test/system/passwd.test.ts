import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type HashKind, hashKinds, parseHash } from '../../src/authn/password/hash.ts'
import { parseVerifier } from '../../src/authn/scram/scram-verifier.ts'
import { Folder, freePort, installed, Program, type RunOptions, run } from './cli-kit.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Runs `petaltail passwd` in a folder of its own, where `users` is the file of users. */
async function passwd(given: readonly string[], options: RunOptions = {}) {
  const { code, text, stderr } = await run(['passwd', ...given], options)
  return { code, text, stderr }
}

async function fits(hash: string | undefined, password: string): Promise<boolean> {
  const parsed = parseHash(hash ?? '')
  return typeof parsed === 'string' ? assert.fail(parsed) : await parsed.matches(Buffer.from(password))
}

/** The values of a user, in the order of the file. */
function valuesOf(path: string, name: string): string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/)
  return lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1))
}

const done = (text: string) => ({ code: 0, text: `${text}\n`, stderr: '' })
const failed = (stderr: string, code = 1) => ({ code, text: '', stderr: `petaltail: ${stderr}\n` })

test('users are added, changed and removed, and the other lines stay as they are', async () => {
  await using folder = await Folder.open()
  const file = join(folder.path, 'users')
  assert.deepEqual(await passwd(['-c', '-b', file, 'alice', 'one']), done('added alice'))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(await fits(valuesOf(file, 'alice')[0], 'one'))
  writeFileSync(file, `# mine\n\n${readFileSync(file, 'utf8')}# end`)
  assert.deepEqual(await passwd(['-b', file, 'bob with blanks', 'two']), done('added bob with blanks'))
  assert.deepEqual(await passwd(['-b', file, 'alice', 'three']), done('changed the password of alice'))
  const [alice] = valuesOf(file, 'alice')
  const [bob] = valuesOf(file, 'bob with blanks')
  assert.ok((await fits(alice, 'three')) && (await fits(bob, 'two')))
  assert.equal(readFileSync(file, 'utf8'), `# mine\n\nalice:${alice}\n# end\nbob with blanks:${bob}\n`)
  assert.deepEqual(await passwd(['-D', file, 'alice']), done('removed alice'))
  assert.equal(readFileSync(file, 'utf8'), `# mine\n\n# end\nbob with blanks:${bob}\n`)
  assert.deepEqual(await passwd(['-D', file, 'alice']), failed(`${file}: there is no user alice`))
  assert.deepEqual(readdirSync(folder.path), ['users'])
})

test('-c replaces a file that is there and says so; without it there must be one', async () => {
  await using folder = await Folder.open()
  const file = await folder.write('users', 'old:$6$x$y\n')
  assert.deepEqual(
    await passwd(['-c', '-b', file, 'alice', 'x']),
    done(`added alice; the ${file} that was there is gone`),
  )
  assert.equal(valuesOf(file, 'old').length, 0)
  const missing = join(folder.path, 'missing')
  assert.deepEqual(
    await passwd(['-b', missing, 'alice', 'x']),
    failed(`${missing}: there is no such file; make it with -c`),
  )
  for (const given of [
    ['-U', missing],
    ['-D', missing, 'x'],
  ])
    assert.deepEqual(await passwd(given), failed(`${missing}: there is no such file`))
  assert.deepEqual(readdirSync(folder.path), ['users'])
})

test('-U hashes what is not hashed, once, and leaves the rest alone', async () => {
  await using folder = await Folder.open()
  const hashed = await passwd(['-H', 'sha512', '-b', '-', 'done', 'x'])
  const file = await folder.write('users', `# c\r\none:pa:ss\r\n\r\n two : with blanks \r\n${hashed.text.trim()}\r\n`)
  assert.deepEqual(await passwd(['-H', 'sha512', '-U', file]), done('hashed 2 passwords; 1 had been hashed before'))
  const once = readFileSync(file, 'utf8')
  assert.ok(await fits(valuesOf(file, 'one')[0], 'pa:ss'))
  assert.ok(await fits(valuesOf(file, 'two')[0], 'with blanks'))
  assert.match(once, /^# c\r\none:\$6\$.*\r\n\r\ntwo:\$6\$.*\r\ndone:\$6\$.*\r\n$/)
  assert.deepEqual(await passwd(['-U', file]), done('hashed 0 passwords; 3 had been hashed before'))
  assert.equal(readFileSync(file, 'utf8'), once)
})

test('-U changes nothing in a file with a line it does not understand, and names it', async () => {
  await using folder = await Folder.open()
  for (const [line, why] of [
    ['no colon', 'a line must be a user name, ":" and a hash'],
    ['a:', 'the user "a" has no password'],
    ['a:$7$cut off', 'the password of "a" is damaged: it must be $7$iterations$salt$hash, with 64 bytes of hash'],
    [
      'a:$1$salt$hash',
      'the password of "a" is a hash of a kind that is not known here: argon2id, $7$, $6$ and bcrypt are',
    ],
  ]) {
    const file = await folder.write('users', `one:plain\n${line}\n`)
    assert.deepEqual(await passwd(['-U', file]), failed(`${file}:2: ${why}; nothing was changed`))
    assert.equal(readFileSync(file, 'utf8'), `one:plain\n${line}\n`)
  }
  assert.deepEqual(readdirSync(folder.path), ['users'])
})

test('every kind of hash can be asked for, and "-" prints the line', async () => {
  const starts: Readonly<Record<HashKind, string>> = {
    argon2id: '$argon2id$v=19$m=19456,t=2,p=1$',
    'sha512-pbkdf2': '$7$210000$',
    sha512: '$6$',
    bcrypt: '$2b$12$',
  }
  for (const kind of hashKinds) {
    const { text, stderr } = await passwd(['-c', '-H', kind, '-b', '-', 'ünï', 'sécret'])
    assert.equal(stderr, '')
    assert.ok(text.startsWith(`ünï:${starts[kind]}`), text)
    assert.ok(await fits(text.trim().slice(4), 'sécret'))
  }
  const { text } = await passwd(['-H', 'sha512-pbkdf2', '-I', '101', '-b', '-', 'a', 'b'])
  assert.match(text, /^a:\$7\$101\$/)
})

test('a password comes from standard input, once or twice', async () => {
  for (const input of ['secret', 'secret\n', 'secret\r\n', 'secret\nsecret\n']) {
    const { code, text } = await passwd(['-H', 'sha512', '-', 'a'], { input })
    assert.equal(code, 0)
    assert.ok(await fits(text.trim().slice(2), 'secret'), JSON.stringify(input))
  }
  const cases: readonly (readonly [string | Buffer, string])[] = [
    ['one\ntwo\n', 'standard input: two lines that are not the same'],
    ['', 'the password of a is empty'],
    ['\nx', 'standard input: two lines that are not the same'],
    [Buffer.from([0xff, 0xfe]), 'standard input: the password must be UTF-8 text'],
    ['x'.repeat(65_536), 'the password of a has more than 65535 bytes'],
    ['x'.repeat(1_000_000), 'standard input: this is too long for a password'],
  ]
  for (const [input, why] of cases) assert.deepEqual(await passwd(['-', 'a'], { input }), failed(why))
  const long = await passwd(['-H', 'bcrypt', '-', 'a'], { input: 'x'.repeat(73) })
  assert.deepEqual(long, failed('the password of a has more than the 72 bytes that bcrypt looks at, or a NUL'))
})

test('--scram makes a verifier for each method, which go with the password they belong to', async () => {
  await using folder = await Folder.open()
  const file = join(folder.path, 'users')
  await passwd(['--scram', '-c', '-b', file, 'alice', 'one'])
  const [hash, ...verifiers] = valuesOf(file, 'alice')
  assert.ok(await fits(hash, 'one'))
  const methods = verifiers.map((text) => {
    const verifier = parseVerifier(text)
    return typeof verifier === 'string' ? verifier : verifier.method
  })
  assert.deepEqual(methods, ['SCRAM-SHA-256', 'SCRAM-SHA-512'])
  const again = await passwd(['-b', file, 'alice', 'two'])
  assert.match(again.text, /^changed the password of alice; its SCRAM verifiers .* are gone/)
  assert.equal(valuesOf(file, 'alice').length, 1)
  const name = await passwd(['--scram', '-b', file, 'Ⅸ', 'two'])
  assert.deepEqual(name, failed('SCRAM does not allow the user name Ⅸ; IX would do'))
  const password = await passwd(['--scram', '-b', file, 'bob', 'a\u0007b'])
  assert.deepEqual(password, failed('the password of bob has characters that SCRAM does not allow'))
})

test('a list of users in YAML is changed, too', async () => {
  await using folder = await Folder.open()
  const file = await folder.write(
    'users.yaml',
    '# mine\nusers:\n  - name: alice # the first\n    password: plain\n    roles: [a]\n',
  )
  assert.deepEqual(await passwd(['-H', 'sha512', '-U', file]), done('hashed 1 password'))
  assert.deepEqual(await passwd(['-H', 'sha512', '--scram', '-b', file, 'bob', 'x']), done('added bob'))
  assert.deepEqual(await passwd(['-D', file, 'carol']), failed(`${file}: there is no user carol`))
  const text = readFileSync(file, 'utf8')
  assert.match(
    text,
    /^# mine\nusers:\n {2}- name: alice # the first\n {4}password: '\$6\$\S+'\n {4}roles: \[a\]\n {2}- name: bob\n {4}password: '\$6\$\S+'\n {4}scram: \['SCRAM-SHA-256\$\S+', 'SCRAM-SHA-512\$\S+'\]\n$/,
  )
  const { stderr } = await passwd(['-b', await folder.write('bad.yaml', 'users: 1\n'), 'a', 'b'])
  assert.match(stderr, /bad\.yaml:1:8: users must be a list/)
})

test('names that would not come back from the file are refused', async () => {
  for (const [name, why] of [
    ['a:b', 'a user name must not have a ":"'],
    ['a\nb', 'a user name must not have control characters'],
    ['#a', 'a user name must not begin with "#"'],
    [' a', 'a user name must not begin or end with blanks'],
    ['', 'a user name must not be empty'],
    ['x'.repeat(65_536), 'a user name has 65535 bytes at the most'],
  ] as const)
    assert.deepEqual(await passwd(['-b', '-', name, 'secret']), failed(why, 2))
})

test('options that do not go together are refused', async () => {
  const cases: readonly (readonly [string[], string])[] = [
    [['-c', '-D', 'f', 'a'], '-c and -D cannot be used together'],
    [['-D', '-U', 'f'], '-D and -U cannot be used together'],
    [['-U', 'f', 'a'], '-U takes the name of a file, and nothing more'],
    [['-U', '-'], '-U takes the name of a file, and nothing more'],
    [['-D', '-', 'a'], '-D takes a file and a user name'],
    [['f'], 'say whose password: petaltail passwd <file> <name>'],
    [['-b', 'f', 'a'], '-b needs the password as third argument: petaltail passwd -b <file> <name> <password>'],
    [['f', 'a', 'secret'], 'a password is given on the command line only with -b'],
    [['-I', '5', '-b', 'f', 'a', 'b'], '-I is for -H sha512-pbkdf2 only'],
  ]
  for (const [given, why] of cases) assert.deepEqual(await passwd(given), failed(why, 2))
})

test('the file keeps its group, its place behind a link and its owner; others lose what they may do', async () => {
  await using folder = await Folder.open()
  const file = await folder.write('users', '')
  execFileSync('chmod', ['0646', file])
  if (process.getuid?.() === 0) execFileSync('chown', ['1:2', file])
  const link = join(folder.path, 'link')
  symlinkSync(file, link)
  assert.equal((await passwd(['-b', link, 'a', 'b'])).code, 0)
  const { mode, uid, gid } = statSync(file)
  assert.equal(mode & 0o777, 0o640)
  if (process.getuid?.() === 0) assert.deepEqual([uid, gid], [1, 2])
  assert.ok(readFileSync(link, 'utf8').startsWith('a:'))
})

test('two commands cannot change a file at the same time', async () => {
  await using folder = await Folder.open()
  const file = await folder.write('users', '')
  await folder.write('users.new', '')
  const { code, stderr } = await passwd(['-b', file, 'a', 'b'])
  assert.equal(code, 1)
  assert.match(stderr, /users is being changed by another command; if that has ended, remove .*users\.new/)
  assert.equal(readFileSync(file, 'utf8'), '')
})

const script = installed('script')

/** What a terminal shows, and how it ends, when `keys` are typed at the first question. */
async function typed(
  keys: string,
  given: readonly string[],
): Promise<{ readonly shown: string; readonly code: number | null }> {
  const command = [process.execPath, main, 'passwd', ...given].map((word) => `"${word}"`).join(' ')
  const terminal = spawn(script ?? '', ['-qec', command, '/dev/null'], { timeout: 60_000 })
  let shown = ''
  terminal.stdout.on('data', (chunk: Buffer) => {
    if (shown === '') terminal.stdin.write(keys)
    shown += chunk.toString()
  })
  await once(terminal, 'close')
  return { shown, code: terminal.exitCode }
}

test('a terminal asks twice and shows nothing of what is typed', { skip: script === null }, async () => {
  await using folder = await Folder.open()
  const file = join(folder.path, 'users')
  for (const [keys, code, password] of [
    ['secret\rsecret\r', 0, 'secret'],
    ['x\u007fsé\u007fecret\rjunk\u0015secret\r', 0, 'secret'],
    ['secret\rSecret\r', 1, null],
    ['secret\u0003', 130, null],
  ] as const) {
    writeFileSync(file, '')
    const outcome = await typed(keys, ['-H', 'sha512', file, 'alice'])
    assert.equal(outcome.code, code, outcome.shown)
    assert.match(outcome.shown, /^Password: /)
    assert.ok(!/secret|junk/i.test(outcome.shown), 'nothing is shown')
    const [hash] = valuesOf(file, 'alice')
    assert.equal(hash === undefined, password === null)
    if (password !== null) assert.ok(await fits(hash, password))
    assert.deepEqual(readdirSync(folder.path), ['users'])
  }
})

const mosquitto = installed('mosquitto')
const mosquittoPasswd = installed('mosquitto_passwd')
const absent = mosquitto === null || installed('mosquitto_pub') === null || mosquittoPasswd === null

test('Mosquitto lets in who is in a file written here, and its own tool changes it', { skip: absent }, async () => {
  await using folder = await Folder.open()
  const file = join(folder.path, 'users')
  await passwd(['-c', '-H', 'sha512-pbkdf2', '-I', '101', '-b', file, 'alice', 'one'])
  await passwd(['-H', 'sha512', '-b', file, 'bob', 'two'])
  execFileSync(mosquittoPasswd ?? '', ['-b', file, 'carol', 'three'])
  assert.ok(await fits(valuesOf(file, 'carol')[0], 'three'))
  execFileSync('chmod', ['0644', file])
  execFileSync('chmod', ['0755', folder.path])
  const port = await freePort()
  const config = await folder.write(
    'm.conf',
    `listener ${port} 127.0.0.1\npassword_file ${file}\nallow_anonymous false\n`,
  )
  await using broker = new Program(mosquitto ?? '', ['-c', config], { timeout: 0 })
  await broker.prints(/running/)
  const publish = (name: string, password: string) =>
    new Program('mosquitto_pub', ['-p', String(port), '-u', name, '-P', password, '-t', 't', '-m', 'm']).ended
  for (const [name, password] of [
    ['alice', 'one'],
    ['bob', 'two'],
    ['carol', 'three'],
  ] as const) {
    assert.equal((await publish(name, password)).code, 0, name)
    assert.notEqual((await publish(name, 'wrong')).code, 0, name)
  }
})

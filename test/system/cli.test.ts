import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Folder, installed, makeCertificates, Program, run } from './cli-kit.ts'

const oneLine = /^petaltail: [^\n]+\n$/

test('the command alone, and --help, show the commands and examples', async () => {
  const alone = await run([])
  assert.equal(alone.code, 2)
  const help = await run(['--help'])
  assert.equal(help.code, 0)
  for (const word of ['start', 'check', 'pub', 'sub', 'bench', 'schema', 'Examples:'])
    assert.ok(help.text.includes(word), word)
})

test('every command has a help with examples', async () => {
  for (const command of ['start', 'check', 'pub', 'sub', 'schema']) {
    const { code, text } = await run([command, '--help'])
    assert.equal(code, 0, command)
    assert.match(text, /petaltail /, command)
  }
})

test('--version is the version of the package', async () => {
  const { code, text } = await run(['--version'])
  assert.equal(code, 0)
  assert.match(text, /^\d+\.\d+\.\d+\S*\n$/)
})

test('a mistake in the command line is one line on standard error and exit code 2', async () => {
  const mistakes = [
    ['strat'],
    ['start', '--confg', 'x'],
    ['start', 'extra'],
    ['pub', '-t', 'a'],
    ['pub', '-m', 'a'],
    ['pub', '-t', 'a/+', '-m', 'a'],
    ['pub', '-t', 'a', '-m', 'a', '-f', 'b'],
    ['pub', '-t', 'a', '-m', 'a', '-q', '3'],
    ['pub', '-t', 'a', '-m', 'a', '-V', '6'],
    ['pub', '-t', 'a', '-m', 'a', '-D', 'publish'],
    ['pub', '-t', 'a', '-m', 'a', '-D', 'publish', 'colour', 'red'],
    ['pub', '-t', 'a', '-m', 'a', '-D', 'connect', 'content-type', 'x'],
    ['pub', '-t', 'a', '-m', 'a', '-V', '311', '-D', 'publish', 'content-type', 'x'],
    ['pub', '-t', 'a', '-m', 'a', '-L', 'http://x/'],
    ['pub', '-t', 'a', '-m', 'a', '-c'],
    ['sub'],
    ['sub', '-t', 'a', '-F', '%z'],
    ['sub', '-t', 'a', '--cert', 'a.pem'],
  ]
  for (const given of mistakes) {
    const { code, text, stderr } = await run(given)
    assert.equal(code, 2, given.join(' '))
    assert.match(stderr, oneLine, given.join(' '))
    assert.equal(text, '')
  }
})

test('what cannot be done is one line on standard error and exit code 1', async () => {
  const failures = [
    ['pub', '-p', '1', '-t', 'a', '-m', 'a'],
    ['pub', '-h', 'no-such-host.invalid', '-t', 'a', '-m', 'a'],
    ['pub', '-t', 'a', '-f', '/nonexistent'],
    ['sub', '--unix', '/nonexistent', '-t', 'a'],
    ['sub', '-t', 'a', '--cafile', '/nonexistent'],
    ['check', '--config', '/nonexistent'],
    ['start', '--config', '/nonexistent'],
    ['start', '--listen', 'mqtt://0.0.0.0:0'],
    ['start', '--listen', 'http://x'],
    ['start', '--store', '/dev/null/store'],
    ['start', '--log-level', 'loud'],
  ]
  for (const given of failures) {
    const { code, text, stderr } = await run(given)
    assert.equal(code, 1, given.join(' '))
    assert.match(stderr, oneLine, given.join(' '))
    assert.equal(text, '')
  }
})

test('--quiet leaves the exit code only', async () => {
  const { code, stderr } = await run(['pub', '-p', '1', '-t', 'a', '-m', 'a', '--quiet'])
  assert.equal(code, 1)
  assert.equal(stderr, '')
})

test('check prints the listeners of a right file', async () => {
  await using folder = await Folder.open()
  const file = await folder.write(
    'broker.yaml',
    'listeners: [mqtt://127.0.0.1:1884, { url: "unix:/tmp/a", name: local }]\n',
  )
  const { code, text } = await run(['check', '--config', file])
  assert.equal(code, 0)
  assert.match(text, /: ok\n {2}mqtt:\/\/127\.0\.0\.1:1884: .*\n {2}unix:\/tmp\/a \(local\): /)
})

test('check prints every mistake of a wrong file with line and column', async () => {
  await using folder = await Folder.open()
  const file = await folder.write('broker.yaml', 'lisen: 1\nstore: { kind: tape }\n')
  const { code, stderr } = await run(['check', '--config', file], { environment: { PETALTAIL_QEUE_BYTES: '1' } })
  assert.equal(code, 1)
  assert.deepEqual(stderr.replaceAll(file, 'broker.yaml').trimEnd().split('\n'), [
    'petaltail: PETALTAIL_QEUE_BYTES: unknown variable, did you mean "PETALTAIL_QUEUE_BYTES"?',
    'petaltail: broker.yaml:1:1: unknown option "lisen", did you mean "listeners"?',
    'petaltail: broker.yaml:2:16: store.kind must be "disk" or "memory", not "tape"',
  ])
})

test('check refuses what start refuses: listeners for everybody', async () => {
  const { code, stderr } = await run(['check'], { environment: { PETALTAIL_LISTEN: 'mqtt://0.0.0.0:1883' } })
  assert.equal(code, 1)
  assert.match(stderr, /other machines.*--allow-anonymous/)
})

test('check reads certificates and keys', {
  skip: installed('openssl') === null && 'openssl is not installed',
}, async () => {
  await using folder = await Folder.open()
  const { certificate, key, ca } = makeCertificates(folder.path)
  const config = (file: string) =>
    `listeners: [{ url: "mqtts://127.0.0.1:1", tls: { certificate: ${certificate}, key: ${file} } }]\n`
  const good = await folder.write('good.yaml', config(key))
  assert.equal((await run(['check', '--config', good])).code, 0)
  for (const file of [ca, join(folder.path, 'ca.key'), '/nonexistent']) {
    const bad = await folder.write('bad.yaml', config(file))
    const { code, stderr } = await run(['check', '--config', bad])
    assert.equal(code, 1)
    assert.match(stderr, oneLine)
  }
})

test('schema prints a JSON Schema', async () => {
  const { code, text } = await run(['schema'])
  assert.equal(code, 0)
  const schema: unknown = JSON.parse(text)
  assert.ok(typeof schema === 'object' && schema !== null && 'properties' in schema)
})

test('the installed command runs the sources of a checkout', async () => {
  const file = fileURLToPath(new URL('../../bin/petaltail.js', import.meta.url))
  await using program = new Program(process.execPath, [file, '--version'])
  assert.equal((await program.ended).code, 0)
})

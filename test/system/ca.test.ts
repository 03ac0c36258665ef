import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { shakeHands } from '../unit/pki/tls-kit.ts'
import { Folder, installed, run } from './cli-kit.ts'

const skip = installed('openssl') === null ? 'openssl not installed' : false

/** `petaltail ca …` on the authority in a folder, with files going there, too. */
const caIn =
  ({ path }: Folder) =>
  async (verb: string, ...given: string[]) => {
    const out = verb === 'issue' || verb === 'renew' ? ['--out', path] : []
    return await run(['ca', verb, ...given, ...out, '--dir', join(path, 'ca')])
  }

const good = async (work: ReturnType<ReturnType<typeof caIn>>): Promise<string> => {
  const { code, text, stderr } = await work
  assert.equal(code, 0, stderr)
  return text
}

const bad = async (work: ReturnType<ReturnType<typeof caIn>>, message: RegExp, exitCode = 1): Promise<void> => {
  const { code, stderr } = await work
  assert.match(stderr, message)
  assert.equal(code, exitCode)
}

const openssl = (...words: string[]): string =>
  execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()

test('an authority is made, and server and client with its certificates trust each other', async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const made = await good(ca('init', '--name', 'Example'))
  assert.match(made, /^root CN=Example root 1$/m)
  assert.match(made, /^issuing CN=Example issuing 1$/m)
  assert.equal(made.match(/^ {2}SHA-1 +[\da-f]{40}$/gm)?.length, 2)
  assert.equal(made.match(/^ {2}SHA-256 +[\da-f]{64}$/gm)?.length, 2)
  await bad(ca('init'), /^petaltail: there is an authority in .*ca already\n$/)
  const server = await good(ca('issue', 'server', 'localhost', '--ip', '127.0.0.1', '--dns', 'hall.example'))
  assert.match(server, /^ {2}names +dns:localhost, dns:hall.example, ip:127.0.0.1$/m)
  await good(ca('issue', 'client', 'pump/7', '--uri', 'urn:dev:7', '--days', '30', '--organization', 'Acme, Inc'))
  const read = (name: string) => readFileSync(join(folder.path, name), 'utf8')
  assert.equal(statSync(join(folder.path, 'pump_7.key')).mode & 0o777, 0o600)
  const bundle = read('ca/bundle.pem')
  const side = (name: string) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`), ca: bundle })
  assert.equal(await shakeHands(side('localhost'), side('pump_7')), null)
  const { subject, subjectAltName, validTo } = new X509Certificate(read('pump_7.pem'))
  assert.deepEqual([subject.split('\n'), subjectAltName], [['O=Acme\\, Inc', 'CN=pump/7'], 'URI:urn:dev:7'])
  assert.ok(Date.parse(validTo) < Date.now() + 31 * 86_400_000)
})

test('certificates are listed, renewed and revoked, by name, serial number and file', { skip }, async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  await good(ca('init'))
  await good(ca('issue', 'client', 'pump-7', '--days', '20'))
  await good(ca('issue', 'client', 'pump-8'))
  const listed: unknown = JSON.parse(await good(ca('list', '--json')))
  assert.ok(Array.isArray(listed))
  assert.partialDeepStrictEqual(listed.at(-1), { kind: 'client', name: 'pump-8', state: 'good', replaced_by: null })
  assert.equal((await good(ca('list', '--expiring', '30'))).match(/^client CN=pump-7$/gm)?.length, 1)
  const old = new X509Certificate(readFileSync(join(folder.path, 'pump-7.pem')))
  await good(ca('renew', join(folder.path, 'pump-7.pem')))
  const next = new X509Certificate(readFileSync(join(folder.path, 'pump-7.pem')))
  assert.ok(next.publicKey.equals(old.publicKey) && next.serialNumber !== old.serialNumber)
  assert.equal(await good(ca('list', '--expiring', '30')), '')
  await bad(ca('renew', 'pump-7', '--new-key'), /pump-7\.key is there already: .*--force/)
  await good(ca('renew', 'pump-7', '--new-key', '--force'))
  const revoked = await good(ca('revoke', 'pump-7', '--reason', 'key-compromise'))
  assert.equal(revoked.match(/^ {2}state +revoked on \d{4}-\d\d-\d\d: key-compromise$/gm)?.length, 3)
  const crl = openssl('crl', '-in', join(folder.path, 'ca', 'crl.pem'), '-noout', '-text')
  assert.equal(crl.match(/Serial Number/g)?.length, 3)
  await good(ca('revoke', join(folder.path, 'pump-8.pem')))
  await bad(ca('revoke', 'pump-9'), /no certificate of this authority is called "pump-9"/)
  await bad(ca('revoke', 'pump-8', '--reason', 'boredom'), /boredom/, 2)
})

test('a certificate is had as PEM, DER, hexadecimal digits and PKCS#12', { skip }, async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const at = (name: string) => join(folder.path, name)
  const secret = await folder.write('secret', 'of the key\n')
  await good(ca('init'))
  await bad(ca('issue', 'client', 'pump-7', '--format', 'p12'), /p12 needs a passphrase/, 2)
  await good(ca('issue', 'client', 'pump-7', '--format', 'der,hex', '--format', 'pem'))
  const der = readFileSync(at('pump-7.der'))
  assert.equal(readFileSync(at('pump-7.hex'), 'utf8'), `${der.toString('hex')}\n`)
  assert.ok(new X509Certificate(der).checkPrivateKey(createPrivateKey(readFileSync(at('pump-7.key')))))
  const key = createPrivateKey({ key: readFileSync(at('pump-7.key.der')), format: 'der', type: 'pkcs8' })
  assert.ok(new X509Certificate(der).checkPrivateKey(key))
  await good(ca('issue', 'client', 'phone', '--format', 'p12', '--key-passphrase-file', secret))
  assert.match(openssl('pkcs12', '-in', at('phone.p12'), '-passin', `file:${secret}`, '-nodes'), /BEGIN PRIVATE KEY/)
  await good(ca('issue', 'client', 'box', '--rsa', '--key-passphrase-file', secret))
  assert.match(readFileSync(at('box.key'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  assert.match(openssl('pkey', '-in', at('box.key'), '-passin', `file:${secret}`, '-noout', '-text'), /2048 bit/)
  await bad(ca('issue', 'client', 'x', '--format', 'jks'), /jks is none of pem, der, hex, p12/, 2)
})

test('requests are signed for the name that is given, and for no authority', { skip }, async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const at = (name: string) => join(folder.path, name)
  await good(ca('init'))
  const request = (...more: string[]) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('pump.key')]
    openssl('req', '-new', ...key, '-subj', '/CN=pump-7', '-out', at('pump.csr'), ...more)
  }
  request('-addext', 'subjectAltName=DNS:pump-7.example')
  const given = ['issue', 'client', 'pump-7', '--csr', at('pump.csr')] as const
  await bad(ca(...given), /names that were not allowed: "dns:pump-7.example"/)
  const issued = await good(ca(...given, '--request-names'))
  assert.match(issued, /^ {2}names +dns:pump-7.example$/m)
  assert.equal(existsSync(at('pump-7.key')), false)
  await bad(ca('issue', 'client', 'admin', '--csr', at('pump.csr'), '--request-names'), /"pump-7", not for "admin"/)
  request('-addext', 'basicConstraints=critical,CA:TRUE')
  await bad(ca('issue', 'client', 'pump-7', '--csr', at('pump.csr'), '--force'), /asks to be an authority/)
  writeFileSync(at('pump.csr'), Buffer.alloc(2_000_000))
  await bad(ca('issue', 'client', 'pump-7', '--csr', at('pump.csr'), '--force'), /more than 1048576 bytes/)
})

test('the key of the root is taken away, and brought for a rotation only', { skip }, async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const at = (name: string) => join(folder.path, name)
  await good(ca('init', '--name', 'Example'))
  await bad(ca('export', '--root-key'), /--out/, 2)
  for (const what of ['bundle', 'root', 'issuing', 'chain', 'crl']) {
    const text = await good(ca('export', what))
    assert.doesNotMatch(text, /PRIVATE/)
    assert.match(text, /^-----BEGIN (CERTIFICATE|X509 CRL)-----/)
  }
  assert.match(await good(ca('export', '--format', 'hex')), /^30[\da-f]+\n$/)
  assert.match(await good(ca('export', '--root-key', '--out', at('root.key'))), /delete .*ca\/root\.key/)
  assert.equal(statSync(at('root.key')).mode & 0o777, 0o600)
  rmSync(at('ca/root.key'))
  await good(ca('issue', 'client', 'pump-7'))
  await bad(ca('rotate'), /the key of CN=Example root 1 is not in .*: say with --root-key where it is/)
  assert.match(await good(ca('rotate', '--root-key', at('root.key'))), /CN=Example issuing 2/)
  await bad(ca('rotate', '--root', '--root-key', at('root.key')), /--new-root-key/, 2)
  const rotated = await good(ca('rotate', '--root', '--root-key', at('root.key'), '--new-root-key', at('new.key')))
  assert.match(rotated, /CN=Example root 2[\s\S]*CN=Example issuing 3[\s\S]*bundle\.pem \(2\)/)
  await good(ca('issue', 'client', 'pump-8'))
  openssl('verify', '-x509_strict', '-CAfile', at('ca/root.pem'), '-untrusted', at('pump-8.pem'), at('pump-8.pem'))
  const [old = ''] = readdirSync(at('ca/former')).filter((name) => name.startsWith('root-'))
  openssl('verify', '-CAfile', at(`ca/former/${old}`), '-untrusted', at('pump-8.pem'), at('pump-8.pem'))
})

test('a passphrase comes from a file or the environment, and is never shown', async () => {
  await using folder = await Folder.open()
  const dir = ['--dir', join(folder.path, 'ca')]
  const secret = 'correct horse battery'
  const file = await folder.write('secret', `${secret}\n`)
  const init = await run(['ca', 'init', ...dir, '--passphrase-file', file])
  assert.deepEqual([init.code, init.stderr], [0, ''])
  for (const name of ['root.key', 'issuing.key'])
    assert.match(readFileSync(join(folder.path, 'ca', name), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  const issue = (name: string) => ['ca', 'issue', 'client', name, ...dir, '--out', folder.path]
  const without = await run(issue('a'))
  assert.match(without.stderr, /issuing\.key is encrypted: give --passphrase-file, or PETALTAIL_CA_PASSPHRASE/)
  const outcomes = [
    await run(issue('b'), { environment: { PETALTAIL_CA_PASSPHRASE: secret } }),
    await run(issue('c'), { environment: { PETALTAIL_CA_PASSPHRASE_FILE: file } }),
    await run(issue('d'), { environment: { PETALTAIL_CA_PASSPHRASE: `${secret}!` } }),
    await run(['ca', 'list', ...dir]),
  ]
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [0, 0, 1, 0],
  )
  assert.match(outcomes[2]?.stderr ?? '', /passphrase is wrong/)
  for (const { text, stderr } of [init, without, ...outcomes]) assert.doesNotMatch(text + stderr, /horse/)
  assert.doesNotMatch(readFileSync(join(folder.path, 'ca', 'journal.jsonl'), 'utf8'), /horse/)
})

test('an authority made elsewhere is taken in', { skip }, async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const at = (name: string) => join(folder.path, name)
  const constraints = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('acme.key')]
  openssl('req', '-x509', ...key, '-days', '900', '-subj', '/CN=Acme CA', '-out', at('acme.pem'), ...constraints)
  assert.match(await good(ca('import', at('acme.pem'))), /nothing: there is no key/)
  await bad(ca('issue', 'client', 'pump-7'), /only has certificates of authorities without their keys/)
  const taken = await good(ca('import', at('acme.pem'), '--key', at('acme.key')))
  assert.match(taken, /^trusted CN=Acme CA$[\s\S]*^issuing CN=Acme CA issuing 1$/m)
  await good(ca('issue', 'client', 'pump-7'))
  openssl('verify', '-x509_strict', '-CAfile', at('acme.pem'), '-untrusted', at('pump-7.pem'), at('pump-7.pem'))
  await bad(ca('import', at('pump-7.pem')), /not the certificate of an authority/)
})

test('two who issue at the same time mix nothing up', async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  await good(ca('init'))
  const names = Array.from({ length: 6 }, (_, each) => `pump-${each}`)
  await Promise.all(names.map(async (name) => await good(ca('issue', 'client', name))))
  const listed: unknown = JSON.parse(await good(ca('list', '--json')))
  assert.ok(Array.isArray(listed))
  assert.equal(listed.length, names.length + 2)
  assert.equal(new Set(listed.map(({ serial }: { serial: unknown }) => serial)).size, names.length + 2)
})

test('what is not there, and what is broken, is told in one line', async () => {
  await using folder = await Folder.open()
  const ca = caIn(folder)
  const missing = /^petaltail: there is no authority in .*: make one with "petaltail ca init"\n$/
  for (const verb of ['list', 'export', 'rotate']) await bad(ca(verb), missing)
  for (const verb of ['revoke', 'renew']) await bad(ca(verb, 'x'), missing)
  await bad(ca('issue', 'client', 'x'), missing)
  assert.deepEqual(readdirSync(folder.path), [])
  await good(ca('init'))
  const journal = join(folder.path, 'ca', 'journal.jsonl')
  const text = readFileSync(journal, 'utf8')
  writeFileSync(journal, `${text}{"event":"iss`)
  await good(ca('issue', 'client', 'pump-7'))
  writeFileSync(journal, `{"event":\n${text}`)
  await bad(ca('list'), /^petaltail: .*journal\.jsonl: line 1: it is no JSON object: bring it back from a backup.*\n$/)
  writeFileSync(journal, text)
  renameSync(join(folder.path, 'ca', 'issuing.key'), join(folder.path, 'gone'))
  await bad(
    ca('issue', 'client', 'pump-8'),
    /^petaltail: the key of CN=.* issuing 1 is not in .*issuing\.key: nothing can be/,
  )
  await bad(ca('issue', 'gateway', 'pump-8'), /gateway: issue server or client/, 2)
  await bad(ca('issue', 'server', 'a b'), /"a b" is not a host name/)
})

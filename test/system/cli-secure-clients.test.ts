import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Folder, freePort, installed, makeCertificates, Program, petaltail, run } from './cli-kit.ts'

// pub and sub over TLS, WebSocket and unix sockets, and with passwords, against a broker that is not ours.
const server = installed('mosquitto')
const password = installed('mosquitto_passwd')
const missing = server === null || password === null || installed('openssl') === null
const skip = missing && 'mosquitto, mosquitto_passwd or openssl is not installed'

let folder: Folder
let broker: Program
const ports = { plain: '', tls: '', other: '', web: '' }
let authority = ''
let otherAuthority = ''

before(async () => {
  if (server === null || password === null || missing) return
  folder = await Folder.open()
  const { ca, certificate, key } = makeCertificates(folder.path)
  authority = ca
  const other = makeCertificates(await folder.make('other'), 'DNS:elsewhere.example')
  otherAuthority = other.ca
  for (const name of ['plain', 'tls', 'other', 'web'] as const) ports[name] = String(await freePort())
  const secrets = join(folder.path, 'passwords')
  execFileSync(password, ['-b', '-c', secrets, 'ann', 's3cret:/'], { stdio: 'ignore' })
  const file = await folder.write(
    'mosquitto.conf',
    `per_listener_settings true
user root
listener ${ports.plain} 127.0.0.1
password_file ${secrets}
listener ${ports.tls} 127.0.0.1
allow_anonymous true
certfile ${certificate}
keyfile ${key}
listener ${ports.other} 127.0.0.1
allow_anonymous true
certfile ${other.certificate}
keyfile ${other.key}
listener ${ports.web} 127.0.0.1
protocol websockets
allow_anonymous true
listener 0 ${join(folder.path, 'socket')}
allow_anonymous true
`,
  )
  broker = new Program(server, ['-c', file], { timeout: 0 })
  await broker.prints(/running/)
})

after(async () => {
  if (missing) return
  await broker[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A retained message goes out and comes back over the same kind of connection. */
async function echo(...given: string[]): Promise<void> {
  const sent = await run(['pub', ...given, '-t', 'echo', '-m', 'there and back', '-r', '-q', '1'])
  assert.equal(sent.code, 0, sent.stderr)
  const back = await run(['sub', ...given, '-t', 'echo', '-C', '1', '-W', '100'])
  assert.equal(back.text, 'there and back\n', back.stderr)
}

test('over TLS with the authority named', { skip }, () =>
  echo('-h', 'localhost', '-p', ports.tls, '--cafile', authority),
)

test('over TLS with a folder of authorities, one version and a cipher suite', { skip }, async () => {
  const folderOf = (file: string) => join(file, '..')
  const place = ['-h', 'localhost', '-p', ports.tls]
  await echo(
    ...place,
    '--capath',
    folderOf(authority),
    '--tls-version',
    'tlsv1.2',
    '--ciphers',
    'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
  )
  await echo(...place, '--capath', folderOf(authority), '--tls-version', 'tlsv1.3')
  const other = await run(['pub', ...place, '--capath', folderOf(otherAuthority), '-t', 'a', '-m', 'b'])
  assert.match(other.stderr, /authority/)
  const none = await run(['pub', ...place, '--capath', await folder.make('empty'), '-t', 'a', '-m', 'b'])
  assert.match(none.stderr, /has no PEM files/)
})

test('over TLS by URL', { skip }, () =>
  echo('-L', `mqtts://localhost:${ports.tls}`, '--cafile', authority, '--tls-alpn', 'mqtt'),
)

test('over WebSocket by flag and by URL', { skip }, async () => {
  await echo('-h', '127.0.0.1', '-p', ports.web, '--ws')
  await echo('-L', `ws://127.0.0.1:${ports.web}/mqtt`, '-V', '311')
})

test('over a unix socket', { skip }, () => echo('--unix', join(folder.path, 'socket')))

test('with user name and password, by flags, URL and environment', { skip }, async () => {
  await echo('-p', ports.plain, '-u', 'ann', '-P', 's3cret:/')
  await echo('-L', `mqtt://ann:${encodeURIComponent('s3cret:/')}@127.0.0.1:${ports.plain}`)
  const environment = { MQTT_USERNAME: 'ann', MQTT_PASSWORD: 's3cret:/', MQTT_TCP_PORT: ports.plain }
  assert.equal((await run(['pub', '-t', 'a', '-m', 'b'], { environment })).code, 0)
})

test('a refused connection is named by its reason, in every version', { skip }, async () => {
  const wrong = ['-p', ports.plain, '-u', 'ann', '-P', 'wrong', '-t', 'a']
  for (const version of ['31', '311', '5']) {
    const { code, stderr } = await run(['pub', ...wrong, '-m', 'b', '-V', version])
    assert.equal(code, 1)
    assert.match(stderr, /^petaltail: the broker refused the connection: not authorized \((5|0x87)\)\n$/)
  }
  await using subscriber = petaltail(['sub', ...wrong])
  assert.equal((await subscriber.ended).code, 1)
})

test('a broker with a certificate of an unknown authority is not talked to', { skip }, async () => {
  const { code, stderr } = await run([
    'pub',
    '-h',
    'localhost',
    '-p',
    ports.tls,
    '--tls-use-os-certs',
    '-t',
    'a',
    '-m',
    'b',
  ])
  assert.equal(code, 1)
  assert.match(stderr, /^petaltail: .*unknown authority.*\n$/)
})

test('a broker with a certificate for another name is talked to only with --insecure', { skip }, async () => {
  const given = ['pub', '-h', 'localhost', '-p', ports.other, '--cafile', otherAuthority, '-t', 'a', '-m', 'b']
  const { code, stderr } = await run(given)
  assert.equal(code, 1)
  assert.match(stderr, /^petaltail: .*for another name\n$/)
  assert.equal((await run([...given, '--insecure'])).code, 0)
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { defaultTls } from '../../../src/listen/options.ts'
import { Folder, makeCertificates } from '../cli-kit.ts'
import { client, finish, Host, missing } from './kit.ts'

// The Mosquitto clients over TLS and over a unix socket.
const skip = missing('mosquitto_pub', 'mosquitto_sub', 'openssl')
let host: Host
let folder: Folder
let authority = ''
let socket = ''

before(async () => {
  if (skip !== false) return
  folder = await Folder.open()
  const { ca, certificate, key } = makeCertificates(folder.path)
  authority = ca
  socket = join(folder.path, 'socket')
  host = await Host.open(
    { url: 'mqtts://127.0.0.1:0', tls: { ...defaultTls, certificate, key } },
    {
      url: 'mqtts://127.0.0.1:0',
      tls: { ...defaultTls, certificate, key, clientCa: [ca], clientCertificate: 'require' },
    },
    { url: `unix:${socket}` },
  )
})

after(async () => {
  if (skip !== false) return
  await host[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A message out and in again over connections of the kind that `place` describes. */
async function roundTrip(place: readonly string[], topic: string): Promise<void> {
  for (const version of ['mqttv311', 'mqttv5']) {
    const given = [...place, '-V', version, '-q', '2', '-t', topic]
    const subscriber = await host.subscribed(1, () => client('mosquitto_sub', [...given, '-C', '1', '-W', '100']))
    await finish(client('mosquitto_pub', [...given, '-m', version]))
    assert.equal((await finish(subscriber)).stdout.toString(), `${version}\n`)
  }
}

for (const version of ['tlsv1.2', 'tlsv1.3']) {
  test(`messages pass over ${version}`, { skip }, async () => {
    const place = ['-h', 'localhost', '-p', host.port(), '--cafile', authority, '--tls-version', version]
    await roundTrip(place, `tls/${version}`)
  })
}

test('messages pass over TLS with the protocol name mqtt', { skip }, async () => {
  await roundTrip(['-h', 'localhost', '-p', host.port(), '--cafile', authority, '--tls-alpn', 'mqtt'], 'tls/alpn')
})

test('a client that does not trust the certificate does not connect', { skip }, async () => {
  const given = ['-h', 'localhost', '-p', host.port(), '--tls-use-os-certs', '-t', 'tls/stranger', '-m', 'x']
  await using publisher = client('mosquitto_pub', given)
  const { code, stderr } = await publisher.ended
  assert.notEqual(code, 0)
  assert.match(stderr, /TLS/)
})

test('a listener that requires a certificate lets in a client that has one, and no other', { skip }, async () => {
  const place = ['-h', 'localhost', '-p', host.port(1), '--cafile', authority]
  const own = makeOwn(folder.path)
  await roundTrip([...place, '--cert', own.certificate, '--key', own.key], 'tls/device')
  await using publisher = client('mosquitto_pub', [...place, '-t', 'tls/device', '-m', 'x', '-q', '1'])
  assert.notEqual((await publisher.ended).code, 0)
})

test('messages pass over a unix socket', { skip }, async () => {
  await roundTrip(['--unix', socket], 'unix')
})

/** The certificate of the broker does for the device, too: the same authority signed it. */
function makeOwn(path: string): { certificate: string; key: string } {
  return { certificate: join(path, 'cert.pem'), key: join(path, 'key.pem') }
}

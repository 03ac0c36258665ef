import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { connectAsync } from 'mqtt'
import { silentLog } from '../../src/base/log.ts'
import type { Broker } from '../../src/broker.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startBroker } from '../../src/start-broker.ts'
import { type Packets, v4, v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { folder } from '../unit/authn/certificate-kit.ts'
import {
  certificatePem,
  dns,
  type Holder,
  holder,
  keyPem,
  pem,
  purpose,
  revocationList,
  thumbprint,
} from '../unit/pki/facts-kit.ts'
import { installed } from './cli-kit.ts'

const named = (name: string) => [['CN', name]] as const
const root = holder({ name: named('root'), authority: true })
const between = holder({ name: named('between'), issuer: root, authority: true })
const server = holder({ name: named('broker'), issuer: root, names: [dns('localhost')], purposes: [purpose.server] })
const issued = (name: string, issuer = root) => holder({ name: named(name), issuer, purposes: [purpose.client] })

const notAuthorized = 0x87

/** Who fails here does not have to wait. */
const authentication = { failures: { free: 1_000 } }

/** A broker with a TLS listener and what the test writes below `tls:` and at the top. */
async function secureBroker(t: TestContext, tls: Readonly<Record<string, unknown>>, rest: object = {}) {
  const { write, path } = folder(t)
  const section = {
    certificate: write('broker.pem', certificatePem(server)),
    key: write('broker.key', keyPem(server)),
    client_ca: [write('root.pem', certificatePem(root))],
    client_certificate: 'require',
    ...tls,
  }
  const listeners = ['mqtts://127.0.0.1:0', 'wss://127.0.0.1:0/mqtt'].map((url) => ({
    url,
    allow_anonymous: false,
    tls: section,
  }))
  const given = { listeners, store: { kind: 'memory' }, authenticators: [{ certificate: {} }], authentication, ...rest }
  const config = loadConfig({ file: write('petaltail.yaml', JSON.stringify(given)), environment: {} })
  const broker = await startBroker(config, silentLog)
  t.after(() => broker.close())
  return { broker, write, path }
}

const portOf = (broker: Broker, listener = 0) => broker.addresses[listener]?.port ?? 0

async function shake(
  t: TestContext,
  broker: Broker,
  own: Holder | null,
  chain: readonly Holder[] = [],
  options: ConnectionOptions = {},
) {
  const shown = own === null ? {} : { cert: certificatePem(own, ...chain), key: keyPem(own) }
  const ca = certificatePem(root)
  const socket = connect({ port: portOf(broker), host: '127.0.0.1', servername: 'localhost', ca, ...shown, ...options })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

interface Joining {
  readonly packets?: Packets
  readonly chain?: readonly Holder[]
  readonly username?: string
  readonly options?: ConnectionOptions
}

/** A client that has sent CONNECT. */
async function join(t: TestContext, broker: Broker, own: Holder | null, joining: Joining = {}): Promise<WireClient> {
  const { packets = v5, chain = [], username, options = {} } = joining
  const client = new WireClient(await shake(t, broker, own, chain, options), packets)
  client.send(packets.connect({ clientId: `client-${Math.random()}`, ...(username === undefined ? {} : { username }) }))
  return client
}

/** What the broker says when it lets nobody in. */
async function refusalOf(client: WireClient): Promise<string> {
  const { code, properties } = await client.expect('connack')
  assert.equal(code, notAuthorized)
  await client.expectClosed()
  return told(properties.reasonString)
}

/** What follows the name of the reason code. */
function told(reason: string | undefined): string {
  return (reason ?? '').replace(/^not authorized(: )?/, '')
}

test('a client is told in CONNACK why its certificate is not accepted, in each version', async (t) => {
  const { broker } = await secureBroker(t, {})
  const day = 86_400_000
  const old = holder({ name: named('old'), issuer: root, notBefore: Date.now() - 2 * day, notAfter: Date.now() - day })
  const young = holder({
    name: named('young'),
    issuer: root,
    notBefore: Date.now() + day,
    notAfter: Date.now() + 2 * day,
  })
  const wrong = holder({ name: named('wrong'), issuer: root, purposes: [purpose.server] })
  const cases: readonly (readonly [Holder | null, RegExp])[] = [
    [null, /^a client certificate is required$/],
    [old, /^the certificate expired on /],
    [young, /^the certificate is not valid before /],
    [wrong, /^the certificate is not meant for clients$/],
    [holder({ name: named('self') }), /^the certificate is signed by itself, and not listed as authorized$/],
    [
      issued('stranger', holder({ name: named('other'), authority: true })),
      /^the certificate is signed by an authority/,
    ],
    [holder({ name: named('admin\0'), issuer: root }), /^the certificate has no usable name/],
  ]
  for (const [own, reason] of cases) {
    assert.match(await refusalOf(await join(t, broker, own)), reason)
    const older = await join(t, broker, own, { packets: v4 })
    await older.expectRefused(5)
  }
  const good = await join(t, broker, issued('good'))
  await good.expect('connack', { code: 0 })
  assert.deepEqual(
    broker.clients().map(({ listener }) => listener.startsWith('mqtts:')),
    [true],
  )
})

test('what decided is in the events with the exact cause', async (t) => {
  const { broker } = await secureBroker(t, {})
  await refusalOf(await join(t, broker, holder({ name: named('self') })))
  const refusal = broker.recentEvents().find(({ event }) => event.kind === 'refused')?.event
  assert.ok(refusal !== undefined && 'detail' in refusal)
  assert.match(
    refusal.detail,
    /^the certificate of CN=self \(serial [0-9a-f]+, issued by CN=self\) is signed by itself/,
  )
})

test('a listed certificate is accepted, and its connection ends with the list', async (t) => {
  const self = holder({ name: named('self') })
  const { write } = folder(t)
  const list = write('authorized', thumbprint(self.certificate))
  const { broker } = await secureBroker(t, { authorized_certificates: [list] })
  const client = await join(t, broker, self)
  await client.expect('connack', { code: 0 })
  writeFileSync(list, '# nobody\n')
  const { properties } = await client.expectDisconnect(notAuthorized)
  assert.equal(told(properties.reasonString), 'the certificate is signed by itself, and not listed as authorized')
})

test('a revocation list that changes ends the connections of those on it, and no others', async (t) => {
  const [pump, valve] = [issued('pump'), issued('valve')]
  const { write } = folder(t)
  const crl = write('crl', pem('X509 CRL', revocationList(root)))
  const { broker } = await secureBroker(t, { crl_files: [crl] })
  const [one, other] = [await join(t, broker, pump), await join(t, broker, valve)]
  await one.expect('connack', { code: 0 })
  await other.expect('connack', { code: 0 })
  writeFileSync(crl, revocationList(root, { serials: [pump.serial] }))
  const { properties } = await one.expectDisconnect(notAuthorized)
  assert.equal(told(properties.reasonString), 'the certificate is revoked')
  assert.equal(await refusalOf(await join(t, broker, pump)), 'the certificate is revoked')
  await other.expectNoMore()
})

test('a session of TLS that is resumed does not bring back a revoked certificate', async (t) => {
  const pump = issued('pump', between)
  const { write } = folder(t)
  const list = write('revoked', '')
  const { broker } = await secureBroker(t, { revoked_certificates: [list] })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    writeFileSync(list, '')
    broker.reload()
    const socket = await shake(t, broker, pump, [between], { maxVersion })
    const sessions: Buffer[] = []
    socket.on('session', (session: Buffer) => sessions.push(session))
    const first = new WireClient(socket, v5)
    first.send(v5.connect({ clientId: 'pump' }))
    await first.expect('connack', { code: 0 })
    await first.expectNoMore()
    const session = maxVersion === 'TLSv1.2' ? socket.getSession() : sessions.at(-1)
    await first.disconnect()
    writeFileSync(list, thumbprint(between.certificate))
    broker.reload()
    const again = await shake(t, broker, pump, [between], { maxVersion, session })
    assert.ok(again.isSessionReused())
    const second = new WireClient(again, v5)
    second.send(v5.connect({ clientId: 'pump' }))
    assert.equal(await refusalOf(second), 'the certificate is revoked')
  }
})

test('other certificates that a client shows do not hide a revoked authority', async (t) => {
  const pump = issued('pump', between)
  const { write } = folder(t)
  const list = write('revoked', thumbprint(between.certificate))
  const decoys = Array.from({ length: 9 }, (_, index) => holder({ name: named(`decoy ${index}`) }))
  const twice = decoys.slice(0, 1).flatMap((decoy) => [decoy, decoy])
  for (const chain of [[between], [...twice, between], [...decoys, between]]) {
    const { broker } = await secureBroker(t, { revoked_certificates: [list] })
    const refusal = await refusalOf(await join(t, broker, pump, { chain }))
    assert.match(refusal, /^the certificate is revoked|^the certificates between .* are missing|cannot be read$/)
  }
})

test('a certificate that expires ends the connection', async (t) => {
  const { broker } = await secureBroker(t, {})
  const short = holder({ name: named('short'), issuer: root, notAfter: Date.now() + 2_000 })
  const client = await join(t, broker, short)
  await client.expect('connack', { code: 0 })
  const { properties } = await client.expectDisconnect(notAuthorized)
  assert.match(told(properties.reasonString), /^the certificate expired/)
})

test('devices connect by name, and lose the connection with the reason when they are disabled or removed', async (t) => {
  const { write } = folder(t)
  const self = holder({ name: named('self') })
  const both = [{ name: 'Pump' }, { name: 'self', thumbprints: [thumbprint(self.certificate)] }]
  const devices = write('devices.json', JSON.stringify(both))
  const { broker } = await secureBroker(t, {}, { authenticators: [{ devices: { files: [devices] } }] })
  const pump = issued('pump')
  const [byName, byUser, bySelf] = [
    await join(t, broker, pump),
    await join(t, broker, pump, { username: 'PUMP' }),
    await join(t, broker, self, { username: 'self' }),
  ]
  for (const client of [byName, byUser, bySelf]) await client.expect('connack', { code: 0 })
  const imposter = await join(t, broker, self, { username: 'pump' })
  assert.equal(await refusalOf(imposter), '')
  writeFileSync(devices, JSON.stringify([{ name: 'Pump', state: 'disabled' }]))
  for (const client of [byName, byUser]) {
    const { properties } = await client.expectDisconnect(notAuthorized)
    assert.equal(told(properties.reasonString), 'the device is disabled')
  }
  const { properties } = await bySelf.expectDisconnect(notAuthorized)
  assert.equal(told(properties.reasonString), 'no device has this certificate any more')
  assert.equal(await refusalOf(await join(t, broker, pump)), 'the device is disabled')
})

test('MQTT.js connects with a certificate over TLS and over WebSocket', async (t) => {
  const { broker } = await secureBroker(t, {})
  const own = issued('browser')
  const options = { ca: certificatePem(root), cert: certificatePem(own), key: keyPem(own), reconnectPeriod: 0 }
  for (const [index, url] of ['mqtts://localhost', 'wss://localhost'].entries()) {
    const client = await connectAsync(`${url}:${portOf(broker, index)}/mqtt`, {
      ...options,
      servername: 'localhost',
    })
    await client.publishAsync('a', 'b', { qos: 1 })
    await client.endAsync()
  }
})

test('mosquitto_pub connects with a certificate, and is told when it has none', {
  skip: installed('mosquitto_pub') === null ? 'mosquitto_pub is not installed' : false,
}, async (t) => {
  const { broker, write } = await secureBroker(t, {})
  const own = issued('pump')
  const given = (more: readonly string[]) => [
    ...['-h', 'localhost', '-p', String(portOf(broker)), '-V', '5', '-t', 'a', '-m', 'b', '-q', '1'],
    ...['--cafile', write('ca.pem', certificatePem(root)), ...more],
  ]
  const shown = ['--cert', write('own.pem', certificatePem(own)), '--key', write('own.key', keyPem(own))]
  const good = await outcome('mosquitto_pub', given(shown))
  assert.equal(good.code, 0, good.text)
  const bad = await outcome('mosquitto_pub', given([]))
  assert.match(bad.text, /Not authorized/i)
})

async function outcome(program: string, words: readonly string[]): Promise<{ code: number | null; text: string }> {
  return await new Promise((resolve) => {
    const child = execFile(program, words, { timeout: 60_000 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, text: stdout + stderr }),
    )
  })
}

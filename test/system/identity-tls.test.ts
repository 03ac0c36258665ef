import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type ConnectionOptions, connect as connectSecurely, type TLSSocket } from 'node:tls'
import { v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { certificatePem, dns, holder, keyPem, purpose } from '../unit/pki/facts-kit.ts'
import { run } from './cli-kit.ts'
import { named, notAuthorized, Pki, patient, Site } from './identity-kit.ts'

// TLS as a broker does it whose configuration names few files or none.
const pki = new Pki()
const second = new Pki('second')
const elsewhere = holder({
  name: named('elsewhere'),
  issuer: pki.root,
  names: [dns('*.elsewhere.example')],
  purposes: [purpose.server],
})
const lists = { plain: 0, own: 1, ownWeb: 2, files: 3 } as const

let site: Site
let canary: WireClient

before(async () => {
  site = await Site.open({
    config: (at, write) => {
      const sni = {
        server_names: ['*.elsewhere.example'],
        certificate: write('elsewhere.pem', certificatePem(elsewhere)),
        key: write('elsewhere.key', keyPem(elsewhere)),
      }
      const files = pki.section(write, {
        client_ca: [write('both.pem', certificatePem(pki.root, second.root))],
        client_certificate: 'require',
        sni: [sni],
      })
      const host = '127.0.0.1:0'
      return {
        authentication: patient,
        ca: { path: at('ca') },
        authenticators: [{ certificate: {} }],
        listeners: [
          { url: `mqtt://${host}`, authenticators: [], allow_anonymous: true },
          { url: `mqtts://${host}`, tls: { client_certificate: 'require' } },
          { url: `wss://${host}/mqtt`, tls: { client_certificate: 'require' } },
          { url: `mqtts://${host}`, tls: files },
        ],
      }
    },
  })
  canary = await site.join({ clientId: 'canary' })
})

after(() => site[Symbol.asyncDispose]())

const authority = () => ({ ca: site.read('ca/bundle.pem') })

/** A handshake that may fail. */
function begin(listener: number, options: ConnectionOptions): TLSSocket {
  const socket = connectSecurely({ host: '127.0.0.1', port: site.port(listener), ...options })
  socket.on('error', () => {})
  return socket
}

async function failureOf(listener: number, options: ConnectionOptions): Promise<string> {
  await site.pace()
  const socket = begin(listener, options)
  const outcome = await Promise.race([
    new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message))),
    once(socket, 'secureConnect').then(() => 'none'),
  ])
  socket.destroy()
  return outcome
}

async function refusalLogged(from: number, detail: RegExp): Promise<void> {
  await site.logged(
    ({ msg, detail: said }) => msg === 'connection refused before MQTT' && detail.test(String(said)),
    from,
  )
}

test('the certificate the broker makes is good for localhost and 127.0.0.1 with ca/bundle.pem, and for no other name', async () => {
  for (const listener of [lists.own, lists.ownWeb]) {
    for (const name of [{ servername: 'localhost' }, { host: '127.0.0.1' }])
      assert.equal(await failureOf(listener, { ...authority(), ...name }), 'none')
    assert.match(await failureOf(listener, { ...authority(), servername: 'other.example' }), /does not match/)
    assert.match(await failureOf(listener, { servername: 'localhost' }), /unable to get local issuer certificate/)
  }
})

test('TLS 1.1 is refused, and the log says why', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  for (const listener of [lists.own, lists.ownWeb, lists.files]) {
    const from = site.log.length
    assert.match(await failureOf(listener, { ...old, rejectUnauthorized: false }), /alert protocol version/)
    await refusalLogged(from, /offers only TLS versions that are not allowed here/)
  }
})

test('a client cannot renegotiate', async () => {
  const socket = begin(lists.files, {
    ...pki.showing(pki.issue('pump')),
    servername: 'localhost',
    maxVersion: 'TLSv1.2',
  })
  await once(socket, 'secureConnect')
  const client = new WireClient(socket, v5)
  client.send(v5.connect({ clientId: 'pump' }))
  await client.expect('connack', { code: 0 })
  const failed = new Promise<string>((resolve) => socket.on('error', (error) => resolve(error.message)))
  socket.renegotiate({}, () => {})
  assert.match(await failed, /no renegotiation/i)
  await canary.expectNoMore()
})

test('a client that speaks another application protocol is refused, one that names MQTT or none is not', async () => {
  const trust = { ...authority(), servername: 'localhost' }
  for (const ALPNProtocols of [['mqtt'], ['x', 'mqtt'], undefined])
    assert.equal(await failureOf(lists.own, { ...trust, ...(ALPNProtocols && { ALPNProtocols }) }), 'none')
  const from = site.log.length
  assert.match(await failureOf(lists.own, { ...trust, ALPNProtocols: ['h2'] }), /no application protocol/)
  await refusalLogged(from, /application protocols \(ALPN\) that are not known here/)
})

test('the server name chooses the certificate, and not who may come in', async () => {
  const own = pki.issue('pump')
  const shown = async (servername: string) => {
    await site.pace()
    const socket = await site.secure({ ...pki.showing(own), servername }, lists.files)
    const subject = socket.getPeerX509Certificate()?.subject
    socket.destroy()
    return subject
  }
  assert.equal(await shown('localhost'), 'CN=broker')
  assert.equal(await shown('one.elsewhere.example'), 'CN=elsewhere')
  assert.equal(await shown('ONE.ELSEWHERE.EXAMPLE'), 'CN=elsewhere')
  const bare = { tls: { ...pki.showing(), servername: 'one.elsewhere.example' }, listener: lists.files }
  assert.equal((await site.knock({}, bare)).code, notAuthorized)
  const bad = { tls: { ...new Pki('third').showing(pki.issue('x', new Pki('third').root)), rejectUnauthorized: false } }
  const strange = { ...bad.tls, servername: 'one.elsewhere.example' }
  assert.equal((await site.knock({}, { tls: strange, listener: lists.files })).code, notAuthorized)
})

test('MQTT without TLS on the TLS port, HTTP there, and TLS on the plain port are refused, and others do not notice', async () => {
  for (const listener of [lists.own, lists.ownWeb, lists.files]) {
    for (const bytes of [v5.connect({ clientId: 'plain' }), Buffer.from('GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n')]) {
      await site.pace()
      const from = site.log.length
      const socket = connect(site.port(listener), '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(bytes)
      await once(socket, 'close')
      await refusalLogged(from, /does not speak TLS|speaks HTTP without TLS/)
    }
  }
  assert.notEqual(await failureOf(lists.plain, { rejectUnauthorized: false }), 'none')
  await canary.expectNoMore()
})

/** Connects, and returns what the connection can be resumed with. */
async function sessionOf(listener: number, options: ConnectionOptions): Promise<Buffer> {
  const socket = await site.secure(options, listener)
  const sessions: Buffer[] = []
  socket.on('session', (session: Buffer) => sessions.push(session))
  const client = new WireClient(socket, v5)
  client.send(v5.connect({ clientId: 'resuming' }))
  await client.expect('connack', { code: 0 })
  await client.expectNoMore()
  const session = options.maxVersion === 'TLSv1.2' ? socket.getSession() : sessions.at(-1)
  await client.disconnect()
  return session ?? assert.fail('no session')
}

/** What a client is told that resumes, and whether TLS let it. */
async function resumed(listener: number, options: ConnectionOptions) {
  const socket = await site.secure(options, listener)
  const reused = socket.isSessionReused()
  const client = new WireClient(socket, v5)
  client.send(v5.connect({ clientId: 'resuming' }))
  const { code, properties } = await client.expect('connack')
  socket.destroy()
  return { reused, code, reason: properties.reasonString }
}

const protocols = ['TLSv1.2', 'TLSv1.3'] as const

test('a session of TLS that is resumed does not bring back what the authority in the box revoked', async () => {
  const issue = ['--dir', site.at('ca'), '--out', site.folder.path]
  assert.equal((await run(['ca', 'issue', 'client', 'lost', ...issue])).code, 0)
  const options = { ...authority(), cert: site.read('lost.pem'), key: site.read('lost.key') }
  const sessions = []
  for (const maxVersion of protocols) {
    const session = await sessionOf(lists.own, { ...options, maxVersion })
    sessions.push({ maxVersion, session })
    const { reused, code } = await resumed(lists.own, { ...options, maxVersion, session })
    assert.deepEqual([reused, code], [true, 0])
  }
  const from = site.log.length
  assert.equal((await run(['ca', 'revoke', 'lost', '--dir', site.at('ca')])).code, 0)
  await site.logged(({ msg }) => msg === 'revocation lists reloaded', from)
  for (const each of sessions) {
    const { code, reason } = await resumed(lists.own, { ...options, ...each })
    assert.deepEqual([code, reason], [notAuthorized, 'not authorized: the certificate is revoked'])
  }
})

test('a session of TLS is not resumed after the authorities of the listener have changed', async () => {
  const options = { ...second.showing(second.issue('theirs')), ca: certificatePem(pki.root) }
  const sessions = []
  for (const maxVersion of protocols)
    sessions.push({ maxVersion, session: await sessionOf(lists.files, { ...options, maxVersion }) })
  const from = site.log.length
  site.write('both.pem', certificatePem(pki.root))
  await site.logged(({ msg, listener }) => msg === 'TLS files reloaded' && listener === 'listener 3', from)
  for (const each of sessions) {
    const { reused, code, reason } = await resumed(lists.files, { ...options, ...each })
    assert.deepEqual([reused, code], [false, notAuthorized])
    assert.equal(reason, 'not authorized: the certificate is signed by an authority that is not known here')
  }
})

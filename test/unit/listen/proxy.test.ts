import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import { defaultListener } from '../../../src/listen/options.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { freePort } from '../../system/cli-kit.ts'
import { makeCertificates, skip, tlsOptions } from './certificates.ts'
import { client, everything, listening, portOf, Recorder, until } from './kit.ts'

const made = skip === false ? makeCertificates() : null
after(() => made?.remove())

const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n'

test('the peer is the client the header names, and what follows the header is for MQTT', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any' })
  const socket = await client(t, listener)
  socket.write(`${line}hello`)
  const connection = await recorder.connection()
  const { address, port, loopback } = connection.wire.peer
  assert.deepEqual([address, port, loopback], ['192.0.2.7', 51234, false])
  assert.equal(connection.received.toString(), 'hello')
  socket.write(' again')
  await until(() => connection.received.toString() === 'hello again')
  assert.equal(connection.chunks.at(-1)?.length, 65_536)
  socket.end()
  await until(() => connection.ends.length > 0 && listener.connections === 0)
  assert.deepEqual(connection.ends, [null])
})

test('a header may come byte by byte', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder, { proxyProtocol: 'v1' }))
  socket.setNoDelay(true)
  for (const byte of Buffer.from(`${line}x`)) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'x')
})

test('a client the proxy does not name has the address of the proxy but is not local', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder, { proxyProtocol: 'any' }))
  socket.write('PROXY UNKNOWN\r\n')
  const { peer } = (await recorder.connection()).wire
  assert.deepEqual([peer.address, peer.loopback], ['127.0.0.1', false])
})

test('connections without a valid header are refused', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any' })
  const socket = await client(t, listener)
  socket.write('\x10\x0c\x00\x04MQTT')
  await everything(socket)
  assert.deepEqual(await recorder.refusal(), {
    listener: listener.url,
    address: '127.0.0.1',
    why: 'PROXY header not accepted',
    detail: 'no PROXY header',
  })
  const leaving = await client(t, listener)
  leaving.end('PROXY ')
  await everything(leaving)
  assert.equal((await recorder.refusal(1)).why, 'connection lost in a handshake')
  await until(() => listener.connections === 0)
})

test('a header that does not end is cut off at the deadline', async (t) => {
  const recorder = new Recorder()
  const clock = new FakeClock()
  const listener = await listening(t, recorder, { proxyProtocol: 'any' }, clock)
  const silent = await client(t, listener)
  const slow = await client(t, listener)
  slow.write('PROXY TCP4 ')
  await until(() => listener.connections === 2)
  clock.advance(defaultListener.handshakeTimeout + 250)
  await Promise.all([everything(silent), everything(slow)])
  await until(() => recorder.refusals.length === 2 && listener.connections === 0)
  assert.ok(recorder.refusals.every(({ why }) => why === 'handshake took too long'))
})

test('the limit of an address counts the addresses of clients, not of the proxy', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any', maxConnectionsPerAddress: 1 })
  const through = async (address: string) => {
    const socket = await client(t, listener)
    socket.write(`PROXY TCP4 ${address} 198.51.100.1 1 2\r\n`)
    return socket
  }
  await through('192.0.2.1')
  const second = await through('192.0.2.2')
  await recorder.connection(1)
  await everything(await through('192.0.2.2'))
  assert.equal((await recorder.refusal()).address, '192.0.2.2')
  second.destroy()
  await until(() => listener.connections === 1)
  await through('192.0.2.2')
  await recorder.connection(2)
})

test('the header comes before TLS', { skip }, async (t) => {
  if (made === null) return
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any', transport: 'tls', tls: tlsOptions(made) })
  const raw = await client(t, listener)
  raw.write(line)
  const socket = connectTls({ socket: raw, servername: 'localhost', ca: readFileSync(made.path('ca.crt')) })
  t.after(() => socket.destroy())
  socket.write('hello')
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'hello')
  assert.equal(connection.wire.peer.address, '192.0.2.7')
  assert.equal(connection.wire.peer.tls?.serverName, 'localhost')
})

test('the header and the TLS hello may come in one segment', { skip }, async (t) => {
  if (made === null) return
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any', transport: 'tls', tls: tlsOptions(made) })
  // A relay that sends the header together with the first bytes of the client.
  const relay = createServer((from) => {
    const to = connect(portOf(listener), '127.0.0.1')
    from.once('data', (hello) => {
      to.write(Buffer.concat([Buffer.from(line), hello]))
      from.pipe(to).pipe(from)
    })
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
  })
  await once(relay.listen(0, '127.0.0.1'), 'listening')
  t.after(() => relay.close())
  const address = relay.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('hello')
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'hello')
  assert.equal(connection.wire.peer.address, '192.0.2.7')
})

test('the header comes before HTTP, also in one segment with the request', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { proxyProtocol: 'any', transport: 'ws' })
  const websocket = new WebSocket('ws://localhost/mqtt', 'mqtt', {
    createConnection: () => {
      const socket = connect(portOf(listener), '127.0.0.1')
      socket.cork()
      socket.write(line)
      process.nextTick(() => socket.uncork())
      return socket
    },
  })
  t.after(() => websocket.terminate())
  await once(websocket, 'open')
  websocket.send(Buffer.from('hello'))
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'hello')
  assert.equal(connection.wire.peer.address, '192.0.2.7')
})

const noHaproxy = spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'

for (const [version, send] of [
  ['v1', 'send-proxy'],
  ['v2', 'send-proxy-v2'],
  ['v2', 'send-proxy-v2 proxy-v2-options unique-id,crc32c'],
] as const) {
  test(`haproxy tells the address of its client with ${send}`, { skip: noHaproxy }, async (t) => {
    const recorder = new Recorder()
    const listener = await listening(t, recorder, { proxyProtocol: version })
    const port = await proxying(t, portOf(listener), send)
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write('hello')
    const said = () => recorder.connections.find((connection) => connection.received.toString() === 'hello')
    await until(() => said() !== undefined)
    const peer = said()?.wire.peer
    assert.deepEqual([peer?.address, peer?.port], ['127.0.0.1', socket.localPort])
  })
}

/** Runs haproxy in front of a port and answers its own. */
async function proxying(t: TestContext, target: number, send: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'listen-haproxy-'))
  const port = await freePort()
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `defaults
  mode tcp
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  unique-id-format %pid
  default_backend out
backend out
  server broker 127.0.0.1:${target} ${send}
`,
  )
  const proxy = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  t.after(async () => {
    proxy.kill('SIGKILL')
    if (proxy.exitCode === null && proxy.signalCode === null) await once(proxy, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  await answering(port)
  return port
}

/** Tries until something listens. */
async function answering(port: number): Promise<void> {
  for (let i = 0; i < 10_000; i++) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.resetAndDestroy()
    if (open === true) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('haproxy does not listen')
}

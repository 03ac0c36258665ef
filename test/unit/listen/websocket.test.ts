import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { systemClock } from '../../../src/base/clock.ts'
import type { Listener } from '../../../src/listen/listener.ts'
import { defaultListener, type WebSocketOptions } from '../../../src/listen/options.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { makeCertificates, skip, tlsOptions } from './certificates.ts'
import { type Connection, client, everything, listening, next, portOf, Recorder, roundTrips, until } from './kit.ts'

const made = skip === false ? makeCertificates() : null
after(() => made?.remove())

function wsListening(t: TestContext, recorder: Recorder, other: Partial<WebSocketOptions> = {}, clock = systemClock()) {
  const websocket = { ...defaultListener.websocket, ...other }
  return listening(t, recorder, { transport: 'ws', websocket }, clock)
}

function dial(t: TestContext, url: string, protocols: string[] = ['mqtt'], headers: Record<string, string> = {}) {
  const websocket = new WebSocket(url, protocols, { headers })
  t.after(() => websocket.terminate())
  websocket.on('error', () => {})
  return websocket
}

async function opened(t: TestContext, recorder: Recorder, listener: Listener): Promise<[WebSocket, Connection]> {
  const websocket = dial(t, listener.url)
  await once(websocket, 'open')
  return [websocket, await recorder.connection()]
}

/** The status an upgrade is refused with. */
async function refusedWith(websocket: WebSocket): Promise<number | undefined> {
  const response = await new Promise<{ statusCode?: number | undefined }>((resolve) =>
    websocket.once('unexpected-response', (_, answer) => resolve(answer)),
  )
  return response.statusCode
}

/** What a raw HTTP client gets for its bytes. */
async function raw(t: TestContext, listener: Listener, request: string): Promise<string> {
  const socket = await client(t, listener)
  socket.write(request)
  return (await everything(socket)).toString()
}

/** A masked client frame of up to 125 bytes. */
function frame(first: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

const upgrade = `GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`

test('binary frames carry bytes both ways, and the subprotocol mqtt is selected [MQTT-6.0.0-4]', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  assert.match(listener.url, /^ws:\/\/127\.0\.0\.1:[0-9]+\/mqtt$/)
  const [websocket, connection] = await opened(t, recorder, listener)
  assert.equal(websocket.protocol, 'mqtt')
  websocket.send(Buffer.from('ping'))
  await until(() => connection.received.toString() === 'ping')
  assert.equal(connection.wire.write(Buffer.from('pong')), true)
  const message: readonly unknown[] = await once(websocket, 'message')
  assert.deepEqual([String(message[0]), message[1]], ['pong', true])
  const { peer } = connection.wire
  assert.deepEqual([peer.transport, peer.address, peer.loopback, peer.tls], ['ws', '127.0.0.1', true, null])
  websocket.close()
  await until(() => connection.ends.length > 0 && listener.connections === 0)
  assert.deepEqual(connection.ends, [null])
})

test('wss is WebSocket over TLS', { skip }, async (t) => {
  if (made === null) return
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { transport: 'wss', tls: tlsOptions(made) })
  const options = { ca: readFileSync(made.path('ca.crt')), ALPNProtocols: ['http/1.1'] }
  const websocket = new WebSocket(listener.url.replace('127.0.0.1', 'localhost'), ['mqtt'], options)
  t.after(() => websocket.terminate())
  await once(websocket, 'open')
  websocket.send(Buffer.from('ping'))
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'ping')
  const { peer } = connection.wire
  assert.deepEqual([peer.transport, peer.tls?.alpn, peer.tls?.serverName], ['wss', 'http/1.1', 'localhost'])
  connection.wire.close()
  await until(() => connection.ends.length > 0 && listener.connections === 0)
})

test('packets may be split and merged across messages, fragments and segments [MQTT-6.0.0-2]', async (t) => {
  const recorder = new Recorder()
  const [websocket, connection] = await opened(t, recorder, await wsListening(t, recorder))
  websocket.send(Buffer.from('ab'), { fin: false })
  websocket.send(Buffer.from('cd'), { fin: true })
  websocket.send(Buffer.from('efg'))
  websocket.send(Buffer.alloc(0))
  await until(() => connection.received.length === 7)
  assert.equal(connection.received.toString(), 'abcdefg')
})

test('frames that come byte by byte, and with the request, are read', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await wsListening(t, recorder))
  socket.setNoDelay(true)
  const bytes = Buffer.concat([Buffer.from(upgrade), frame(0x82, Buffer.from('one')), frame(0x82, Buffer.from('two'))])
  const split = upgrade.length + 4
  socket.write(bytes.subarray(0, split))
  for (const byte of bytes.subarray(split)) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const connection = await recorder.connection()
  await until(() => connection.received.toString() === 'onetwo')
})

test('a text frame ends the connection [MQTT-6.0.0-1]', async (t) => {
  const recorder = new Recorder()
  const [websocket, connection] = await opened(t, recorder, await wsListening(t, recorder))
  websocket.send('text')
  assert.equal(await next(websocket, 'close'), 1003)
  await until(() => connection.ends.length > 0)
  assert.deepEqual(
    connection.ends.map((cause) => cause?.message),
    ['the client sent a text frame'],
  )
  assert.equal(connection.received.length, 0)
})

test('mqttv3.1 is selected where only that is offered, mqtt where both are', async (t) => {
  const { url } = await wsListening(t, new Recorder())
  for (const [offered, selected] of [
    [['mqttv3.1'], 'mqttv3.1'],
    [['mqttv3.1', 'mqtt'], 'mqtt'],
    [['other', 'mqtt'], 'mqtt'],
  ] as const) {
    const websocket = dial(t, url, [...offered])
    await once(websocket, 'open')
    assert.equal(websocket.protocol, selected)
  }
})

test('a client that offers no MQTT subprotocol is refused with 400 [MQTT-6.0.0-3]', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  assert.equal(await refusedWith(dial(t, listener.url, ['chat'])), 400)
  assert.equal(await refusedWith(dial(t, listener.url, [])), 400)
  assert.equal(recorder.refusals[0]?.why, 'WebSocket subprotocol mqtt not offered')
  assert.equal(recorder.refusals[0]?.detail, '"chat"')
  await until(() => listener.connections === 0)
  assert.equal(recorder.refusals.length, 2)
})

test('only the path of the listener is answered; a query is ignored', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  const base = `ws://127.0.0.1:${portOf(listener)}`
  for (const path of ['/', '/mqtt/', '/MQTT', '/other']) assert.equal(await refusedWith(dial(t, base + path)), 404)
  assert.deepEqual([recorder.refusals[0]?.why, recorder.refusals[0]?.detail], ['WebSocket path unknown', '"/"'])
  await once(dial(t, `${base}/mqtt?token=1`), 'open')
})

test('browsers of foreign origins are refused; clients that are no browsers are not asked', async (t) => {
  const recorder = new Recorder()
  const { url } = await wsListening(t, recorder, { origins: ['https://example.org'] })
  assert.equal(await refusedWith(dial(t, url, ['mqtt'], { Origin: 'https://evil.example' })), 403)
  assert.equal(recorder.refusals[0]?.detail, '"https://evil.example"')
  await once(dial(t, url, ['mqtt'], { Origin: 'https://example.org' }), 'open')
  await once(dial(t, url), 'open')
})

test('an ordinary HTTP request gets a short answer and is closed', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  const answer = await raw(t, listener, 'GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 426 Upgrade Required\r\n/)
  assert.match(answer, /MQTT over WebSocket/)
  assert.equal(recorder.refusals[0]?.why, 'not a WebSocket request')
  await until(() => listener.connections === 0)
})

test('requests that are malformed, too large or not for WebSocket never reach the engine', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  assert.match(await raw(t, listener, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(
    await raw(t, listener, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  assert.match(await raw(t, listener, upgrade.replace('AAAAAAAAAAAAAAAAAAAAAA==', 'short')), /^HTTP\/1\.1 400 /)
  assert.match(await raw(t, listener, upgrade.replace('Version: 13', 'Version: 12')), /^HTTP\/1\.1 4(00|26) /)
  assert.match(await raw(t, listener, upgrade.replace('Upgrade: websocket', 'Upgrade: h2c')), /^HTTP\/1\.1 4/)
  await raw(t, listener, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')
  await raw(t, listener, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
  await until(() => listener.connections === 0 && recorder.refusals.length >= 7)
  assert.equal(recorder.connections.length, 0)
  assert.equal(recorder.refusals.length, 7)
})

test('a request that does not end, and a refused client that stays, are cut off at the deadline', async (t) => {
  const recorder = new Recorder()
  const clock = new FakeClock()
  const listener = await wsListening(t, recorder, {}, clock)
  const slow = await client(t, listener)
  slow.write('GET /mqtt HTTP/1.1\r\nHost: x\r\n')
  const silent = await client(t, listener)
  const staying = await client(t, listener, true)
  staying.write('GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n')
  await recorder.refusal()
  await until(() => listener.connections === 2)
  clock.advance(defaultListener.handshakeTimeout + 250)
  await Promise.all([everything(slow), everything(silent)])
  await until(() => listener.connections === 0)
  assert.equal(recorder.refusals.filter(({ why }) => why === 'handshake took too long').length, 2)
  assert.equal(recorder.refusals.length, 3)
})

test('frames that break RFC 6455 or are too large end the connection once', async (t) => {
  for (const bytes of [
    frame(0x83, Buffer.from('reserved opcode')),
    frame(0xc2, Buffer.from('reserved bit')),
    frame(0x80, Buffer.from('continuation of nothing')),
    Buffer.from([0x82, 0x01, 0x41]),
    Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from([0x82, 0xfe, 0x04, 0x01, 0, 0, 0, 0]),
  ]) {
    const recorder = new Recorder()
    const socket = await client(t, await wsListening(t, recorder, { maxPayload: 1_024 }))
    socket.write(upgrade)
    const connection = await recorder.connection()
    socket.write(bytes)
    await everything(socket)
    await until(() => connection.ends.length > 0)
    assert.equal(connection.ends.length, 1)
    assert.ok(connection.ends[0] instanceof Error)
    assert.equal(connection.received.length, 0)
  }
})

test('a ping is answered', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  const [websocket] = await opened(t, recorder, listener)
  websocket.ping('are you there?')
  assert.equal(String(await next(websocket, 'pong')), 'are you there?')
})

test('a client that sends pings without reading the answers is cut off', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await wsListening(t, recorder))
  socket.write(upgrade)
  const connection = await recorder.connection()
  while (connection.wire.write(Buffer.alloc(1_048_576)));
  socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x89, Buffer.alloc(100)))))
  await until(() => connection.ends.length > 0)
  assert.equal(connection.ends.length, 1)
})

test('write answers false when the receiver is behind, and drained says when it caught up', async (t) => {
  const recorder = new Recorder()
  const [websocket, connection] = await opened(t, recorder, await wsListening(t, recorder))
  websocket.pause()
  while (connection.wire.write(Buffer.alloc(262_144)));
  assert.equal(connection.drains, 0)
  websocket.resume()
  await until(() => connection.drains > 0)
})

test('pause stops reading until resume', async (t) => {
  const recorder = new Recorder()
  const [websocket, connection] = await opened(t, recorder, await wsListening(t, recorder))
  connection.wire.pause()
  websocket.send(Buffer.from('held'))
  await roundTrips(t)
  assert.equal(connection.received.length, 0)
  connection.wire.resume()
  await until(() => connection.received.length === 4)
})

test('close sends what was written, then closes orderly, and ignores later writes', async (t) => {
  const recorder = new Recorder()
  const [websocket, connection] = await opened(t, recorder, await wsListening(t, recorder))
  const messages: string[] = []
  websocket.on('message', (message) => messages.push(String(message)))
  connection.wire.write(Buffer.from('goodbye'))
  connection.wire.close()
  connection.wire.close()
  assert.equal(connection.wire.write(Buffer.from('late')), false)
  assert.equal(await next(websocket, 'close'), 1000)
  assert.deepEqual(messages, ['goodbye'])
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('a client that does not answer the close is cut off', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  const socket = await client(t, listener, true)
  socket.write(upgrade)
  const connection = await recorder.connection()
  connection.wire.close()
  await until(() => connection.ends.length > 0 && listener.connections === 0)
  assert.equal(connection.ends.length, 1)
})

test('destroy ends the connection at once; a reset is the cause of the end', async (t) => {
  const recorder = new Recorder()
  const listener = await wsListening(t, recorder)
  const [, first] = await opened(t, recorder, listener)
  first.wire.destroy()
  first.wire.destroy()
  await until(() => first.ends.length > 0)
  assert.equal(first.ends.length, 1)
  const socket = await client(t, listener)
  socket.write(upgrade)
  const second = await recorder.connection(1)
  socket.resetAndDestroy()
  await until(() => second.ends.length > 0 && listener.connections === 0)
  assert.equal(second.ends.length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListenerOptions } from '../../../src/listen/options.ts'
import { skip, tlsOptions } from './certificates.ts'
import { client, everything, listening, Recorder, until } from './kit.ts'
import { begin, certificatesOfFile, detailsOf, openTls, shaken } from './tls-kit.ts'

const made = certificatesOfFile()

/** Four ways to have TLS sockets made: over a handle or a socket, read by a wire or by HTTP. */
const listeners: readonly Partial<ListenerOptions>[] = [
  { transport: 'tls' },
  { transport: 'tls', proxyProtocol: 'v1' },
  { transport: 'wss' },
  { transport: 'wss', proxyProtocol: 'v1' },
]

const header = 'PROXY TCP4 192.0.2.1 192.0.2.2 4000 5000\r\n'

for (const options of listeners) {
  const { transport = '', proxyProtocol = 'off' } = options
  const proxied = proxyProtocol !== 'off'

  test(`however a handshake ends, its connection is counted off once (${transport}, PROXY ${proxyProtocol})`, {
    skip,
  }, async (t) => {
    const recorder = new Recorder()
    const tls = tlsOptions(made(), { clientCertificate: 'require' })
    const listener = await listening(t, recorder, { ...options, tls, maxConnectionsPerAddress: 3 })
    const plain = async (send: string) => {
      const socket = await client(t, listener)
      if (proxied) socket.write(header)
      if (send !== '') socket.write(send)
      return socket
    }
    const reset = await plain('\x16\x03\x01')
    const ended = await plain('\x16\x03\x01')
    const garbage = await plain('GET / HTTP/1.1\r\n\r\n')
    await until(() => recorder.refusals.length === 1)
    reset.resetAndDestroy()
    ended.end()
    await everything(garbage)
    await until(() => listener.connections === 0)

    // Within the limit again, or it would not get as far as this.
    for (let round = 0; round < (proxied ? 0 : 2); round++) await everything(begin(t, made(), listener))
    const silent = [await plain(''), await plain(''), await plain('')]
    await until(() => listener.connections === 3)
    await everything(await plain(''))
    await until(() => recorder.refusals.some(({ why }) => why === 'connection limit of the address'))
    assert.equal(listener.connections, 3)
    for (const socket of silent) socket.destroy()
    await until(() => listener.connections === 0)

    const failed = recorder.refusals.filter(({ why }) => why !== 'connection limit of the address')
    assert.equal(failed.length, proxied ? 6 : 8)
    assert.equal(recorder.connections.length, 0)
  })
}

test('a connection that got in over TLS is counted off once when it ends', { skip }, async (t) => {
  const recorder = new Recorder()
  const tls = tlsOptions(made())
  const listener = await listening(t, recorder, { transport: 'tls', tls, maxConnectionsPerAddress: 2 })
  for (let round = 0; round < 3; round++) {
    const sockets = [await shaken(t, made(), listener), await shaken(t, made(), listener)]
    await recorder.connection(2 * round + 1)
    assert.equal(listener.connections, 2)
    sockets[0]?.destroy()
    sockets[1]?.end()
    await until(() => listener.connections === 0)
  }
  assert.deepEqual(
    recorder.connections.map(({ ends }) => ends.length),
    [1, 1, 1, 1, 1, 1],
  )
  assert.deepEqual(recorder.refusals, [])
})

test('of the application protocols a client offers, the first that the listener names is spoken [RFC 7301, 3.2]', {
  skip,
}, async (t) => {
  const { listener, recorder } = await openTls(t, made(), { alpn: ['mqtt', 'x-amzn-mqtt-ca'] })
  const spoken: unknown[] = []
  for (const offer of [['x-amzn-mqtt-ca', 'mqtt'], ['other', 'x-amzn-mqtt-ca'], undefined]) {
    const socket = await shaken(t, made(), listener, offer === undefined ? {} : { ALPNProtocols: offer })
    spoken.push([socket.alpnProtocol, (await detailsOf(recorder, spoken.length)).alpn])
  }
  assert.deepEqual(spoken, [
    ['mqtt', 'mqtt'],
    ['x-amzn-mqtt-ca', 'x-amzn-mqtt-ca'],
    [false, null],
  ])
})

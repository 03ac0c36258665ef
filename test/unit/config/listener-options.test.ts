import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenerOptionsOf } from '../../../src/config/listener-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { ListenerOptions } from '../../../src/listen/options.ts'

test('a listener without options has the place its URL names and the defaults of the schema', () => {
  const config = loadConfig({ commandLine: { listen: ['ws://[::1]:0/chat', 'unix:/run/petaltail.sock'] } })
  const options: readonly ListenerOptions[] = listenerOptionsOf(config)
  const [web, local] = options
  assert.deepEqual(web, {
    transport: 'ws',
    host: '::1',
    port: 0,
    path: '',
    mode: 0o660,
    rules: { name: 'ws://[::1]:0/chat', connectTimeout: 10_000, allowAnonymous: true, durability: 'sync' },
    tls: null,
    websocket: { path: '/chat', origins: [], maxPayload: 2_097_152 + 65_536 },
    proxyProtocol: 'off',
    maxConnections: 100_000,
    maxConnectionsPerAddress: 20_000,
    connectionRate: 5_000,
    connectionBurst: 20_000,
    handshakeTimeout: 10_000,
  })
  assert.equal(local?.transport, 'unix')
  assert.equal(local?.path, '/run/petaltail.sock')
})

test('the host * stands for every address, IPv6 and IPv4', () => {
  const config = loadConfig({ commandLine: { listen: ['mqtt://*:1883'], allowAnonymous: true } })
  assert.equal(listenerOptionsOf(config)[0]?.host, '::')
})

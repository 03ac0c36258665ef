import assert from 'node:assert/strict'
import { test } from 'node:test'
import { variableNames } from '../../../src/config/environment.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { mistakes, mistakesOf, temporaryFile } from './kit.ts'

test('variables set options of every kind', () => {
  const config = loadConfig({
    environment: {
      PETALTAIL_ALLOW_ANONYMOUS: 'true',
      PETALTAIL_LIMITS_MAXIMUM_PACKET_SIZE: '64KiB',
      PETALTAIL_LIMITS_RECEIVE_MAXIMUM: '12',
      PETALTAIL_SESSION_MAXIMUM_EXPIRY: '2h',
      PETALTAIL_SHUTDOWN_TIMEOUT: '3',
      PETALTAIL_FEATURES_MAXIMUM_QOS: '1',
      PETALTAIL_QUEUE_POLICY: 'disconnect',
      PETALTAIL_FEATURES_RESPONSE_INFORMATION: 'replies/',
      UNRELATED: 'x',
    },
  })
  assert.equal(config.allowAnonymous, true)
  assert.equal(config.limits.maximumPacketSize, 65_536)
  assert.equal(config.limits.receiveMaximum, 12)
  assert.equal(config.session.maximumExpiry, 7_200)
  assert.equal(config.shutdownTimeout, 3_000)
  assert.equal(config.features.maximumQos, 1)
  assert.equal(config.queue.policy, 'disconnect')
  assert.equal(config.features.responseInformation, 'replies/')
})

test('PETALTAIL_LISTEN lists the listeners, and numbered variables say more of each', () => {
  const { listeners } = loadConfig({
    environment: {
      PETALTAIL_LISTENERS_1_WEBSOCKET_ORIGINS: 'https://a.example, https://b.example',
      PETALTAIL_LISTENERS_1_CONNECTION_RATE_BURST: '5',
      PETALTAIL_LISTEN: 'mqtt://127.0.0.1:1, ws://127.0.0.1:2/x',
    },
  })
  assert.deepEqual(
    listeners.map(({ url }) => url),
    ['mqtt://127.0.0.1:1', 'ws://127.0.0.1:2/x'],
  )
  assert.deepEqual(listeners[1]?.websocket?.origins, ['https://a.example', 'https://b.example'])
  assert.equal(listeners[1]?.connectionRate.burst, 5)
})

test('a variable changes one option of a listener in the file', () => {
  using file = temporaryFile('broker.yaml', 'listeners:\n  - mqtt://127.0.0.1:1\n  - mqtt://127.0.0.1:2\n')
  const { listeners } = loadConfig({ file: file.path, environment: { PETALTAIL_LISTENERS_1_MAX_CONNECTIONS: 'none' } })
  assert.equal(listeners[0]?.maxConnections, 100_000)
  assert.equal(listeners[1]?.maxConnections, 0)
})

test('a variable with _FILE reads its value from a file, without the end of the last line', () => {
  using secret = temporaryFile('secret', 'replies/\n')
  const config = loadConfig({ environment: { PETALTAIL_FEATURES_RESPONSE_INFORMATION_FILE: secret.path } })
  assert.equal(config.features.responseInformation, 'replies/')
})

test('for an option that is a file name, _FILE is the name and not its content', () => {
  const { listeners } = loadConfig({
    environment: {
      PETALTAIL_LISTENERS_0_URL: 'mqtts://127.0.0.1:0',
      PETALTAIL_LISTENERS_0_TLS_KEY_FILE: '/run/secrets/key.pem',
      PETALTAIL_LISTENERS_0_TLS_CERTIFICATE: 'cert.pem',
    },
  })
  assert.equal(listeners[0]?.tls?.key, '/run/secrets/key.pem')
})

test('a secret file that is missing, too large, or given beside the plain variable is a mistake', () => {
  using large = temporaryFile('large', Buffer.alloc(65_537, 'x'))
  const read = (environment: Record<string, string>) => mistakesOf(() => loadConfig({ environment }))
  assert.match(read({ PETALTAIL_LOG_LEVEL_FILE: '/nonexistent' })[0] ?? '', /^PETALTAIL_LOG_LEVEL_FILE: .*no such file/)
  assert.match(read({ PETALTAIL_LOG_LEVEL_FILE: large.path })[0] ?? '', /larger than 64 KiB/)
  assert.match(read({ PETALTAIL_LOG_LEVEL_FILE: large.path, PETALTAIL_LOG_LEVEL: 'info' })[0] ?? '', /set only one/)
})

test('an unknown variable is a mistake with a suggestion', () => {
  assert.deepEqual(mistakes('', { PETALTAIL_QUEUE_BYTE: '3' }), [
    'PETALTAIL_QUEUE_BYTE: unknown variable, did you mean "PETALTAIL_QUEUE_BYTES"?',
  ])
})

test('a wrong value names the variable it came from', () => {
  assert.match(
    mistakes('log: { level: info }', { PETALTAIL_LOG_LEVEL: 'loud' })[0] ?? '',
    /^PETALTAIL_LOG_LEVEL: must be "trace"/,
  )
})

test('what Kubernetes sets for a service called petaltail is let alone', () => {
  const environment = {
    PETALTAIL_SERVICE_HOST: '10.0.0.1',
    PETALTAIL_SERVICE_PORT_MQTT: '1883',
    PETALTAIL_PORT: 'tcp://10.0.0.1:1883',
    PETALTAIL_PORT_1883_TCP_ADDR: '10.0.0.1',
  }
  assert.deepEqual(mistakes('', environment), [])
})

test('no two options have the same variable', () => {
  const names = variableNames()
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length > 50)
})

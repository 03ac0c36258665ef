import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '../../../src/base/errors.ts'
import { defaultListenerUrls, hasDefaultListeners } from '../../../src/config/listeners.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { load, mistakes, mistakesOf, temporaryFile } from './kit.ts'

test('an empty file is a valid configuration with the listeners on loopback', () => {
  const config = load('')
  assert.deepEqual(
    config.listeners.map(({ url }) => url),
    defaultListenerUrls,
  )
  assert.ok(hasDefaultListeners(config))
  assert.equal(config.log.level, 'info')
})

test('an option takes the place of its default and leaves the others alone', () => {
  const config = load('limits:\n  maximum_packet_size: 64KiB\nlog: { level: debug }\n')
  assert.equal(config.limits.maximumPacketSize, 65_536)
  assert.equal(config.limits.maximumTopicLevels, 128)
  assert.equal(config.log.level, 'debug')
})

test('a section with nothing in it means its defaults', () => {
  assert.equal(load('limits:\nqueue:\n').queue.policy, 'drop-oldest')
})

test('durations may be numbers of seconds or have a unit, and some have words', () => {
  const config = load('session: { maximum_expiry: 7d }\nlimits: { maximum_keep_alive: none }\nshutdown_timeout: 2.5\n')
  assert.equal(config.session.maximumExpiry, 604_800)
  assert.equal(config.limits.maximumKeepAlive, 0)
  assert.equal(config.shutdownTimeout, 2_500)
  assert.equal(load('session: { maximum_expiry: never }').session.maximumExpiry, 0xffff_ffff)
})

test('a listener may be a plain URL', () => {
  assert.deepEqual(
    load('listeners:\n  - mqtt://127.0.0.1:0\n  - url: unix:/a\n    mode: "0600"\n').listeners.map(({ url, mode }) => [
      url,
      mode,
    ]),
    [
      ['mqtt://127.0.0.1:0', 0o660],
      ['unix:/a', 0o600],
    ],
  )
})

test('every mistake is reported with its line and column', () => {
  const text = [
    'lisen: 1',
    'limits:',
    '  maximum_packet_size: many',
    '  receive_maximum: 0',
    'log:',
    '  level: loud',
    '',
  ].join('\n')
  assert.deepEqual(mistakes(text), [
    'broker.yaml:1:1: unknown option "lisen", did you mean "listeners"?',
    'broker.yaml:6:10: log.level must be "trace", "debug", "info", "warn", "error" or "silent", not "loud"',
    'broker.yaml:3:24: limits.maximum_packet_size must be a size such as 4096 or 256KiB, from 128B to 268435460, not "many"',
    'broker.yaml:4:20: limits.receive_maximum must be a whole number, from 1 to 65535, not 0',
  ])
})

test('an unknown option deep in a list is found where it stands', () => {
  const text = 'listeners:\n  - url: mqtt://127.0.0.1:1\n    conect_timeout: 4\n'
  assert.deepEqual(mistakes(text), [
    'broker.yaml:3:5: unknown option "conect_timeout", did you mean "connect_timeout"?',
  ])
})

test('an option in the spelling of the program is unknown in a file', () => {
  assert.deepEqual(mistakes('shutdownTimeout: 1'), [
    'broker.yaml:1:1: unknown option "shutdownTimeout", did you mean "shutdown_timeout"?',
  ])
})

test('an option given twice is a mistake, as is a YAML error', () => {
  assert.deepEqual(mistakes('allow_anonymous: true\nallow_anonymous: true\n'), [
    'broker.yaml:2:1: the option "allow_anonymous" is given twice',
  ])
  assert.match(mistakes('limits: { a: [1\n')[0] ?? '', /^broker\.yaml:\d+:\d+: /)
})

test('a permission that YAML would read as a decimal number is refused', () => {
  assert.match(mistakes('listeners: [{ url: "unix:/a", mode: 0660 }]')[0] ?? '', /octal digits in quotes/)
})

test('values of the wrong kind are told what is accepted', () => {
  assert.match(mistakes('limits: 3')[0] ?? '', /limits must be a section of options, not 3$/)
  assert.match(mistakes('listeners: 3')[0] ?? '', /listeners must be a list, not 3$/)
  assert.match(mistakes('- a\n- b\n')[0] ?? '', /must be a section of options, not a list$/)
  assert.match(mistakes('queue: { qos0: yes }')[0] ?? '', /queue\.qos0 must be true or false, not "yes"$/)
  assert.match(mistakes('queue: { policy: }')[0] ?? '', /queue\.policy is empty/)
})

test('a file that is not there has an error code of its own', () => {
  assert.throws(() => loadConfig({ file: '/nonexistent/broker.yaml' }), { code: 'CONFIG_FILE_UNREADABLE' })
  assert.throws(() => loadConfig({ file: '/' }), { code: 'CONFIG_FILE_UNREADABLE' })
})

test('a file over 128 KiB is refused unread, an endless one too', () => {
  using file = temporaryFile('broker.yaml', '#'.repeat(131_073))
  assert.match(mistakesOf(() => loadConfig({ file: file.path }))[0] ?? '', /larger than 128 KiB/)
  if (process.platform !== 'linux') return
  assert.match(mistakesOf(() => loadConfig({ file: '/dev/zero' }))[0] ?? '', /larger than 128 KiB/)
})

test('aliases that multiply are refused, plain ones work', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++) {
    const [name, below] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)]
    bomb.push(`${name}: &${name} [${`*${below}, `.repeat(9)}]`)
  }
  assert.ok(mistakes(bomb.join('\n')).length > 0)
  const text =
    'listeners:\n  - { url: "mqtt://127.0.0.1:1", connection_rate: &rate { burst: 7 } }\n  - { url: "mqtt://127.0.0.1:2", connection_rate: *rate }\n'
  assert.equal(load(text).listeners[1]?.connectionRate.burst, 7)
})

test('nesting without end, ten thousand keys, binary data and prototype names are mistakes and nothing more', () => {
  assert.ok(mistakes('['.repeat(10_000)).length > 0)
  assert.ok(mistakes('a: '.repeat(5_000)).length > 0)
  assert.ok(mistakes(Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`).join('\n')).length > 0)
  assert.ok(mistakes('\0\x01\x02: \xff\n').length > 0)
  assert.deepEqual(mistakes('__proto__: { polluted: true }\nconstructor: 1\n').length, 2)
  assert.equal('polluted' in {}, false)
})

test('the command line overrules the environment, and that overrules the file', () => {
  using file = temporaryFile('broker.yaml', 'log: { level: warn }\nlisteners: [mqtt://127.0.0.1:1]\n')
  const environment = { PETALTAIL_LOG_LEVEL: 'error', PETALTAIL_LISTEN: 'mqtt://127.0.0.1:2' }
  assert.equal(loadConfig({ file: file.path }).log.level, 'warn')
  assert.equal(loadConfig({ file: file.path, environment }).log.level, 'error')
  const commandLine = { logLevel: 'debug', listen: ['mqtt://127.0.0.1:3'] }
  const config = loadConfig({ file: file.path, environment, commandLine })
  assert.equal(config.log.level, 'debug')
  assert.equal(config.listeners[0]?.url, 'mqtt://127.0.0.1:3')
})

test('a mistake on the command line names the option', () => {
  assert.deepEqual(
    mistakesOf(() => loadConfig({ commandLine: { listen: ['http://x'], logLevel: 'loud', store: '' } })).map(
      (line) => line.split(':')[0],
    ),
    ['--listen', '--store', '--log-level'],
  )
})

test('the error is a BrokerError that says all in its message', () => {
  assert.throws(
    () => load('a: 1\nb: 2\n'),
    (error) =>
      error instanceof BrokerError && error.code === 'CONFIG_INVALID' && error.message.split('\n').length === 2,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, parseListenAddress } from '../../../src/config/address.ts'
import { allowsAnonymous, refuseUnprotected } from '../../../src/config/listeners.ts'
import { load, mistakes } from './kit.ts'

test('listener URLs are taken apart, with the usual port of each scheme', () => {
  assert.deepEqual(parseListenAddress('mqtt://127.0.0.1'), {
    transport: 'tcp',
    host: '127.0.0.1',
    port: 1883,
    path: null,
  })
  assert.deepEqual(parseListenAddress('mqtts://[::1]:1'), { transport: 'tls', host: '::1', port: 1, path: null })
  assert.deepEqual(parseListenAddress('ws://a.example/b'), {
    transport: 'ws',
    host: 'a.example',
    port: 8083,
    path: '/b',
  })
  assert.deepEqual(parseListenAddress('wss://*:80/'), { transport: 'wss', host: '', port: 80, path: null })
  assert.deepEqual(parseListenAddress('unix:/run/a.sock'), { transport: 'unix', path: '/run/a.sock' })
  assert.deepEqual(parseListenAddress('unix:///run/a.sock'), { transport: 'unix', path: '/run/a.sock' })
})

test('texts that are no listener URL are answered with what is wrong', () => {
  for (const text of [
    '',
    'mqtt',
    'http://a',
    'mqtt://a:b',
    'mqtt://a:99999',
    'mqtt://a/b',
    'mqtt://u@a',
    'unix:a',
    'unix:',
    `unix:/${'x'.repeat(200)}`,
  ]) {
    assert.equal(typeof parseListenAddress(text), 'string', text)
  }
})

test('loopback is what only this machine can reach', () => {
  const local = (url: string) => {
    const address = parseListenAddress(url)
    return typeof address !== 'string' && isLoopback(address)
  }
  for (const url of ['mqtt://127.0.0.1', 'mqtt://127.9.9.9', 'mqtt://localhost', 'ws://[::1]', 'unix:/a'])
    assert.ok(local(url), url)
  for (const url of ['mqtt://0.0.0.0', 'mqtt://*', 'mqtt://[::]', 'mqtt://10.0.0.1', 'mqtt://127.0.0.1.example'])
    assert.ok(!local(url), url)
})

test('a listener other machines reach needs authenticators and rules, unless anonymous clients are allowed', () => {
  assert.throws(() => refuseUnprotected(load('listeners: [mqtt://0.0.0.0:1883]')), { code: 'ANONYMOUS_NOT_LOOPBACK' })
  refuseUnprotected(load('listeners: [mqtt://0.0.0.0:1883]\nallow_anonymous: true'))
  refuseUnprotected(load('listeners: [{ url: "mqtt://0.0.0.0:1883", allow_anonymous: true }]'))
  refuseUnprotected(load('listeners: [mqtt://127.0.0.1:1883]'))
  const asked = 'listeners: [mqtt://0.0.0.0:1883]\nauthenticators: [{ password: { file: users } }]'
  assert.throws(() => refuseUnprotected(load(asked)), { code: 'ACCESS_NOT_CONFIGURED' })
  refuseUnprotected(load(`${asked}\naccess: { otherwise: allow }`))
  refuseUnprotected(load(asked.replace('0.0.0.0', '127.0.0.1')))
  const none = 'authenticators: [{ password: { file: users } }]\nlisteners: [{ url: "mqtt://*:1", authenticators: [] }]'
  assert.throws(() => refuseUnprotected(load(none)), { code: 'ANONYMOUS_NOT_LOOPBACK' })
})

test('where clients are asked who they are, anonymous ones are let in only if that was said', () => {
  const config = load(`
authenticators: [{ password: { file: users } }]
listeners:
  - mqtt://127.0.0.1:1
  - { url: mqtt://127.0.0.1:2, allow_anonymous: true }
  - { url: mqtt://127.0.0.1:3, authenticators: [] }
`)
  assert.deepEqual(
    config.listeners.map((listener) => allowsAnonymous(config, listener)),
    [false, true, true],
  )
})

test('a listener says for itself whether anonymous clients are let in', () => {
  const config = load('listeners: [{ url: "mqtt://127.0.0.1", allow_anonymous: false }, "mqtt://[::1]"]')
  assert.deepEqual(
    config.listeners.map((listener) => allowsAnonymous(config, listener)),
    [false, true],
  )
})

test('TLS options stand where there is TLS, and only there', () => {
  assert.deepEqual(mistakes('listeners: [mqtts://127.0.0.1:1]'), [])
  assert.match(mistakes('listeners: [{ url: "mqtt://127.0.0.1:1", tls: { certificate: a, key: b } }]')[0] ?? '', /only/)
  assert.match(
    mistakes('listeners: [{ url: "mqtts://127.0.0.1:1", tls: { certificate: a } }]')[0] ?? '',
    /needs a "key" for its certificate/,
  )
})

test('WebSocket options stand where there is WebSocket, and agree with the URL', () => {
  assert.match(mistakes('listeners: [{ url: "mqtt://127.0.0.1:1", websocket: { path: /a } }]')[0] ?? '', /only/)
  assert.match(
    mistakes('listeners: [{ url: "ws://127.0.0.1:1/b", websocket: { path: /a } }]')[0] ?? '',
    /the URL says \/b/,
  )
  assert.match(mistakes('listeners: [{ url: "ws://127.0.0.1:1", websocket: { path: a } }]')[0] ?? '', /begin with/)
})

test('the same address twice is a mistake, the port 0 twice is not', () => {
  assert.match(
    mistakes('listeners: [mqtt://127.0.0.1:1, mqtt://127.0.0.1:1]')[0] ?? '',
    /same address as listeners\[0\]/,
  )
  assert.deepEqual(mistakes('listeners: [mqtt://127.0.0.1:0, mqtt://127.0.0.1:0]'), [])
})

test('listeners that differ have names that differ', () => {
  const two = 'listeners: [{ url: "mqtt://127.0.0.1:0", name: a }, { url: "mqtt://127.0.0.1:1", name: a }]'
  assert.match(mistakes(two)[0] ?? '', /listeners\[1\] has the name of another, "a"/)
})

test('one wrong listener does not hide what is wrong with another', () => {
  assert.equal(mistakes('listeners: [bogus, { url: "mqtt://127.0.0.1:1", tls: {} }]').length, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTargetUrl, targetOf, targetText } from '../../../src/cli/client/target.ts'

test('a URL has user, password, host, port and topic', () => {
  assert.deepEqual(parseTargetUrl('mqtt://ann:s%2Fc@broker.example:1/a/b%20c/+/%23'), {
    target: { kind: 'tcp', host: 'broker.example', port: 1 },
    username: 'ann',
    password: 's/c',
    topic: 'a/b c/+/#',
  })
  assert.deepEqual(parseTargetUrl('mqtts://[::1]').target, { kind: 'tls', host: '::1', port: 8883 })
})

test('a fragment of a URL is part of the topic, for it is a wildcard', () => {
  assert.equal(parseTargetUrl('mqtt://h/a/#').topic, 'a/#')
})

test('the path of a WebSocket URL is no topic', () => {
  assert.deepEqual(parseTargetUrl('ws://h/chat'), {
    target: { kind: 'ws', host: 'h', port: 8083, path: '/chat' },
    username: null,
    password: null,
    topic: null,
  })
  assert.deepEqual(parseTargetUrl('wss://h:443').target, { kind: 'wss', host: 'h', port: 443, path: '/mqtt' })
  assert.deepEqual(parseTargetUrl('ws://h:80/').target, { kind: 'ws', host: 'h', port: 80, path: '/mqtt' })
})

test('other URLs are refused', () => {
  for (const text of ['', 'x', 'http://h', 'mqtt://', 'mqtt:h', 'file:///a']) {
    assert.throws(() => parseTargetUrl(text), { name: 'Failure' }, text)
  }
})

test('each kind of connection has its usual port', () => {
  assert.deepEqual(
    [
      targetOf('h', undefined, false, null),
      targetOf('h', undefined, true, null),
      targetOf('h', undefined, false, '/mqtt'),
      targetOf('h', 7, true, '/x'),
    ].map(targetText),
    ['h:1883', 'h:8883', 'h:8083', 'h:7'],
  )
})

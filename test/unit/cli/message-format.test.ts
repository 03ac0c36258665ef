import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IPublishPacket } from 'mqtt'
import { compileFormat } from '../../../src/cli/client/message-format.ts'
import type { Received } from '../../../src/cli/client/received.ts'

const packet: IPublishPacket = {
  cmd: 'publish',
  topic: 'a/b',
  payload: Buffer.from('hi\xff', 'latin1'),
  qos: 1,
  retain: true,
  dup: false,
  messageId: 7,
  properties: {
    contentType: 'text',
    userProperties: { k: ['v', 'w'], l: 'x' },
    subscriptionIdentifier: [3, 4],
    messageExpiryInterval: 60,
    payloadFormatIndicator: false,
    responseTopic: 'r',
    correlationData: Buffer.from('c'),
  },
}

const message: Received = {
  topic: 'a/b',
  payload: Buffer.from('hi\xff', 'latin1'),
  packet,
  time: new Date(2026, 1, 3, 4, 5, 6).getTime() + 7.25,
}

function formatted(format: string): string {
  return compileFormat(format)(message).toString('latin1')
}

test('every field of a message can be printed', () => {
  assert.equal(formatted('%t %p %q %r %m %l'), 'a/b hi\xff 1 1 7 3')
  assert.equal(formatted('%x %X'), '6869ff 6869FF')
  assert.equal(formatted('%C|%P|%S|%E|%F|%R|%D|%A'), 'text|k:v k:w l:x|3,4|60|0|r|c|')
  assert.equal(formatted('100%%'), '100%')
})

test('fields take a width, a fill, an alignment and a largest width', () => {
  assert.equal(formatted('%6t|%-6t|%06l|%-06l|%1.2t|%06t'), '   a/b|a/b   |000003|3     |a/|   a/b')
})

test('times are printed in local time, by the letters of strftime', () => {
  assert.equal(
    formatted('@Y-@m-@d @H:@M:@S @j @a @b @e @y @I@p @@ @N'),
    '2026-02-03 04:05:06 034 Tue Feb  3 26 04AM @ 007000000',
  )
  assert.match(formatted('%I'), /^2026-02-03T04:05:06[+-]\d{4}$/)
  assert.match(formatted('%U'), /^\d+\.007250000$/)
})

test('escapes stand for characters that are hard to type', () => {
  assert.equal(formatted('\\n\\t\\0\\e\\a\\\\'), '\n\t\0\x1b\x07\\')
})

test('a format that has no meaning is refused before anything is printed', () => {
  for (const format of ['%z', '@!', '\\q', '%_', '%5'])
    assert.throws(() => compileFormat(format), { name: 'Failure' }, format)
})

test('%j escapes any payload, %J takes one that is JSON as it is', () => {
  const text: Received = { ...message, payload: Buffer.from('{"n": 1.0}') }
  const plain: unknown = JSON.parse(compileFormat('%j')(text).toString())
  assert.ok(typeof plain === 'object' && plain !== null && 'payload' in plain)
  assert.equal(plain.payload, '{"n": 1.0}')
  assert.ok(compileFormat('%J')(text).toString().endsWith(',"payload":{"n": 1.0}}'))
})

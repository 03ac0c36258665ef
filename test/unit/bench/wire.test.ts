import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from 'mqtt-packet'
import {
  connectPacket,
  disconnectPacket,
  publishBytes,
  publishTemplate,
  readHeader,
  subscribePacket,
  writePublishHead,
} from '../../../src/cli/bench/wire.ts'

const payload = Buffer.alloc(64, 'abcdefghijklmnopqrstuvwxyz0123456789')

test('CONNECT is what another encoder makes of it', () => {
  const expected = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: 'b12-0-3',
    keepalive: 600,
  })
  assert.deepEqual(connectPacket('b12-0-3', true, 600), expected)
})

test('CONNECT with a user name and a password is what another encoder makes of it', () => {
  const expected = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: false,
    clientId: 'b1',
    keepalive: 60,
    username: 'user-7',
    password: Buffer.from('bench'),
  })
  assert.deepEqual(connectPacket('b1', false, 60, { username: 'user-7', password: 'bench' }), expected)
})

test('SUBSCRIBE is what another encoder makes of it', () => {
  const filters = Array.from({ length: 100 }, (_, index) => `a/${index}/+`)
  const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }))
  const expected = generate({ cmd: 'subscribe', messageId: 515, subscriptions })
  assert.deepEqual(subscribePacket(515, filters, 1), expected)
})

test('DISCONNECT is what another encoder makes of it', () => {
  assert.deepEqual(disconnectPacket, generate({ cmd: 'disconnect' }))
})

for (const qos of [0, 1, 2] as const) {
  test(`a PUBLISH template of QoS ${qos} is what another encoder makes of it`, () => {
    const template = publishTemplate('pipe/0/data', qos, true, 64)
    const bytes = Buffer.from(template.bytes)
    if (qos !== 0) bytes.writeUInt16BE(777, template.packetIdAt)
    assert.deepEqual(bytes, published('pipe/0/data', qos, true))
    assert.deepEqual(bytes.subarray(template.payloadAt), payload)
  })

  test(`a PUBLISH of QoS ${qos} written in place is what another encoder makes of it`, () => {
    for (const topic of ['t', 'ret/g99/99999/value', 'long/'.repeat(20)]) {
      const expected = published(topic, qos, false)
      assert.equal(publishBytes(topic, qos, 64), expected.length)
      const out = Buffer.alloc(expected.length + 3)
      const at = writePublishHead(out, 3, topic, qos, false, 777, 64)
      payload.copy(out, at)
      assert.deepEqual(out.subarray(3), expected)
    }
  })
}

test('a header is read when it is complete and not before', () => {
  const bounds = { body: 0, end: 0 }
  const bytes = Buffer.from([0xff, 0x30, 0x80, 0x80, 0x01])
  readHeader(bytes, 1, 4, bounds)
  assert.equal(bounds.end, 0)
  readHeader(bytes, 1, 5, bounds)
  assert.deepEqual(bounds, { body: 5, end: 5 + 16_384 })
})

test('a length of five bytes is malformed', () => {
  const bounds = { body: 0, end: 0 }
  readHeader(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]), 0, 6, bounds)
  assert.equal(bounds.end, -1)
})

function published(topic: string, qos: 0 | 1 | 2, retain: boolean): Buffer {
  return generate({ cmd: 'publish', topic, qos, retain, dup: false, messageId: 777, payload })
}

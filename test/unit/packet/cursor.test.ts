import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cursor } from '../../../src/packet/cursor.ts'
import { hex } from '../../kit/bytes.ts'

function over(bytes: Buffer, start = 0, end = bytes.length): Cursor {
  return new Cursor().reset(bytes, start, end)
}

test('fields are read in order, numbers with the highest byte first [MQTT §1.5.2] [MQTT §1.5.3]', () => {
  const cursor = over(hex`07 0102 01020304 0003 616263 0002 ff00`)
  assert.equal(cursor.byte(), 7)
  assert.equal(cursor.uint16(), 0x0102)
  assert.equal(cursor.uint32(), 0x01020304)
  assert.equal(cursor.text(), 'abc')
  assert.deepEqual(cursor.binary(), hex`ff00`)
  assert.equal(cursor.failed, false)
  assert.equal(cursor.done, true)
})

test('numbers with the highest bit set are not negative', () => {
  assert.equal(over(hex`ffffffff`).uint32(), 0xffff_ffff)
  assert.equal(over(hex`ffff`).uint16(), 0xffff)
})

test('a field that begins inside the bounds and ends outside fails, although the buffer goes on', () => {
  const bytes = hex`0003 616263 ffffffff`
  const empty = Buffer.alloc(0)
  for (const [read, end, nothing] of [
    ['byte', 0, 0],
    ['uint16', 1, 0],
    ['uint32', 3, 0],
    ['text', 4, ''],
    ['binary', 4, empty],
  ] as const) {
    const cursor = over(bytes, 0, end)
    assert.deepEqual(cursor[read](), nothing, read)
    assert.equal(cursor.failed, true, read)
  }
})

test('after a failure every read answers zero or empty and the cursor does not move', () => {
  const cursor = over(hex`01`)
  cursor.uint16()
  const { at } = cursor
  assert.deepEqual([cursor.byte(), cursor.uint16(), cursor.uint32(), cursor.varint(), cursor.text()], [0, 0, 0, 0, ''])
  assert.equal(cursor.binary().length, 0)
  assert.equal(cursor.at, at)
  assert.equal(cursor.failed, true)
  assert.equal(cursor.done, true)
})

test('reset forgets an earlier failure', () => {
  const cursor = over(hex`01`)
  cursor.uint32()
  assert.equal(cursor.reset(hex`0005`, 0, 2).uint16(), 5)
  assert.equal(cursor.failed, false)
})

test('a Variable Byte Integer has one to four bytes [MQTT §1.5.5]', () => {
  for (const [bytes, value] of [
    [hex`00`, 0],
    [hex`7f`, 127],
    [hex`8001`, 128],
    [hex`ff7f`, 16_383],
    [hex`808001`, 16_384],
    [hex`ffff7f`, 2_097_151],
    [hex`80808001`, 2_097_152],
    [hex`ffffff7f`, 268_435_455],
  ] as const) {
    const cursor = over(bytes)
    assert.equal(cursor.varint(), value)
    assert.equal(cursor.failed, false)
    assert.equal(cursor.done, true)
  }
})

test('a Variable Byte Integer longer than its value needs, than four bytes or than the packet fails [MQTT-1.5.5-1]', () => {
  for (const bytes of [
    hex`8000`,
    hex`ff00`,
    hex`808000`,
    hex`80808000`,
    hex`8080808001`,
    hex`80`,
    hex`ffffff`,
    hex``,
  ]) {
    const cursor = over(bytes)
    assert.equal(cursor.varint(), 0)
    assert.equal(cursor.failed, true, bytes.toString('hex'))
  }
})

test('binary data is a copy: the read buffer may be used again', () => {
  const bytes = hex`0002 0102`
  const data = over(bytes).binary()
  bytes.fill(0xee)
  assert.deepEqual(data, hex`0102`)
})

test('a string that is not well-formed UTF-8 fails the packet [MQTT-1.5.4-1]', () => {
  const cursor = over(hex`0002 c328 05`)
  assert.equal(cursor.text(), '')
  assert.equal(cursor.failed, true)
  assert.equal(cursor.byte(), 0)
})

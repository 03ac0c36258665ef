import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type EncodableTopic,
  type PublishExtras,
  publishPropertiesLength,
  varintLength,
  writePublish,
  writeVarint,
} from '../../../src/packet/encode-publish.ts'
import { Slab } from '../../../src/packet/slab.ts'
import type { Version } from '../../../src/packet/types.ts'
import { hex, varint } from '../../kit/bytes.ts'

const plain: PublishExtras = { expiry: -1, alias: 0, aliasKnown: false, identifiers: null }

/** A topic as those who know topics give it: its bytes only where they are not the characters. */
function topicOf(text: string): EncodableTopic {
  const bytes = Buffer.from(text)
  return { text, bytes: bytes.length === text.length ? null : bytes, length: bytes.length }
}

interface Written {
  readonly bytes: Buffer
  readonly idAt: number
}

/** A PUBLISH of which the payload, `payload` bytes, is still to follow, written at some place of a slab. */
function write(
  version: Version,
  first: number,
  id: number,
  topic: string,
  extras = plain,
  properties: Buffer | null = null,
  payload = 0,
): Written {
  const name = topicOf(topic)
  const length = version === 5 ? publishPropertiesLength(extras, properties) : 0
  const propertySection = version === 5 ? varintLength(length) + length : 0
  const body = 2 + (extras.aliasKnown ? 0 : name.length) + (id === 0 ? 0 : 2) + propertySection + payload
  const slab = new Slab(100_000)
  slab.at = 11
  const idAt = writePublish(slab, first, id, version, name, extras, properties, length, body)
  return { bytes: Buffer.from(slab.bytes.subarray(11, slab.at)), idAt }
}

test('a Variable Byte Integer takes as many bytes as its value needs and no more [MQTT-1.5.5-1]', () => {
  for (const value of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
    const to = Buffer.alloc(8, 0xee)
    const end = writeVarint(to, 2, value)
    assert.deepEqual(to.subarray(2, end), varint(value))
    assert.equal(end - 2, varintLength(value))
    assert.equal(to[end], 0xee)
  }
})

test('PUBLISH of QoS 0 has topic and length, in MQTT 5 with an empty property section [MQTT §3.3]', () => {
  assert.deepEqual(write(4, 0x31, 0, 'a/b', plain, null, 2).bytes, hex`31 07 0003 612f62`)
  assert.deepEqual(write(5, 0x30, 0, 'a', plain, null, 2).bytes, hex`30 06 0001 61 00`)
})

test('it says where the packet identifier stands, so that the next receiver gets its own', () => {
  const short = write(4, 0x32, 0x1234, 'a')
  assert.deepEqual(short.bytes, hex`32 05 0001 61 1234`)
  assert.equal(short.bytes.readUInt16BE(short.idAt), 0x1234)
  const long = write(5, 0x34, 0xfedc, 'a'.repeat(200), plain, null, 20_000)
  assert.equal(long.bytes.readUInt16BE(long.idAt), 0xfedc)
  assert.equal(write(4, 0x30, 0, 'a').idAt, 0)
})

test('short and long topics, of ASCII and of other characters, are written whole', () => {
  for (const topic of ['a', 'ä'.repeat(12), 'a'.repeat(24), 'a'.repeat(25), '€'.repeat(10_000)]) {
    const { bytes } = write(4, 0x30, 0, topic)
    const at = 1 + varintLength(2 + Buffer.byteLength(topic))
    assert.equal(bytes.readUInt16BE(at), Buffer.byteLength(topic))
    assert.equal(bytes.toString('utf8', at + 2), topic)
  }
})

test('expiry, alias and identifiers stand before the properties that are passed on [MQTT §3.3.2.3]', () => {
  const extras = { expiry: 0xffff_ffff, alias: 7, aliasKnown: false, identifiers: [1, 128] }
  const properties = hex`0101 26 0001 61 0001 62`
  const expected = hex`30 1a 0001 61 16 02ffffffff 230007 0b01 0b8001 ${properties}`
  assert.deepEqual(write(5, 0x30, 0, 'a', extras, properties).bytes, expected)
})

test('an expiry of 0 seconds is sent', () => {
  assert.deepEqual(write(5, 0x30, 0, 'a', { ...plain, expiry: 0 }).bytes, hex`30 09 0001 61 05 0200000000`)
})

test('a topic the receiver knows by alias is left out [MQTT §3.3.2.3.4]', () => {
  assert.deepEqual(
    write(5, 0x30, 0, 'a/long/topic', { ...plain, alias: 2, aliasKnown: true }).bytes,
    hex`30 06 0000 03 230002`,
  )
})

test('nothing of MQTT 5 goes to an MQTT 3 receiver', () => {
  const extras = { expiry: 5, alias: 2, aliasKnown: false, identifiers: [1] }
  assert.deepEqual(write(4, 0x30, 0, 'a', extras, hex`0101`).bytes, hex`30 03 0001 61`)
})

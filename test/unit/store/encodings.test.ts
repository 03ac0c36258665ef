import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message, never } from '../../../src/engine/message.ts'
import { Acknowledgements, progressOf } from '../../../src/store/acknowledgements.ts'
import { Batch, readBatch } from '../../../src/store/batch.ts'
import { maximumPlaces, openBlock } from '../../../src/store/block.ts'
import { BlockEncoder } from '../../../src/store/block-encoder.ts'
import { GrowingBlock } from '../../../src/store/growing-block.ts'
import { blockKey, numberKey, receivedKey, retainedKey, subscriptionKey } from '../../../src/store/keys.ts'
import { Step, Table } from '../../../src/store/records.ts'
import {
  decodeSession,
  decodeSubscription,
  decodeWill,
  encodeReceived,
  encodeSession,
  encodeSubscription,
  encodeWill,
} from '../../../src/store/session-record.ts'
import { isRight } from '../../../src/store/verify.ts'
import { TopicName } from '../../../src/topic/name.ts'
import { fc } from '../../kit/fast-check.ts'

/** Records as the engine makes them. */
const record = <T>(model: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true })
const text = fc.string({ unit: 'binary', maxLength: 40 })
const number = fc.integer({ min: 1, max: 0xffff_ffff })

test('sessions, subscriptions and wills are read as they were written, and one changed bit is noticed', () => {
  const session = record({
    number,
    clientId: text,
    principal: text,
    expiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
    leftAt: fc.double({ min: 0, noNaN: true }),
    perhapsSent: fc.boolean(),
  })
  const qos = fc.constantFrom(0, 1, 2)
  const subscription = record({
    filter: text,
    qos,
    noLocal: fc.boolean(),
    retainAsPublished: fc.boolean(),
    identifier: fc.integer({ min: 0, max: 268_435_455 }),
  })
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
  const will = record({
    number,
    clientId: text,
    topic: text,
    qos,
    retain: fc.boolean(),
    properties: fc.option(bytes),
    payload: bytes,
    delay: fc.integer({ min: 0, max: 0xffff_ffff }),
    expiryInterval: fc.integer({ min: -1, max: 0x7fff_ffff }),
    dueAt: fc.double({ min: 0, noNaN: true }),
    actor: fc.string({ unit: 'grapheme' }),
  })
  fc.assert(
    fc.property(session, subscription, will, fc.nat(), (one, other, third, bit) => {
      const key = numberKey(one.number)
      const session = encodeSession(key, one)
      assert.deepEqual(decodeSession(key, session), one)
      const subscribed = subscriptionKey(one.number, other.filter)
      const subscription = encodeSubscription(subscribed, other)
      assert.deepEqual(decodeSubscription(subscription), other)
      const willed = numberKey(third.number)
      const will = encodeWill(willed, third)
      assert.deepEqual(decodeWill(willed, will), third)
      const received = receivedKey(one.number, third.number & 0xffff)
      noticed(Table.Sessions, key, session, bit)
      noticed(Table.Subscriptions, subscribed, subscription, bit)
      noticed(Table.Wills, willed, will, bit)
      noticed(Table.Received, received, encodeReceived(received), bit)
    }),
  )
})

/** A changed bit in the key or the value is noticed, and so is another table. */
function noticed(table: Table, key: Buffer, value: Buffer, bit: number): void {
  assert.ok(isRight(table, key, value))
  const entry = Buffer.concat([key, value])
  entry[(bit >> 3) % entry.length] ^= 1 << (bit & 7)
  assert.ok(!isRight(table, entry.subarray(0, key.length), entry.subarray(key.length)))
  for (const other of Object.values(Table))
    if (other !== table && other !== Table.Meta) assert.ok(!isRight(other, key, value))
}

test('a message expiry of more than 68 years comes to 68 years in a will', () => {
  const record = {
    number: 1,
    clientId: 'c',
    topic: 't',
    qos: 0,
    retain: false,
    properties: null,
    payload: Buffer.alloc(0),
    delay: 0,
    expiryInterval: 0xffff_ffff,
    dueAt: 0,
    actor: '',
  } as const
  assert.equal(decodeWill(numberKey(1), encodeWill(numberKey(1), record)).expiryInterval, 0x7fff_ffff)
})

test('keys go up as numbers do', () => {
  const pair = fc.tuple(number, number)
  fc.assert(
    fc.property(pair, pair, ([a, b], [c, d]) => {
      const sign = Math.sign(a - b)
      assert.equal(Math.sign(numberKey(a).compare(numberKey(b))), sign)
      assert.equal(Math.sign(blockKey(a * 1_000).compare(blockKey(b * 1_000))), sign)
      const by = (one: number, two: number) => receivedKey(one, two & 0xffff)
      if (a !== b) assert.equal(Math.sign(by(a, c).compare(by(b, d))), sign)
    }),
  )
})

test('different filters and topics have different keys, short ones in the order of their levels', () => {
  const long = `${'l/'.repeat(600)}`
  for (const key of [retainedKey, (filter: string) => subscriptionKey(1, filter)]) {
    const keys = [`${long}a`, `${long}b`, long, `${long}a/`, 'a', 'a/b', 'a/'].map((one) => key(one).toString('hex'))
    assert.equal(new Set(keys).size, keys.length)
    assert.ok(keys.every((one) => one.length / 2 <= 1_036))
  }
  const order = ['a', 'a/', 'a/b', 'a/b/c', 'a/bb', 'a\u0001', 'a!', 'ab', 'b']
  const sorted = [...order].sort((one, other) => retainedKey(one).compare(retainedKey(other)))
  assert.deepEqual(sorted, order)
})

test('a batch is read as it was written, however often it had to grow', () => {
  const batch = new Batch()
  for (const round of [1, 2]) {
    const expected: string[] = []
    for (let each = 0; each < 300; each++) {
      const key = numberKey(each)
      const value = Buffer.alloc((each * 977) % 3_000, each)
      if (each % 4 === 0) batch.drop(Table.Wills, key)
      else assert.deepEqual(batch.put(Table.Blocks, key, value), value)
      expected.push(each % 4 === 0 ? `drop ${each}` : `put ${each} ${value.toString('hex')}`)
    }
    const read: string[] = []
    const sealed = batch.seal(round, 5)
    readBatch(sealed, {
      put: (table, key, value) => {
        if (table === Table.Blocks) read.push(`put ${key.readUInt32BE()} ${value.toString('hex')}`)
      },
      drop: (_, key) => read.push(`drop ${key.readUInt32BE()}`),
    })
    assert.deepEqual(read, expected)
    for (const end of [17, sealed.length >> 1, sealed.length - 1])
      assert.throws(() => readBatch(sealed.subarray(0, end), { put: () => {}, drop: () => {} }), RangeError)
    batch.clear()
    assert.ok(batch.empty)
  }
})

test('acknowledgements of one block become as many values as they need, none too long for a key', () => {
  const acknowledgements = new Acknowledgements()
  for (let place = 0; place < maximumPlaces; place++) {
    acknowledgements.add(7, place, Step.Sent, 65_535 - place)
    if (place % 2 === 0) acknowledgements.add(7, place, Step.Settled, 0)
  }
  acknowledgements.add(8, 1, Step.Settled, 0)
  acknowledgements.forget(8)
  const batch = new Batch()
  acknowledgements.complete(batch)
  assert.equal(acknowledgements.size, 0)
  const values: Buffer[] = []
  readBatch(batch.seal(1, 1), {
    put: (table, key, value) => {
      if (table !== Table.Acknowledgements) return
      assert.equal(key.readUIntBE(0, 6), 7)
      assert.ok(value.length <= 1_978)
      values.push(Buffer.from(value))
    },
    drop: () => assert.fail('nothing is dropped'),
  })
  const progress = progressOf(values.reverse())
  assert.equal(progress.size, maximumPlaces)
  for (const [place, { step, packetId }] of progress) {
    assert.equal(step, place % 2 === 0 ? Step.Settled : Step.Sent)
    assert.equal(packetId, 65_535 - place)
  }
})

test('a block knows when all of it has expired: not while something stays for ever, or was sent', () => {
  const topic = new TopicName('a', null, 1, true, -1)
  const message = () => new Message(topic, 1, false, null, never, '', Buffer.alloc(3), 0, 3)
  const expiry = (...times: readonly number[]): number => {
    const growing = new GrowingBlock()
    for (const time of times) {
      growing.begin(message(), time)
      growing.add(1, 1, false, 0, null, null)
    }
    return growing.expiresAt
  }
  assert.equal(expiry(5, 9, 7), 9)
  assert.equal(expiry(5, 0, 7), 0)
  const growing = new GrowingBlock()
  growing.begin(message(), 5)
  growing.step(growing.add(1, 1, false, 0, null, null), Step.Sent, 4)
  growing.begin(message(), 6)
  assert.equal(growing.expiresAt, 0)
  growing.clear()
  growing.begin(message(), 6)
  assert.equal(growing.expiresAt, 6)
})

test('a writer that is used again leaves nothing of what it held', () => {
  const topic = new TopicName('a', null, 1, true, -1)
  const growing = new GrowingBlock()
  for (const size of [100_000, 2_000_000, 5]) {
    const message = new Message(topic, 1, false, null, never, '', Buffer.alloc(size, size & 0xff), 0, size)
    growing.begin(message, 0)
    for (let each = 0; each < 3; each++) growing.add(each, 1, false, 0, [1, 2], '$share/g/a')
    const block = openBlock(Buffer.from(new BlockEncoder().encode(blockKey(1), growing)))
    assert.deepEqual(block.firstPlaces, [0])
    assert.equal(block.payloadLength(block.offsets[0]), size)
    assert.equal(block.extras.length > 0, true)
    assert.equal(growing.live, 3)
    growing.clear()
    assert.equal(growing.places + growing.live + growing.length, 0)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message, never } from '../../../src/engine/message.ts'
import { Slab } from '../../../src/packet/slab.ts'
import { openBlock } from '../../../src/store/block.ts'
import { BlockEncoder } from '../../../src/store/block-encoder.ts'
import { GrowingBlock } from '../../../src/store/growing-block.ts'
import { GrowingBlocks } from '../../../src/store/growing-blocks.ts'
import { blockKey } from '../../../src/store/keys.ts'
import { Step, Table } from '../../../src/store/records.ts'
import { isWhole } from '../../../src/store/sums.ts'
import { TopicName } from '../../../src/topic/name.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { fc } from '../../kit/fast-check.ts'

const key = blockKey(1)
const clock = new FakeClock()

const receivers = fc.array(
  fc.record({
    number: fc.integer({ min: 1, max: 0xffff_ffff }),
    qos: fc.constantFrom(1, 2),
    retain: fc.boolean(),
    packetId: fc.constantFrom(0, 1, 40_000, 65_535),
    identifiers: fc.constantFrom(null, [1], [268_435_455], [1, 2]),
    share: fc.constantFrom(null, '$share/g/#'),
    step: fc.constantFrom(null, Step.Sent, Step.Released, Step.Settled),
  }),
  { minLength: 1, maxLength: 4 },
)
const messages = fc.array(
  fc.record({
    topic: fc.constantFrom('a', 'a/ü', 'x'.repeat(60)),
    publisher: fc.constantFrom('', 'one', 'øther', 'p'.repeat(60)),
    size: fc.constantFrom(0, 1, 40, 500, 9_000),
    properties: fc.constantFrom(0, 3, 300),
    retain: fc.boolean(),
    lasting: fc.constantFrom('no', 'slab', 'text'),
    expiresAt: fc.constantFrom(0, 5_000_000),
    receivers,
  }),
  { minLength: 1, maxLength: 30 },
)

function named(text: string): TopicName {
  const bytes = Buffer.from(text)
  return new TopicName(text, bytes.length === text.length ? null : bytes, bytes.length, true, -1)
}

/** The read buffer that messages come in: written over as soon as the next one comes. */
const arriving = Buffer.alloc(20_000)

type Given = Parameters<Parameters<typeof messages.map>[0]>[0][number]

function arrived(given: Given, fill: number, slab: Slab): Message {
  const { size, properties } = given
  arriving.fill(fill, 0, size)
  arriving.fill(fill + 1, size, size + properties)
  const extra = properties === 0 ? null : arriving.subarray(size, size + properties)
  const topic = named(given.topic)
  const message = new Message(topic, 1, given.retain, extra, never, given.publisher, arriving, 0, size)
  if (given.lasting === 'text') message.keep()
  if (given.lasting === 'slab') {
    slab.reserve(size)
    message.writePayload(slab)
  }
  return message
}

test('a block has what was put into it, before and after it is encoded, but for what nobody waits for', () => {
  fc.assert(
    fc.property(messages, (given) => {
      const growing = new GrowingBlock()
      const encoder = new BlockEncoder()
      const slab = new Slab(64)
      // One that is used again behaves like a new one.
      for (let use = 0; use < 2; use++) {
        growing.clear()
        const places: number[] = []
        for (const [index, each] of given.entries()) {
          growing.begin(arrived(each, index * 2, slab), each.expiresAt)
          for (const { number, qos, retain, packetId, identifiers, share, step } of each.receivers) {
            const place = growing.add(number, qos, retain, packetId, identifiers, share)
            if (step !== null) growing.step(place, step, step === Step.Sent ? 77 : 0)
            places.push(place)
          }
        }
        arriving.fill(0xff)
        assert.deepEqual(places, [...places.keys()])
        const sealed = encoder.encode(key, growing)
        assert.ok(isWhole(Table.Blocks, key, sealed))
        const block = openBlock(Buffer.from(sealed))
        let place = 0
        for (const [index, each] of given.entries()) {
          const waiting = each.receivers.some(({ step }) => step !== Step.Settled)
          for (const { number, qos, retain, packetId, identifiers, share, step } of each.receivers) {
            const { message, ...copy } = growing.read(place, clock)
            assert.deepEqual(copy, { qos, retain, identifiers, share })
            assert.equal(message.topic.text, each.topic)
            assert.equal(message.publisher, each.publisher)
            assert.equal(message.retain, each.retain)
            assert.deepEqual(message.payload, Buffer.alloc(each.size, index * 2))
            const properties = each.properties === 0 ? null : Buffer.alloc(each.properties, index * 2 + 1)
            assert.deepEqual(message.properties, properties)
            const offset = block.message(place)
            assert.equal(offset >= 0, waiting)
            if (offset >= 0) {
              const kept = block.copy(block.receiverAt(place))
              const sent = step ?? (packetId > 0 ? Step.Sent : 0)
              const id = step === Step.Sent ? 77 : packetId
              assert.deepEqual(kept, { number, qos, retain, step: sent, packetId: id, identifiers, share })
              assert.equal(block.payloadLength(offset), each.size)
              assert.equal(block.expiresAt(offset), each.expiresAt)
              const end = block.receiversAt(offset)
              const payload = block.bytes.subarray(end - each.size, end)
              assert.deepEqual(payload, Buffer.alloc(each.size, index * 2))
            }
            place++
          }
        }
      }
    }),
  )
})

test('a block holds on to few pieces of memory of others, however many its messages lie in', () => {
  const growing = new GrowingBlock()
  for (let index = 0; index < 100; index++) {
    const slab = new Slab(16_384)
    const message = new Message(named('a'), 1, false, null, never, '', Buffer.alloc(10, index), 0, 10)
    message.writePayload(slab)
    growing.begin(message, 0)
    growing.add(1, 1, false, 0, null, null)
  }
  assert.ok(growing.sources.length < 10)
  for (let place = 0; place < 100; place++)
    assert.deepEqual(growing.read(place, clock).message.payload, Buffer.alloc(10, place))
})

test('blocks that everybody has acknowledged are not given away, and their numbers not used again', () => {
  const blocks = new GrowingBlocks()
  blocks.begin(7)
  const numbers: number[] = []
  const add = () => {
    blocks.current.begin(new Message(named('a'), 1, false, null, never, '', Buffer.alloc(5), 0, 5), 0)
    blocks.current.add(1, 1, false, 0, null, null)
  }
  for (let each = 0; each < 4; each++) {
    add()
    numbers.push(blocks.number)
    blocks.next()
  }
  add()
  const length = blocks.length
  blocks.find(8)?.step(0, Step.Settled, 0)
  blocks.drop(8)
  assert.equal(blocks.find(8), null)
  assert.equal(blocks.find(6), undefined)
  assert.equal(blocks.find(12), undefined)
  assert.equal(blocks.length, (length / 5) * 4)
  const given: number[] = []
  blocks.end((number) => given.push(number))
  assert.deepEqual(numbers, [7, 8, 9, 10])
  assert.deepEqual(given, [7, 9, 10, 11])
  assert.equal(blocks.number, 12)
  assert.equal(blocks.length, 0)
  assert.equal(blocks.find(7), undefined)
  blocks.end((number) => given.push(number))
  assert.equal(blocks.number, 12)
  assert.equal(given.length, 4)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message, never } from '../../../src/engine/message.ts'
import { type Progress, progressOf } from '../../../src/store/acknowledgements.ts'
import { openBlock } from '../../../src/store/block.ts'
import { BlockEncoder } from '../../../src/store/block-encoder.ts'
import { withoutSettled } from '../../../src/store/cleaning.ts'
import { GrowingBlock } from '../../../src/store/growing-block.ts'
import { blockKey } from '../../../src/store/keys.ts'
import { MemoryTables } from '../../../src/store/memory-tables.ts'
import { Step, Table } from '../../../src/store/records.ts'
import { isWhole } from '../../../src/store/sums.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { TopicName } from '../../../src/topic/name.ts'
import { type Ground, StoreBench } from '../../contract/store-kit.ts'
import { fc } from '../../kit/fast-check.ts'

const topic = new TopicName('a/b', null, 3, true, -1)

function message(payload: string): Message {
  const bytes = Buffer.from(payload)
  return new Message(topic, 2, false, null, never, 'p', bytes, 0, bytes.length)
}

test('a block written anew has what somebody waits for, at the same places, as far as it has come', () => {
  const receiver = fc.record({
    number: fc.nat(9),
    packetId: fc.constantFrom(0, 5),
    identifiers: fc.constantFrom(null, [1], [1, 2]),
    share: fc.constantFrom(null, '$share/g/#'),
    step: fc.constantFrom(0, Step.Sent, Step.Released, Step.Settled),
  })
  fc.assert(
    fc.property(
      fc.array(fc.array(receiver, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }),
      (messages) => {
        const growing = new GrowingBlock()
        const progress = new Map<number, Progress>()
        const expected = new Map<number, object>()
        for (const [index, receivers] of messages.entries()) {
          const payload = `m${index}`.padEnd(index * 10, '.')
          growing.begin(message(payload), 0)
          for (const { number, packetId, identifiers, share, step } of receivers) {
            const place = growing.add(number, 1, false, packetId, identifiers, share)
            if (step === Step.Sent) progress.set(place, { step, packetId: 77 })
            else if (step === Step.Released || step === Step.Settled) progress.set(place, { step, packetId: 0 })
            const sent = packetId > 0 ? Step.Sent : 0
            const now = step === 0 ? sent : step
            const id = step === Step.Sent ? 77 : packetId
            expected.set(place, { number, identifiers, share, step: now, packetId: id, payload })
          }
        }
        const key = blockKey(1)
        const waiting = messages.map((receivers) => receivers.some(({ step }) => step !== Step.Settled))
        const cleaned = withoutSettled(key, openBlock(Buffer.from(new BlockEncoder().encode(key, growing))), progress)
        assert.ok(isWhole(Table.Blocks, key, cleaned))
        const block = openBlock(cleaned)
        let place = 0
        for (const [index, receivers] of messages.entries()) {
          for (const _ of receivers) {
            const offset = block.message(place)
            assert.equal(offset >= 0, waiting[index])
            if (offset >= 0) {
              const { number, identifiers, share, step, packetId } = block.copy(block.receiverAt(place))
              const at = block.receiversAt(offset) - block.payloadLength(offset)
              const payload = block.bytes.toString('latin1', at, block.receiversAt(offset))
              assert.deepEqual({ number, identifiers, share, step, packetId, payload }, expected.get(place))
            }
            place++
          }
        }
      },
    ),
  )
})

test('the order in which values of a block are read does not matter for how far a copy has come', () => {
  const sum = '00000000'
  const sent = Buffer.from(`40010007${sum}`, 'hex')
  const released = Buffer.from(`8001${sum}`, 'hex')
  for (const values of [
    [sent, released],
    [released, sent],
  ]) {
    assert.deepEqual(progressOf(values).get(1), { step: Step.Released, packetId: 7 })
  }
})

class Memory implements Ground {
  readonly tables = new MemoryTables()

  async open(): Promise<Tables> {
    return this.tables
  }

  [Symbol.dispose](): void {}

  get bytes(): number {
    let sum = 0
    let from: Buffer = Buffer.alloc(0)
    for (;;) {
      const entries = this.tables.scan(Table.Blocks, from, from.length > 0, 100)
      for (const { value } of entries) sum += value.length
      const last = entries.at(-1)
      if (last === undefined) return sum
      from = last.key
    }
  }
}

/** Fills the store with 50 MiB of which every fourth message waits for a client that is away. */
async function fill(bench: StoreBench): Promise<{ waiting: number[]; others: number[] }> {
  const payload = Buffer.alloc(16_300)
  const waiting: number[] = []
  const others: number[] = []
  for (const number of [1, 2])
    bench.store.putSession({
      number,
      clientId: `${number}`,
      principal: '',
      expiryInterval: 9,
      leftAt: 0,
      perhapsSent: false,
    })
  for (let round = 0; round < 800; round++) {
    for (let each = 0; each < 4; each++)
      (each === 2 ? waiting : others).push(bench.append(bench.message('a', payload), each === 2 ? 2 : 1))
    await bench.safe()
  }
  return { waiting, others }
}

async function sweep(bench: StoreBench): Promise<void> {
  for (let times = 0; times < 100; times++) {
    bench.clock.advance(1_000)
    bench.store.sweep()
    await bench.safe()
  }
}

const little = 40 * 1_048_576

test('what nobody waits for any more does not stay because of what is beside it', async () => {
  const ground = new Memory()
  await using bench = await StoreBench.fresh(ground)
  const { waiting, others } = await fill(bench)
  for (const sequence of others) bench.store.settle(sequence)
  await bench.safe()
  await sweep(bench)
  assert.ok(ground.bytes < little, `${ground.bytes} bytes`)
  for (const sequence of waiting) assert.equal(bench.payload(sequence)?.length, 16_300)
  const { deliveries } = await bench.reopen()
  assert.deepEqual(
    deliveries.map(({ sequence }) => sequence),
    waiting,
  )
})

test('nor when the store was closed and opened again in between', async () => {
  const ground = new Memory()
  await using bench = await StoreBench.fresh(ground)
  const { waiting, others } = await fill(bench)
  for (const sequence of others) bench.store.settle(sequence)
  await bench.reopen()
  await sweep(bench)
  assert.ok(ground.bytes < little, `${ground.bytes} bytes`)
  for (const sequence of waiting) assert.equal(bench.payload(sequence)?.length, 16_300)
})

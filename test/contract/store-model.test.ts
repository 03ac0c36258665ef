import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Message } from '../../src/engine/message.ts'
import type { Qos } from '../../src/packet/types.ts'
import { MemoryTables } from '../../src/store/memory-tables.ts'
import { Table, tableNames } from '../../src/store/records.ts'
import type { Tables } from '../../src/store/tables.ts'
import { fc } from '../kit/fast-check.ts'
import { FaultyTables } from '../kit/faulty-tables.ts'
import { contentOf, deliveryOf, type Ground, grounds, type LoadedDelivery, StoreBench } from './store-kit.ts'

interface Copy {
  readonly delivery: object
  readonly loaded: LoadedDelivery
}

const qosOf = (number: number): Qos => (number === 0 ? 0 : number === 1 ? 1 : 2)

/** What a store should hold, in plain objects, and the operations on both. */
class Model {
  readonly bench: StoreBench
  readonly sessions = new Map<number, string>()
  readonly subscriptions = new Map<string, string>()
  readonly wills = new Map<number, string>()
  readonly received = new Set<string>()
  readonly copies = new Map<number, Copy>()
  readonly retained = new Map<string, object>()
  #message: Message | null = null
  #count = 0

  constructor(bench: StoreBench) {
    this.bench = bench
  }

  session(number: number, there: boolean): void {
    const { store } = this.bench
    const record = {
      number,
      clientId: `client-${number}`,
      principal: this.#count % 3 === 0 ? '' : `principal-${this.#count}`,
      expiryInterval: ++this.#count,
      leftAt: this.#count / 2,
      perhapsSent: this.#count % 2 === 0,
    }
    if (there) store.putSession(record)
    else store.dropSession(number)
    put(this.sessions, number, there, JSON.stringify(record))
  }

  subscription(number: number, at: number, there: boolean): void {
    const { store } = this.bench
    const filter = at % 3 === 0 ? `${'long/'.repeat(250)}${at}` : `f/${at}/+`
    const flags = { qos: qosOf(at % 3), noLocal: at % 2 === 0, retainAsPublished: at % 5 === 0 }
    const record = { filter, ...flags, identifier: ++this.#count }
    if (there) store.putSubscription(number, record)
    else store.dropSubscription(number, filter)
    put(this.subscriptions, `${number} ${filter}`, there, JSON.stringify([number, record]))
  }

  will(number: number, there: boolean): void {
    const { store } = this.bench
    const payload = Buffer.from(`${++this.#count}`)
    const properties = number % 2 === 0 ? null : Buffer.from('0101', 'hex')
    const record = {
      number,
      clientId: `client-${number}`,
      actor: this.#count % 2 === 0 ? '' : '{}',
      topic: `will/${number}`,
      qos: qosOf(number % 3),
      retain: number % 2 === 0,
      properties,
      payload,
      delay: this.#count,
      expiryInterval: number - 2,
      dueAt: this.#count,
    }
    if (there) store.putWill(record)
    else store.dropWill(number)
    put(this.wills, number, there, JSON.stringify(record))
  }

  receive(number: number, packetId: number, there: boolean): void {
    const { store } = this.bench
    const key = JSON.stringify([number, packetId])
    if (there) {
      store.putReceived(number, packetId)
      this.received.add(key)
    } else {
      store.dropReceived(number, packetId)
      this.received.delete(key)
    }
  }

  message(size: number): void {
    const count = ++this.#count
    this.#message = this.bench.message(`topic/${count % 7}/é`, `${count}`.padEnd(size, '.'), {
      qos: 2,
      retain: count % 2 === 0,
      expiresAt: count % 3 === 0 ? this.bench.clock.now() + 1_000_000 + count : Number.POSITIVE_INFINITY,
      publisher: count % 5 === 0 ? '' : `p${count}`,
      properties: count % 4 === 0 ? Buffer.from('0101', 'hex') : null,
    })
  }

  append(number: number, kind: number): void {
    if (this.#message === null) this.message(10)
    const message = this.#message
    if (message === null) return
    const qos = qosOf(kind % 3)
    const retain = kind % 2 === 0
    const packetId = qos > 0 && kind % 5 === 0 ? kind + 1 : 0
    const identifiers = kind % 4 === 0 ? null : kind % 4 === 1 ? [kind + 1] : [kind, kind + 7, 268_435_455]
    const share = kind % 7 === 0 ? `$share/g${kind}/é/+` : null
    const sequence = this.bench.store.append(message, number, qos, retain, packetId, identifiers, share)
    const delivery = { qos, retain, identifiers, share, message: contentOf(message) }
    const loaded = { number, sequence, qos, packetId, released: false, weight: message.weight }
    assert.ok(!this.copies.has(sequence))
    this.copies.set(sequence, { delivery, loaded })
  }

  /** Does it to the copy that is the `at`th now. */
  advance(at: number, what: 'sent' | 'released' | 'settle'): void {
    const { store } = this.bench
    const sequence = [...this.copies.keys()].at(at % Math.max(1, this.copies.size))
    const copy = sequence === undefined ? undefined : this.copies.get(sequence)
    if (sequence === undefined || copy === undefined) return
    const { loaded } = copy
    if (what === 'settle') {
      store.settle(sequence)
      this.copies.delete(sequence)
    } else if (what === 'sent' && loaded.packetId === 0) {
      store.sent(sequence, at + 1)
      this.copies.set(sequence, { ...copy, loaded: { ...loaded, packetId: at + 1 } })
    } else if (what === 'released' && loaded.packetId > 0 && !loaded.released) {
      store.released(sequence)
      this.copies.set(sequence, { ...copy, loaded: { ...loaded, released: true } })
    }
  }

  retain(at: number, there: boolean): void {
    const { store } = this.bench
    const topic = at % 4 === 0 ? `${'deep/'.repeat(220)}${at}` : `r/${at}`
    const message = this.bench.message(topic, `${++this.#count}`, { retain: true })
    if (there) store.retained.put(message)
    else store.retained.drop(topic)
    put(this.retained, topic, there, contentOf(message))
  }

  /** What can be asked of an open store is as it should be. */
  check(): void {
    const { store } = this.bench
    for (const [sequence, { delivery }] of this.copies) assert.deepEqual(deliveryOf(store.read(sequence)), delivery)
    const found = new Map<string, object>()
    const search = store.retained.matching('#')
    for (let next = search.next(); next.done !== true; next = search.next())
      if (next.value !== null) found.set(next.value.topic.text, contentOf(next.value))
    assert.deepEqual(new Map([...found].sort()), new Map([...this.retained].sort()))
    for (const [topic, content] of this.retained) {
      const message = store.retained.get(topic)
      assert.deepEqual(message === null ? null : contentOf(message), content)
    }
  }

  async reopen(): Promise<void> {
    const loaded = await this.bench.reopen()
    const texts = (records: readonly unknown[]) => records.map((record) => JSON.stringify(record)).sort()
    assert.deepEqual(texts(loaded.sessions), [...this.sessions.values()].sort())
    assert.deepEqual(texts(loaded.subscriptions), [...this.subscriptions.values()].sort())
    assert.deepEqual(texts(loaded.wills), [...this.wills.values()].sort())
    assert.deepEqual(texts(loaded.received), [...this.received].sort())
    const expected = [...this.copies.values()].map((copy) => copy.loaded)
    assert.deepEqual(
      loaded.deliveries,
      expected.sort((one, other) => one.sequence - other.sequence),
    )
  }
}

function put<K, V>(map: Map<K, V>, key: K, there: boolean, value: V): void {
  if (there) map.set(key, value)
  else map.delete(key)
}

const number = fc.integer({ min: 1, max: 5 })
const operation = fc.oneof(
  fc.tuple(number, fc.boolean()).map(
    ([n, there]) =>
      async (model: Model) =>
        model.session(n, there),
  ),
  fc.tuple(number, fc.nat(6), fc.boolean()).map(
    ([n, at, there]) =>
      async (model: Model) =>
        model.subscription(n, at, there),
  ),
  fc.tuple(number, fc.boolean()).map(
    ([n, there]) =>
      async (model: Model) =>
        model.will(n, there),
  ),
  fc.tuple(number, fc.integer({ min: 1, max: 4 }), fc.boolean()).map(
    ([n, id, there]) =>
      async (model: Model) =>
        model.receive(n, id, there),
  ),
  fc.oneof(fc.nat(100), fc.constantFrom(3_000, 66_000)).map((size) => async (model: Model) => model.message(size)),
  fc.array(fc.tuple(number, fc.nat(60)), { maxLength: 6 }).map((list) => async (model: Model) => {
    for (const [n, kind] of list) model.append(n, kind)
  }),
  fc.tuple(fc.nat(30), fc.constantFrom('sent', 'released', 'settle', 'settle')).map(
    ([at, what]) =>
      async (model: Model) =>
        model.advance(at, what),
  ),
  fc.tuple(fc.nat(11), fc.boolean()).map(
    ([at, there]) =>
      async (model: Model) =>
        model.retain(at, there),
  ),
  fc.constant(async () => await new Promise<void>((resolve) => setImmediate(resolve))),
  fc.constant(async (model: Model) => await model.bench.safe()),
  fc.constant(async (model: Model) => model.check()),
  fc.constant(async (model: Model) => {
    await model.reopen()
    model.check()
  }),
)

for (const [name, make] of Object.entries(grounds)) {
  describe(`any operations in any order on ${name}`, () => {
    test('a store holds what a plain model holds, before and after it is opened again', {
      timeout: 120_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 120, size: 'max' }), async (operations) => {
          await using bench = await StoreBench.fresh(make())
          const model = new Model(bench)
          for (const operate of operations) await operate(model)
          model.check()
          await model.reopen()
          model.check()
        }),
        { numRuns: name === 'memory tables' ? 150 : 15 },
      )
    })
  })
}

/** Tables whose every batch is written down. */
class RecordingGround implements Ground {
  readonly tables = new MemoryTables()
  readonly recorder = new FaultyTables(this.tables)

  async open(): Promise<Tables> {
    return this.recorder
  }

  [Symbol.dispose](): void {}
}

function dump(tables: Tables): string[] {
  const all: string[] = []
  for (const table of Object.values(Table)) {
    let from: Buffer = Buffer.alloc(0)
    for (
      let entries = tables.scan(table, from, false, 100);
      entries.length > 0;
      entries = tables.scan(table, from, true, 100)
    ) {
      for (const { key, value } of entries)
        all.push(`${tableNames[table]} ${key.toString('hex')} ${value.toString('hex')}`)
      from = entries[entries.length - 1].key
    }
  }
  return all
}

test('the batches a busy store made, applied to empty tables, make the same store', async () => {
  const ground = new RecordingGround()
  {
    await using bench = await StoreBench.fresh(ground)
    const model = new Model(bench)
    const operations = fc.sample(operation, { numRuns: 800, seed: 7 })
    for (const operate of operations) await operate(model)
    await model.reopen()
    model.check()
  }
  for (const [name, make] of Object.entries(grounds)) {
    using empty = make()
    const tables = await empty.open()
    for (const batch of ground.recorder.batches) await tables.apply(Buffer.from(batch)).synced
    assert.deepEqual(dump(tables), dump(ground.tables), name)
    // A batch that was applied already changes nothing.
    await tables.apply(Buffer.from(ground.recorder.batches[3])).synced
    assert.deepEqual(dump(tables), dump(ground.tables), name)
    await tables.close()
  }
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contentOf, deliveryOf, grounds, StoreBench } from './store-kit.ts'

const places = 16_384

const kinds: Readonly<Record<string, () => Promise<StoreBench>>> = {
  ...Object.fromEntries(Object.entries(grounds).map(([name, make]) => [name, () => StoreBench.fresh(make())] as const)),
  'a volatile store': async () => StoreBench.volatile(),
}

for (const [name, open] of Object.entries(kinds)) {
  describe(name, () => {
    test('a message is read as it was appended: while staged, on its way and when it is safe', async () => {
      await using bench = await open()
      const { store, clock } = bench
      const message = bench.message('a/ü/€', 'payload', {
        qos: 2,
        retain: true,
        expiresAt: clock.now() + 5_000,
        publisher: 'pub-é',
        properties: Buffer.from('0100', 'hex'),
      })
      const expected = { qos: 1, retain: true, identifiers: [7], share: null, message: contentOf(message) }
      const sequence = store.append(message, 3, 1, true, 0, [7], null)
      assert.deepEqual(deliveryOf(store.read(sequence)), expected)
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(deliveryOf(store.read(sequence)), expected)
      await bench.safe()
      assert.deepEqual(deliveryOf(store.read(sequence)), expected)
    })

    test('what was read stays as it is, whatever is staged afterwards', async () => {
      await using bench = await open()
      const { store } = bench
      const first = bench.append(bench.message('a', 'x'.repeat(3_000)), 1)
      const staged = store.read(first)?.message
      bench.append(bench.message('b', 'y'.repeat(200_000)), 1)
      await bench.safe()
      const committed = store.read(first)?.message
      for (let round = 0; round < 3; round++) {
        bench.append(bench.message('c', 'z'.repeat(300_000)), 1)
        await bench.safe()
      }
      assert.equal(staged?.payload.toString(), 'x'.repeat(3_000))
      assert.equal(committed?.payload.toString(), 'x'.repeat(3_000))
    })

    test('sequence numbers go up, from message to message and from commit to commit', async () => {
      await using bench = await open()
      let last = 0
      for (let round = 0; round < 5; round++) {
        for (let each = 0; each < 20; each++) {
          const sequence = bench.append(bench.message('a', `${round}`), each)
          assert.ok(sequence > last)
          last = sequence
        }
        await bench.safe()
      }
    })

    test('each receiver of a message has its own QoS, flag, identifiers and shared subscription', async () => {
      await using bench = await open()
      const { store } = bench
      const message = bench.message('a', 'one', { qos: 2 })
      const many = [1, 2, 268_435_455]
      const list = [
        { qos: 0, retain: false, identifiers: null, share: null },
        { qos: 1, retain: true, identifiers: [268_435_455], share: null },
        { qos: 2, retain: false, identifiers: many, share: null },
        { qos: 1, retain: false, identifiers: null, share: '$share/gruppe-ü/a/+' },
        { qos: 2, retain: true, identifiers: [9], share: '$share/other/#' },
        { qos: 2, retain: true, identifiers: many, share: '$share/other/#' },
        { qos: 1, retain: false, identifiers: null, share: null },
      ] as const
      const sequences = list.map(({ qos, retain, identifiers, share }, number) =>
        store.append(message, number, qos, retain, 0, identifiers, share),
      )
      const expected = list.map((fields) => ({ ...fields, message: contentOf(message) }))
      assert.deepEqual(
        sequences.map((sequence) => deliveryOf(store.read(sequence))),
        expected,
      )
      await bench.safe()
      assert.deepEqual(
        sequences.map((sequence) => deliveryOf(store.read(sequence))),
        expected,
      )
    })

    test('messages over what one block takes are all there', async () => {
      await using bench = await open()
      const sizes = [0, 1, 65_535, 65_536, 65_537, 1_000_000, 10]
      const sequences = sizes.map((size) => bench.append(bench.message(`size/${size}`, 'p'.repeat(size)), 1))
      const lengths = () => sequences.map((sequence) => bench.payload(sequence)?.length)
      assert.deepEqual(lengths(), sizes)
      await bench.safe()
      assert.deepEqual(lengths(), sizes)
    })

    test('one message goes to more receivers than a block has places', async () => {
      await using bench = await open()
      const { store } = bench
      const message = bench.message('to/all', 'hello')
      const sequences: number[] = []
      for (let number = 1; number <= places + 100; number++)
        sequences.push(store.append(message, number, number % 2 === 0 ? 1 : 2, false, 0, null, null))
      const look = () =>
        [0, 1, places - 1, places, places + 1, places + 99].map((index) => {
          const stored = store.read(sequences[index])
          return [stored?.qos, stored?.message.payload.toString()]
        })
      const expected = [2, 1, 1, 2, 1, 1].map((qos) => [qos, 'hello'])
      assert.deepEqual(look(), expected)
      await bench.safe()
      assert.deepEqual(look(), expected)
      assert.equal(new Set(sequences).size, sequences.length)
    })

    test('more small messages than a block has places are all there, in order', async () => {
      await using bench = await open()
      const sequences: number[] = []
      for (let each = 0; each < places + 500; each++) sequences.push(bench.append(bench.message('t', `${each}`), 1))
      await bench.safe()
      for (let each = 0; each < sequences.length; each += 97) assert.equal(bench.payload(sequences[each]), `${each}`)
      assert.equal(bench.payload(sequences[places]), `${places}`)
    })

    test('what one receiver settles is still there for the others', async () => {
      await using bench = await open()
      const { store } = bench
      const message = bench.message('a', 'kept')
      const [one, other, third] = [1, 2, 3].map((number) => bench.append(message, number))
      store.settle(one)
      assert.equal(bench.payload(other), 'kept')
      await bench.safe()
      store.settle(other)
      assert.equal(bench.payload(third), 'kept')
      await bench.safe()
      assert.equal(bench.payload(third), 'kept')
    })

    test('when all receivers have settled, before or after the commit, the message is gone', async () => {
      await using bench = await open()
      const { store } = bench
      const early = bench.append(bench.message('a', 'early'), 1)
      store.settle(early)
      await bench.safe()
      const [one, other] = [1, 2].map((number) => bench.append(bench.message('a', 'late'), number))
      await bench.safe()
      store.settle(one)
      await bench.safe()
      store.settle(other)
      await bench.safe()
      assert.equal(store.read(early), null)
      assert.equal(store.read(one), null)
      assert.equal(store.read(other), null)
    })

    test('a sequence number nobody gave is nobody’s', async () => {
      await using bench = await open()
      bench.append(bench.message('a', 'x'), 1)
      await bench.safe()
      assert.equal(bench.store.read(77 * places), null)
      bench.store.settle(77 * places)
      bench.store.sent(77 * places, 1)
      await bench.safe()
    })

    test('numbers are never given twice', async () => {
      await using bench = await open()
      const numbers = Array.from({ length: 100 }, () => bench.store.number())
      assert.equal(new Set(numbers).size, 100)
      assert.ok(numbers.every((number) => number > 0))
    })

    test('expired messages are gone after a sweep, those that were sent stay [MQTT-4.3.3-7]', async () => {
      await using bench = await open()
      const { store, clock } = bench
      const expiresAt = clock.now() + 1_000
      const waiting = bench.append(bench.message('a', 'waiting', { expiresAt }), 1)
      await bench.safe()
      const sent = bench.append(bench.message('a', 'sent', { expiresAt }), 1)
      await bench.safe()
      const forever = [
        bench.append(bench.message('a', 'expires', { expiresAt }), 1),
        bench.append(bench.message('a', 'never'), 1),
      ]
      await bench.safe()
      store.sent(sent, 5)
      await bench.safe()
      clock.advance(999)
      store.sweep()
      assert.equal(bench.payload(waiting), 'waiting')
      clock.advance(1)
      store.sweep()
      await bench.safe()
      assert.equal(store.read(waiting), null)
      assert.equal(bench.payload(sent), 'sent')
      assert.equal(bench.payload(forever[1]), 'never')
      store.settle(waiting)
      store.settle(sent)
      await bench.safe()
      assert.equal(store.read(sent), null)
    })

    test('everything staged in one turn becomes safe at once, and the position is told', async () => {
      await using bench = await open()
      const { store } = bench
      const told: string[] = []
      const before = store.position
      store.watch({
        committed: (position) => told.push(`committed ${position - before}`),
        synced: (position) => told.push(`synced ${position - before}`),
        condition: (condition) => told.push(condition),
      })
      assert.equal(store.pending, false)
      bench.append(bench.message('a', '1'), 1)
      bench.append(bench.message('a', '2'), 1)
      assert.equal(store.pending, true)
      assert.equal(store.position, before)
      while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
      assert.deepEqual(told.sort(), ['committed 0', 'synced 0'])
      assert.equal(store.pending, false)
      assert.equal(store.position, before + 1)
    })

    test('changes are counted', async () => {
      await using bench = await open()
      const { store } = bench
      let before = store.changes
      const grew = (): boolean => {
        const more = store.changes > before
        before = store.changes
        return more
      }
      const sequence = bench.append(bench.message('a', '1'), 1)
      assert.ok(grew())
      store.sent(sequence, 1)
      assert.ok(grew())
      await bench.safe()
      assert.ok(!grew())
      store.settle(sequence)
      assert.ok(grew())
      bench.payload(sequence)
      assert.ok(!grew())
    })
  })
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contentOf, deliveryOf, grounds, Recording, StoreBench } from './store-kit.ts'

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

for (const [name, make] of Object.entries(grounds)) {
  describe(`${name}, closed and opened again`, () => {
    test('an empty store has nothing to tell', async () => {
      await using bench = await StoreBench.on(make())
      const recording = new Recording()
      assert.equal(bench.store.load(recording), 0)
      assert.deepEqual(recording.all, { sessions: [], subscriptions: [], wills: [], received: [], deliveries: [] })
    })

    test('sessions, subscriptions, wills and received identifiers come back; what was dropped does not', async () => {
      await using bench = await StoreBench.fresh(make())
      const { store } = bench
      const sessions = [
        { number: 1, clientId: '', expiryInterval: 0, leftAt: 0, perhapsSent: false },
        { number: 2, clientId: 'grüße-€-𝄞', expiryInterval: 0xffff_ffff, leftAt: 1_700_000_000_123, perhapsSent: true },
        { number: 4_294_967_295, clientId: 'c'.repeat(65_535), expiryInterval: 1, leftAt: 1.5, perhapsSent: false },
      ]
      for (const record of sessions) store.putSession(record)
      store.putSession({ ...sessions[0], number: 9 })
      const long = `x/${'y/'.repeat(2_000)}`
      const subscriptions = [
        [1, { filter: '#', qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 }],
        [1, { filter: '$share/group/+/é', qos: 1, noLocal: false, retainAsPublished: true, identifier: 268_435_455 }],
        [2, { filter: `${long}+`, qos: 2, noLocal: true, retainAsPublished: true, identifier: 1 }],
        [2, { filter: `${long}#`, qos: 1, noLocal: true, retainAsPublished: false, identifier: 2 }],
      ] as const
      for (const [number, record] of subscriptions) store.putSubscription(number, record)
      store.putSubscription(1, { ...subscriptions[0][1], filter: 'dropped' })
      store.putSubscription(2, { ...subscriptions[0][1], filter: `${long}dropped` })
      const wills = [
        {
          number: 2,
          clientId: 'grüße-€-𝄞',
          topic: 'will/ü',
          qos: 2,
          retain: true,
          properties: Buffer.from('0101', 'hex'),
          payload: Buffer.from('gone'),
          delay: 0xffff_ffff,
          expiryInterval: 60,
          dueAt: 1_700_000_000_456,
        },
        {
          number: 5,
          clientId: 'other',
          topic: 'w',
          qos: 0,
          retain: false,
          properties: null,
          payload: Buffer.alloc(70_000, 7),
          delay: 0,
          expiryInterval: -1,
          dueAt: 0,
        },
      ] as const
      for (const record of wills) store.putWill(record)
      store.putWill({ ...wills[1], number: 6 })
      for (const id of [1, 255, 65_535, 8]) store.putReceived(2, id)
      await bench.safe()
      store.dropSession(9)
      store.dropSubscription(1, 'dropped')
      store.dropSubscription(2, `${long}dropped`)
      store.dropWill(6)
      store.dropReceived(2, 8)
      store.putSession({ ...sessions[0], expiryInterval: 8 })
      const loaded = await bench.reopen()
      assert.deepEqual(loaded.sessions, [{ ...sessions[0], expiryInterval: 8 }, ...sessions.slice(1)])
      assert.deepEqual(
        new Set(loaded.subscriptions.map((one) => JSON.stringify(one))),
        new Set(subscriptions.map((one) => JSON.stringify(one))),
      )
      assert.equal(loaded.subscriptions.length, subscriptions.length)
      assert.deepEqual(loaded.wills, wills)
      assert.deepEqual(loaded.received, [
        [2, 1],
        [2, 255],
        [2, 65_535],
      ])
    })

    test('numbers go on behind those of sessions and wills', async () => {
      await using bench = await StoreBench.fresh(make())
      const { store } = bench
      const numbers = [store.number(), store.number(), store.number()]
      store.putSession({ number: numbers[1], clientId: 'c', expiryInterval: 1, leftAt: 0, perhapsSent: false })
      await bench.reopen()
      assert.ok(bench.store.number() > numbers[1])
    })

    test('a copy comes back with how far it had come, and in order', async () => {
      await using bench = await StoreBench.fresh(make())
      const { store } = bench
      const message = bench.message('a', 'x', { qos: 2 })
      const { weight } = message
      const add = (packetId = 0) => store.append(message, 1, 2, false, packetId, null, null)
      const open = { waits: add(), sent: add(5), released: add(6), settled: add(7), later: add(), both: add() }
      store.sent(open.both, 10)
      store.released(open.released)
      store.settle(open.settled)
      await bench.safe()
      store.sent(open.later, 8)
      store.released(open.both)
      await bench.safe()
      const after = { sent: add(9), settled: add(11) }
      await bench.safe()
      store.released(after.sent)
      store.settle(after.settled)
      const { deliveries } = await bench.reopen()
      const told = (sequence: number, packetId: number, released = false) => ({
        number: 1,
        sequence,
        qos: 2,
        packetId,
        released,
        weight,
      })
      assert.deepEqual(deliveries, [
        told(open.waits, 0),
        told(open.sent, 5),
        told(open.released, 6, true),
        told(open.later, 8),
        told(open.both, 10, true),
        told(after.sent, 9, true),
      ])
    })

    test('what was settled before it was safe leaves nothing', async () => {
      await using bench = await StoreBench.fresh(make())
      for (let round = 0; round < 3; round++) {
        const sequences = [1, 2, 3].map((number) => bench.append(bench.message('a', 'x'), number))
        for (const sequence of sequences) bench.store.settle(sequence)
        await bench.safe()
      }
      assert.deepEqual((await bench.reopen()).deliveries, [])
    })

    test('copies of a session that is gone are settled, whatever block they are in', async () => {
      await using bench = await StoreBench.fresh(make())
      const message = bench.message('a', 'x')
      const here = [bench.append(message, 1)]
      bench.append(message, 2)
      await bench.safe()
      bench.append(message, 2)
      await bench.safe()
      here.push(bench.append(message, 1))
      const told = await bench.reopen(new Recording(new Set([2])))
      assert.deepEqual(
        told.deliveries.map(({ sequence }) => sequence),
        here,
      )
      await bench.safe()
      const again = await bench.reopen()
      assert.deepEqual(
        again.deliveries.map(({ number, sequence }) => [number, sequence]),
        [
          [1, here[0]],
          [1, here[1]],
        ],
      )
    })

    test('sequence numbers of what is kept are not given again', async () => {
      await using bench = await StoreBench.fresh(make())
      const first = bench.append(bench.message('a', 'first'), 1)
      await bench.reopen()
      const second = bench.append(bench.message('a', 'second'), 1)
      assert.notEqual(second, first)
      await bench.safe()
      assert.equal(bench.payload(first), 'first')
      assert.equal(bench.payload(second), 'second')
    })

    test('messages settled after the store was opened again are gone the next time', async () => {
      await using bench = await StoreBench.fresh(make())
      const sequences = Array.from({ length: 10 }, (_, each) => bench.append(bench.message('a', `${each}`), 1))
      await bench.reopen()
      for (const sequence of sequences.slice(0, 6)) bench.store.settle(sequence)
      const loaded = await bench.reopen()
      assert.deepEqual(
        loaded.deliveries.map(({ sequence }) => sequence),
        sequences.slice(6),
      )
      for (const sequence of sequences.slice(6)) bench.store.settle(sequence)
      assert.deepEqual((await bench.reopen()).deliveries, [])
    })

    test('time that passes while the store is closed counts', async () => {
      await using bench = await StoreBench.fresh(make())
      const expiresAt = bench.clock.now() + 10_000
      const sequence = bench.append(bench.message('a', 'x', { expiresAt }), 1)
      bench.store.retained.put(bench.message('r', 'x', { expiresAt }))
      await bench.safe()
      bench.clock.advance(4_000)
      await bench.reopen()
      assert.equal(bench.store.read(sequence)?.message.secondsLeft(bench.clock.now()), 6)
      assert.equal(bench.store.retained.get('r')?.secondsLeft(bench.clock.now()), 6)
    })

    test('load tells when the store gave its last sign of life, which it does once a minute', async () => {
      await using bench = await StoreBench.fresh(make())
      const { store, clock } = bench
      store.putSession({ number: store.number(), clientId: 'c', expiryInterval: 1, leftAt: 0, perhapsSent: false })
      await bench.safe()
      clock.advance(59_000)
      store.sweep()
      assert.equal(store.pending, false)
      clock.advance(1_000)
      store.sweep()
      const wall = clock.wall()
      await bench.safe()
      clock.advance(30_000)
      await bench.reopen()
      assert.equal(bench.alive, wall)
    })
  })
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { grounds, Recording, StoreBench } from './store-kit.ts'

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
        { number: 1, clientId: '', principal: '', expiryInterval: 0, leftAt: 0, perhapsSent: false },
        {
          number: 2,
          clientId: 'grüße-€-𝄞',
          principal: 'CN=größe/𝄞',
          expiryInterval: 0xffff_ffff,
          leftAt: 1_700_000_000_123,
          perhapsSent: true,
        },
        {
          number: 4_294_967_295,
          clientId: 'c'.repeat(65_535),
          principal: `${'é'.repeat(32_767)}x`,
          expiryInterval: 1,
          leftAt: 1.5,
          perhapsSent: false,
        },
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
          actor: '{"é":1}',
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
          actor: '',
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
      store.putSession({
        number: numbers[1],
        clientId: 'c',
        principal: '',
        expiryInterval: 1,
        leftAt: 0,
        perhapsSent: false,
      })
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
      store.putSession({
        number: store.number(),
        clientId: 'c',
        principal: '',
        expiryInterval: 1,
        leftAt: 0,
        perhapsSent: false,
      })
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

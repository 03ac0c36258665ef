import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Message } from '../../src/engine/message.ts'
import { RetainedTree } from '../../src/engine/retained-tree.ts'
import { fc } from '../kit/fast-check.ts'
import { contentOf, grounds, StoreBench } from './store-kit.ts'

function matched(search: Iterator<Message | null>): Message[] {
  const all: Message[] = []
  for (let next = search.next(); next.done !== true; next = search.next()) if (next.value !== null) all.push(next.value)
  return all
}

function topicsOf(messages: readonly Message[]): string[] {
  return messages.map(({ topic }) => topic.text).sort()
}

const levels = [
  '',
  ' ',
  '$',
  '$x',
  '%',
  '+x',
  'a',
  'a\u0001',
  'a!',
  'aa',
  'ab',
  'b',
  '\u0001',
  '\u0001a',
  '\u007f',
  'é',
  '€',
  '𝄞',
  '￿',
]
/** All the same in what a key shows of them. */
const longLevels = ['b', 'c', 'd', 'é'].map((end) => 'l'.repeat(1_100) + end)
const level = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...levels.filter((text) => !text.includes('+'))) },
  { weight: 1, arbitrary: fc.constantFrom(...longLevels) },
)
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((text) => text !== '')
const filter = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: level }, { weight: 1, arbitrary: fc.constant('+') }), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([parts, open]) => [...parts, ...(open ? ['#'] : [])].join('/'))
  .filter((text) => text !== '')

for (const [name, make] of Object.entries(grounds)) {
  describe(`retained messages in ${name}`, () => {
    test('a topic has its latest message, staged and safe, and none after it was dropped', async () => {
      await using bench = await StoreBench.fresh(make())
      const { retained } = bench.store
      const first = bench.message('a/b', 'first', { qos: 2, retain: true })
      const second = bench.message('a/b', 'second', {
        retain: true,
        publisher: 'é',
        properties: Buffer.alloc(0),
        expiresAt: bench.clock.now() + 9_000,
      })
      retained.put(first)
      assert.deepEqual(contentOf(retained.get('a/b') ?? first), contentOf(first))
      await bench.safe()
      assert.equal(retained.weight('a/b'), first.weight)
      retained.put(second)
      const get = () => contentOf(retained.get('a/b') ?? first)
      assert.deepEqual(get(), contentOf(second))
      await bench.safe()
      assert.deepEqual(get(), contentOf(second))
      assert.equal(retained.weight('a/b'), second.weight)
      retained.drop('a/b')
      assert.equal(retained.get('a/b'), null)
      assert.equal(retained.weight('a/b'), 0)
      await bench.safe()
      assert.equal(retained.get('a/b'), null)
      assert.deepEqual(matched(retained.matching('#')), [])
    })

    test('all of them come back, and are counted', async () => {
      await using bench = await StoreBench.fresh(make())
      let weight = 0
      for (let each = 0; each < 2_500; each++) {
        const message = bench.message(`r/${each % 50}/${each}`, 'x'.repeat(each % 300), { retain: true })
        bench.store.retained.put(message)
        weight += message.weight
      }
      bench.store.retained.put(bench.message('gone', 'x'))
      await bench.safe()
      bench.store.retained.drop('gone')
      await bench.reopen()
      assert.deepEqual(bench.store.retained.totals(), { count: 2_500, weight })
      assert.equal(bench.store.retained.get('r/49/99')?.payload.length, 99)
      assert.equal(matched(bench.store.retained.matching('r/7/+')).length, 50)
    })

    test('a filter finds the same as in the tree of the memory broker, whatever is safe already', {
      timeout: 60_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(topic, { maxLength: 25 }),
          fc.array(fc.nat(24), { maxLength: 6 }),
          fc.array(filter, { minLength: 1, maxLength: 12 }),
          fc.nat(25),
          async (topics, drops, filters, safe) => {
            await using bench = await StoreBench.fresh(make())
            const { retained } = bench.store
            const tree = new RetainedTree()
            for (const [index, text] of topics.entries()) {
              if (index === safe) await bench.safe()
              retained.put(bench.message(text, `${index}`))
              tree.put(bench.message(text, `${index}`))
            }
            for (const index of drops) {
              const text = topics[index]
              if (text === undefined) continue
              retained.drop(text)
              tree.drop(text)
            }
            if (safe % 2 === 0) await bench.safe()
            for (const text of [...filters, ...topics, '#', '+', '+/#']) {
              const show = (messages: readonly Message[]) =>
                messages.map((one) => `${one.topic.text}=${one.payload.toString()}`).sort()
              assert.deepEqual(show(matched(retained.matching(text))), show(matched(tree.matching(text))), text)
            }
          },
        ),
        { numRuns: name === 'memory tables' ? 300 : 25 },
      )
    })

    test('topics whose first thousand bytes are the same are found one by one', async () => {
      await using bench = await StoreBench.fresh(make())
      const { retained } = bench.store
      const tree = new RetainedTree()
      const start = 's/'.repeat(490)
      for (let each = 0; each < 40; each++) {
        for (const text of [`${start}${'m'.repeat(30)}/${each}/x`, `${'f'.repeat(1_010)}${each}/y/${each % 3}`]) {
          retained.put(bench.message(text, 'x'))
          tree.put(bench.message(text, 'x'))
        }
      }
      await bench.safe()
      const filters = [
        `${start}+/7/+`,
        `${start}${'m'.repeat(30)}/7/#`,
        `${start}#`,
        `${'f'.repeat(1_010)}20/+/+`,
        `${'f'.repeat(1_010)}20/#`,
        '+/y/1',
      ]
      for (const text of filters)
        assert.deepEqual(
          topicsOf(matched(retained.matching(text))),
          topicsOf(matched(tree.matching(text))),
          text.slice(-12),
        )
    })

    test('changes during a replay: what stays is found once, and nothing that was never there', {
      timeout: 60_000,
    }, async () => {
      const step = fc.oneof(
        fc.record({ kind: fc.constant('put' as const), at: fc.nat(39) }),
        fc.record({ kind: fc.constant('drop' as const), at: fc.nat(39) }),
        fc.record({ kind: fc.constant('safe' as const), at: fc.constant(0) }),
        fc.record({ kind: fc.constant('turn' as const), at: fc.constant(0) }),
        fc.record({ kind: fc.constant('next' as const), at: fc.nat(6) }),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(39)),
          fc.boolean(),
          fc.array(step, { maxLength: 30 }),
          async (before, safe, steps) => {
            await using bench = await StoreBench.fresh(make())
            const { retained } = bench.store
            const name = (at: number) => `t/${String(at).padStart(2, '0')}`
            const now = new Map<string, string>()
            const ever = new Set<string>()
            let version = 0
            const put = (at: number) => {
              const payload = `${version++}`
              retained.put(bench.message(name(at), payload))
              now.set(name(at), payload)
              ever.add(`${name(at)}=${payload}`)
            }
            for (const at of before) put(at)
            if (safe) await bench.safe()
            ever.clear()
            for (const [text, payload] of now) ever.add(`${text}=${payload}`)
            const stays = new Map(now)
            const search = retained.matching('t/+')
            const found: Message[] = []
            const take = (): boolean => {
              const next = search.next()
              if (next.done === true) return false
              if (next.value !== null) found.push(next.value)
              return true
            }
            for (const { kind, at } of steps) {
              if (kind === 'put' || kind === 'drop') stays.delete(name(at))
              if (kind === 'put') put(at)
              else if (kind === 'drop') {
                retained.drop(name(at))
                now.delete(name(at))
              } else if (kind === 'safe') await bench.safe()
              else if (kind === 'turn') await new Promise((resolve) => setImmediate(resolve))
              else for (let count = 0; count < at; count++) take()
            }
            while (take());
            const topics = topicsOf(found)
            assert.equal(new Set(topics).size, topics.length, 'a topic twice')
            for (const text of stays.keys()) assert.ok(topics.includes(text), `${text} is missing`)
            for (const one of found) assert.ok(ever.has(`${one.topic.text}=${one.payload.toString()}`), 'never there')
          },
        ),
        { numRuns: name === 'memory tables' ? 300 : 25 },
      )
    })

    test('a long search gives way now and then while it finds nothing', async () => {
      await using bench = await StoreBench.fresh(make())
      for (let each = 0; each < 3_000; each++) bench.store.retained.put(bench.message(`a/${each}/b`, 'x'))
      await bench.safe()
      const search = bench.store.retained.matching('a/+/c')
      let pauses = 0
      for (let next = search.next(); next.done !== true; next = search.next()) {
        assert.equal(next.value, null)
        pauses++
      }
      assert.ok(pauses >= 5, `${pauses} pauses`)
    })

    test('what has expired is told by the sweep, however long it was on its way when it looked', async () => {
      await using bench = await StoreBench.fresh(make())
      const { clock, store } = bench
      const { retained } = store
      const expiresAt = clock.now() + 1_000
      for (const text of ['m/1', 'm/2', 'm/3']) retained.put(bench.message(text, 'x'))
      await bench.safe()
      // One full round finds nothing that may expire.
      for (let look = 0; look < 3; look++) retained.expired(clock.now(), 100)
      retained.put(bench.message('z', 'x', { expiresAt }))
      retained.expired(clock.now(), 100)
      await bench.safe()
      clock.advance(2_000)
      const told = [1, 2, 3].flatMap(() => retained.expired(clock.now(), 100))
      assert.ok(told.includes('z'))
    })

    test('what is put behind the place where the sweep has come is told in the next round', async () => {
      await using bench = await StoreBench.fresh(make())
      const { clock } = bench
      const { retained } = bench.store
      const expiresAt = clock.now() + 1_000
      for (let each = 10; each < 40; each++) retained.put(bench.message(`m/${each}`, 'x'))
      await bench.safe()
      retained.expired(clock.now(), 20)
      retained.put(bench.message('a', 'x', { expiresAt }))
      await bench.safe()
      clock.advance(2_000)
      const told = Array.from({ length: 8 }, () => retained.expired(clock.now(), 20)).flat()
      assert.ok(told.includes('a'))
    })
  })
}

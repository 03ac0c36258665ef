import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../../src/journal/entry.ts'
import { Folding } from '../../../src/journal/folding.ts'
import { connected, denied, disconnected, dropped, refused } from './kit.ts'

const share = { burst: 8, interval: 1_000, apart: 4 }

function folding(): { readonly fold: Folding; collect(now: number, everything?: boolean): Entry[] } {
  let taken: Entry[] = []
  const fold = new Folding(share, (entry) => taken.push(entry))
  return {
    fold,
    collect: (now, everything = false) => {
      fold.collect(now, everything)
      const all = taken
      taken = []
      return all
    },
  }
}

test('events that say the same are one entry with first, last and count', () => {
  const { fold, collect } = folding()
  for (let time = 0; time < 100; time++) fold.add(denied('a'), time, 5_000 + time)
  const [entry, ...others] = collect(100)
  assert.deepEqual([entry?.first, entry?.last, entry?.count, others.length], [5_000, 5_099, 100, 0])
})

test('events that differ in client, action, topic, QoS, detail or rule are told apart', () => {
  const { fold, collect } = folding()
  const events = [denied('a'), denied('b'), denied('c', 'u'), denied('c', 'u', { action: 'subscribe' })]
  for (const event of [...events, denied('d', 't', { qos: 1 }), denied('d', 't', { rule: 'acl:1' }), denied('d')])
    fold.add(event, 0, 0)
  assert.equal(collect(0).length, 7)
})

test('of repeated disconnects the last packets and the duration are those of the last one', () => {
  const { fold, collect } = folding()
  fold.add(disconnected('a', ['CONNECT'], 5), 0, 0)
  fold.add(disconnected('a', ['PUBLISH'], 7), 1, 1)
  const [entry] = collect(2)
  assert.equal(entry?.count, 2)
  assert.ok(entry.event.kind === 'disconnected')
  assert.deepEqual([entry.event.lastPackets, entry.event.duration], [['PUBLISH'], 7])
})

test('the count of drops is that of the messages', () => {
  const { fold, collect } = folding()
  for (const count of [1, 20, 300]) fold.add(dropped('a', 't', count), 0, 0)
  assert.deepEqual(
    collect(0).map(({ count }) => count),
    [321],
  )
})

test('a client that makes a flood of different events has a few written, and the others counted', () => {
  const { fold, collect } = folding()
  for (let number = 0; number < 1_000; number++) fold.add(denied('flood', `t/${number}`), 0, number)
  fold.add(connected('quiet'), 0, 0)
  const entries = collect(0)
  const others = entries.find(({ event }) => event.kind === 'others')
  assert.equal(entries.filter(({ event }) => event.kind === 'denied').length, share.apart)
  assert.deepEqual([others?.count, others?.first, others?.last], [1_000 - share.apart, share.apart, 999])
  assert.equal(entries.filter(({ event }) => event.kind === 'connected').length, 1)
})

test('a flood that goes on has a line per interval, and no event goes uncounted', () => {
  const { fold, collect } = folding()
  let lines = 0
  let counted = 0
  for (let second = 0; second < 100; second++) {
    for (let number = 0; number < 50; number++) fold.add(denied('flood', `t/${second}/${number}`), second * 1_000, 0)
    for (const { count } of collect(second * 1_000)) {
      lines++
      counted += count
    }
  }
  for (const { count } of collect(100_000, true)) counted += count
  assert.equal(counted, 5_000)
  assert.ok(lines <= share.burst + 100, `${lines} lines`)
})

test('an event that repeats when its client has used its share up grows on until there is a line for it', () => {
  const { fold, collect } = folding()
  const counts: number[] = []
  for (let time = 0; time < 40_000; time += 100) {
    fold.add(denied('a'), time, time)
    for (const { count, event } of collect(time)) {
      assert.equal(event.kind, 'denied')
      counts.push(count)
    }
  }
  assert.ok(counts.slice(share.burst).every((count) => count <= 11))
  assert.ok(counts.length < 60, `${counts.length} lines in 40 s`)
})

test('strangers share by network, whatever client they say they are', () => {
  const { fold, collect } = folding()
  for (let number = 0; number < 100; number++) {
    fold.add(refused(`a${number}`, `2001:db8:0:1:${number}::1`), 0, 0)
    fold.add(refused(`b${number}`, '198.51.100.7'), 0, 0)
  }
  fold.add(refused('pump-7', '198.51.100.8'), 0, 0)
  const entries = collect(0)
  assert.equal(entries.length, 2 * (share.apart + 1) + 1)
  assert.equal(entries.at(-1)?.event.kind, 'refused')
})

test('more sources than are remembered lose nothing but their debts', () => {
  const { fold, collect } = folding()
  let counted = 0
  for (let number = 0; number < 30_000; number++) {
    fold.add(denied(`client-${number}`), 0, 0)
    if (number % 4_096 === 0) counted += collect(0).length
  }
  counted += collect(0, true).reduce((sum, { count }) => sum + count, 0)
  assert.equal(counted, 30_000)
})

// PETALTAIL_SCALE=1: a day of a busy broker; a part of it otherwise.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLmdbTables } from '../../../src/store/lmdb-tables.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { type Ground, StoreBench } from '../../contract/store-kit.ts'

const rounds = Math.round(8_000 * Number(process.env.PETALTAIL_SCALE ?? 0.1))

class Directory implements Ground {
  readonly path = mkdtempSync(join(tmpdir(), 'petaltail-churn-'))

  async open(): Promise<Tables> {
    return await openLmdbTables(this.path, { early: false })
  }

  get size(): number {
    return statSync(join(this.path, 'data.mdb')).size
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** One round of what a broker does: a thousand messages, one of which waits for a client that stays away. */
async function live(bench: StoreBench, round: number, away: number[], open: number[]): Promise<void> {
  const { store, clock } = bench
  const payload = Buffer.alloc(200, 'x')
  const before = open.splice(0)
  for (let each = 0; each < 1_000; each++) {
    const sequence = bench.append(bench.message(`t/${each}`, payload), each === 500 ? 2 : 1)
    ;(each === 500 ? away : open).push(sequence)
  }
  for (const [index, sequence] of before.entries()) {
    if (index % 3 === 0) store.sent(sequence, (index % 65_535) + 1)
    store.settle(sequence)
  }
  for (let each = 0; each < 20; each++) {
    const topic = `r/${(round * 20 + each) % 1_000}`
    if (each % 5 === 0) store.retained.drop(topic)
    else store.retained.put(bench.message(topic, Buffer.alloc(100 + ((round * 37) % 3_000)), { retain: true }))
  }
  for (let each = 0; each < 5; each++) {
    const number = store.number()
    store.putSession({
      number,
      clientId: `c${number}`,
      principal: '',
      expiryInterval: 60,
      leftAt: 0,
      perhapsSent: false,
    })
    store.putSubscription(number, {
      filter: `f/${number}`,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      identifier: 0,
    })
    if (number > 100) {
      store.dropSession(number - 100)
      store.dropSubscription(number - 100, `f/${number - 100}`)
    }
  }
  clock.advance(1_000)
  store.sweep()
  await bench.safe()
}

for (const restarts of [false, true]) {
  test(`a day’s work does not make the file grow without end${restarts ? ', with restarts' : ''}`, {
    timeout: 3_600_000,
  }, async (t) => {
    const ground = new Directory()
    await using bench = await StoreBench.fresh(ground)
    const away: number[] = []
    const open: number[] = []
    const sizes: number[] = []
    for (let round = 0; round < rounds; round++) {
      await live(bench, round, away, open)
      if (restarts && round % 100 === 99) await bench.reopen()
      if ((round + 1) % Math.ceil(rounds / 8) === 0) sizes.push(Math.round(ground.size / 1_048_576))
    }
    t.diagnostic(`${rounds} thousand messages, ${away.length} wait; the file in MiB: ${sizes.join(', ')}`)
    assert.ok(sizes[7] < 1.25 * sizes[4], `${sizes.join(', ')} MiB`)
    for (let each = 0; each < away.length; each += 17) assert.equal(bench.payload(away[each])?.length, 200)
  })
}

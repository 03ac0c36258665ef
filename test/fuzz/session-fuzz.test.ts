import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign } from './campaign.ts'

// Other seeds each day, so that the same tests see more in the course of time; a seed that found something is kept below.
const today = Math.floor(Date.now() / 86_400_000)
const given = process.env.PETALTAIL_FUZZ_SEED
const seeds = given === undefined ? [today * 10, today * 10 + 1, 1, 2] : [Number(given)]

for (const seed of seeds) {
  test(`damaged sessions hurt nobody else and leave nothing behind (PETALTAIL_FUZZ_SEED=${seed})`, async () => {
    const { heap } = await campaign({ seed, batches: 4, clients: 60 })
    const [first, last] = heap
    assert.ok(last - first < 20_000_000, `${last - first} bytes more are live than after the first batch`)
  })
}

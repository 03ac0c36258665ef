import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign } from './campaign.ts'

// `npm run fuzz` tries others. A seed that found something is kept here.
const given = process.env.PETALTAIL_FUZZ_SEED
const seeds = given === undefined ? [1, 2, 3, 4] : [Number(given)]

for (const seed of seeds) {
  test(`damaged sessions hurt nobody else and leave nothing behind (PETALTAIL_FUZZ_SEED=${seed})`, async () => {
    const { heap } = await campaign({ seed, batches: 5, clients: 150 })
    const [first, last] = heap
    assert.ok(last - first < 20_000_000, `${last - first} bytes more are live than after the first batch`)
  })
}

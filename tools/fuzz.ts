// `npm run fuzz -- [--seconds N] [--seed S]`: throws damaged sessions at brokers in this process for N seconds (60 by
// default), one campaign after the other. A campaign that finds something is repeated by its seed:
//
//     PETALTAIL_FUZZ_SEED=S node --test test/fuzz/session-fuzz.test.ts

import { parseArgs } from 'node:util'
import { campaign } from '../test/fuzz/campaign.ts'

const size = { batches: 12, clients: 100 }
/** Live bytes a campaign may have more at its end than after its first batch. */
const heapAllowance = 30_000_000

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const seconds = Number(values.seconds)
const first = Number(values.seed ?? Math.floor(Date.now() / 1_000))
if (!(seconds > 0) || !Number.isInteger(first)) {
  console.error('usage: npm run fuzz -- [--seconds N] [--seed S]')
  process.exit(2)
}

const end = performance.now() + seconds * 1_000
let clients = 0
let seed = first

// An exception nobody caught ends the process: say what to repeat.
process.on('exit', (code) => {
  if (code !== 0) console.error(`the campaign with seed ${seed} found something`)
})

for (; performance.now() < end; seed++) {
  const result = await campaign({ seed, ...size })
  clients += result.clients
  const [before, after] = result.heap
  if (after - before > heapAllowance) throw new Error(`${after - before} bytes more are live at the end`)
  console.log(`seed ${seed}: ${clients} hostile clients so far, ${Math.round(after / 1e6)} MB live`)
}
console.log(`${clients} hostile clients, seeds ${first} to ${seed - 1}: nothing found`)

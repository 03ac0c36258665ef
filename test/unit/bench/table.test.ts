import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scenario } from '../../../src/cli/bench/scenario.ts'
import { scenarios } from '../../../src/cli/bench/scenarios.ts'
import { summarize } from '../../../src/cli/bench/summary.ts'
import { scenarioTable } from '../../../src/cli/bench/table.ts'

function table(name: string, figures: Readonly<Record<string, Readonly<Record<string, number>>>>): string[] {
  const scenario = scenarios.find((one): one is Scenario => one.name === name)
  assert.ok(scenario !== undefined)
  const runs = Object.entries(figures).map(([broker, own]) => ({ scenario: name, broker, round: 0, figures: own }))
  return scenarioTable(scenario, summarize(scenario, runs, runs[0]!.broker, [])).split('\n')
}

test('a table says whether its brokers keep anything', () => {
  assert.match(table('pipe-1', { petaltail: { cpu: 1 } })[1]!, /^ {2}in memory +CPU/)
  assert.match(table('durable-pipe', { petaltail: { cpu: 1 } })[1]!, /^ {2}durable +CPU/)
})

test('a bar is shown with what it is about, and as the least where a larger value is the better one', () => {
  const lines = table('durable-offline', {
    petaltail: { queueRate: 30_000, queueCpu: 5 },
    'mosquitto (persistence, unsynced)': { queueRate: 60_000, queueCpu: 10 },
  })
  assert.deepEqual(lines.slice(4), [
    '  CPU µs/queued: 0.50 × mosquitto (persistence, unsynced) (0.50 to 0.50), bar 1.00: reached',
    '  queued/s: 30,000, bar at least 40,000: NOT reached',
    '',
  ])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Figures } from '../../../src/cli/bench/load.ts'
import { median } from '../../../src/cli/bench/median.ts'
import type { Run } from '../../../src/cli/bench/runs.ts'
import type { Scenario } from '../../../src/cli/bench/scenario.ts'
import { chosen, scenarios } from '../../../src/cli/bench/scenarios.ts'
import { summarize } from '../../../src/cli/bench/summary.ts'

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  assert.ok(found !== undefined)
  return found
}

function rounds(broker: string, figures: readonly Figures[]): Run[] {
  return figures.map((one, round) => ({ scenario: 'x', broker, round, figures: one }))
}

test('the median of an even number of values is the middle of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
})

test('a ratio is the median of the ratios of each round, not the ratio of the medians', () => {
  const runs = [
    ...rounds('petaltail', [{ cpu: 1 }, { cpu: 4 }, { cpu: 2 }]),
    ...rounds('mosquitto', [{ cpu: 10 }, { cpu: 20 }, { cpu: 40 }]),
  ]
  const { ratios, standings } = summarize(scenarioNamed('pipe-0'), runs, 'petaltail', [])
  assert.deepEqual(ratios, [{ figure: 'cpu', peer: 'mosquitto', median: 0.1, lowest: 0.05, highest: 0.2 }])
  assert.deepEqual(standings, [{ figure: 'cpu', of: 'mosquitto', value: 0.1, limit: 1 / 8, met: true }])
})

test('losses stand in the summary as the worst of the rounds', () => {
  const { medians } = summarize(
    scenarioNamed('pipe-0'),
    rounds('petaltail', [{ lost: 0 }, { lost: 7 }, { lost: 0 }]),
    'petaltail',
    [],
  )
  assert.deepEqual(medians, { petaltail: { lost: 7 } })
})

test('a bar on memory is about the figure itself, a bar on growth about a smaller scenario', () => {
  const small = summarize(scenarioNamed('subs-10k'), rounds('petaltail', [{ cpu: 2 }]), 'petaltail', [])
  const runs = rounds('petaltail', [{ cpu: 4, rssEach: 500 }])
  const { standings } = summarize(scenarioNamed('subs-1m'), runs, 'petaltail', [small])
  assert.deepEqual(standings, [
    { figure: 'cpu', of: 'subs-10k', value: 2, limit: 1.5, met: false },
    { figure: 'rssEach', of: 'itself', value: 500, limit: 600, met: true },
  ])
})

test('a bar on persistent sessions is about the same broker with clean ones', () => {
  const runs = [
    ...rounds('petaltail (store, synced)', [{ cpu: 3 }, { cpu: 2 }]),
    ...rounds('petaltail (store, synced), clean sessions', [{ cpu: 2 }, { cpu: 1 }]),
  ]
  const { standings } = summarize(scenarioNamed('durable-fanout'), runs, 'petaltail (store, synced)', [])
  const of = 'petaltail (store, synced), clean sessions'
  assert.deepEqual(standings, [{ figure: 'cpu', of, value: 1.75, limit: 1.5, met: false }])
})

test('a bar on a rate is the least it may be, by itself and beside the peer in its durable settings', () => {
  const runs = [
    ...rounds('petaltail (store, synced)', [{ queueRate: 50_000, queueCpu: 9, drainRate: 90 }]),
    ...rounds('mosquitto (persistence, unsynced)', [{ queueRate: 80_000, queueCpu: 10, drainRate: 100 }]),
  ]
  const { standings } = summarize(scenarioNamed('durable-offline'), runs, 'petaltail (store, synced)', [])
  assert.deepEqual(standings, [
    { figure: 'queueRate', of: 'itself', value: 50_000, limit: 40_000, met: true },
    { figure: 'queueCpu', of: 'mosquitto (persistence, unsynced)', value: 0.9, limit: 1, met: true },
    { figure: 'drainRate', of: 'mosquitto (persistence, unsynced)', value: 0.9, limit: 1, met: false },
  ])
})

test('what cannot be measured gives no ratio and no verdict', () => {
  const runs = [...rounds('petaltail', [{ rate: 1 }]), ...rounds('mosquitto', [{ rate: 2 }])]
  const { ratios, standings } = summarize(scenarioNamed('pipe-0'), runs, 'petaltail', [])
  assert.deepEqual([ratios, standings], [[], []])
})

test('a name without its number means all scenarios of that kind, but long ones only when asked for', () => {
  assert.deepEqual(names(['pipe']), ['pipe-0', 'pipe-1', 'pipe-2'])
  assert.deepEqual(names(['subs']), ['subs'])
  assert.deepEqual(names(['durable']), ['durable-offline', 'durable-fanout', 'durable-pipe'])
  assert.deepEqual(names(['durable-offline']), ['durable-offline'])
  assert.deepEqual(names(['subs-1m']), ['subs-1m'])
  assert.equal(names([]).includes('subs-1m'), false)
  assert.deepEqual(chosen(['pip'], false), { unknown: 'pip' })
})

function names(some: readonly string[]): string[] {
  const found = chosen(some, false)
  assert.ok(!('unknown' in found))
  return found.map((scenario) => scenario.name)
}

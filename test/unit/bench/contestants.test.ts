import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchBroker, Setup } from '../../../src/cli/bench/brokers.ts'
import { contestants } from '../../../src/cli/bench/contestants.ts'
import type { Scenario } from '../../../src/cli/bench/scenario.ts'
import { scenarios } from '../../../src/cli/bench/scenarios.ts'

const setup = (name: string, mostQueued: number | null = null): Setup => ({
  name,
  settings: '',
  mostQueued,
  start: () => Promise.reject(new Error('nothing starts in this test')),
})

const own: BenchBroker = {
  ...setup('own'),
  durable: [setup('own, kept')],
  encrypted: [setup('own, TLS')],
  ruled: [setup('own'), setup('own, no rules')],
}
const peer: BenchBroker = {
  ...setup('peer'),
  durable: [setup('peer, kept'), setup('peer, kept well', 3_000)],
  encrypted: [setup('peer, TLS')],
  ruled: [setup('peer, rules')],
}
const forgetful: BenchBroker = { ...setup('forgetful'), durable: [], encrypted: [], ruled: [] }

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  assert.ok(found !== undefined)
  return found
}

function names(scenario: string): string[] {
  return contestants(scenarioNamed(scenario), [own, peer, forgetful]).map(({ name }) => name)
}

test('a scenario in memory has every broker as it is without a store', () => {
  assert.deepEqual(names('offline'), ['own', 'peer', 'forgetful'])
})

test('a scenario over TLS has every broker that is set up for it', () => {
  assert.deepEqual(names('conntls'), ['own, TLS', 'peer, TLS'])
})

test('a scenario with rules has this broker with and without them, and every broker that is set up for it', () => {
  assert.deepEqual(names('access-pipe-0'), ['own', 'own, no rules', 'peer, rules'])
})

test('a scenario about decisions starts no broker', () => {
  assert.deepEqual(names('access-decide-users'), ['petaltail'])
})

test('a long scenario has this broker alone', () => {
  assert.deepEqual(names('subs-1m'), ['own'])
})

test('a durable scenario has every durable way of every broker that has one', () => {
  assert.deepEqual(names('durable-offline'), ['own, kept', 'peer, kept', 'peer, kept well, 3,000 only'])
})

test('with persistent sessions this broker runs once more, and only the sessions differ', () => {
  const [first, second, ...others] = contestants(scenarioNamed('durable-pipe'), [own, peer])
  assert.deepEqual([first?.name, second?.name], ['own, kept', 'own, kept, clean sessions'])
  assert.equal(second?.setup, first?.setup)
  assert.deepEqual({ ...second?.load, persistent: true }, first?.load)
  assert.equal(first?.load.persistent, true)
  assert.ok(others.every(({ load }) => load.persistent))
})

test('a broker that slows down with every message it holds is given fewer to queue, and the table says so', () => {
  const scenario = scenarioNamed('durable-offline')
  const amounts = contestants(scenario, [own, peer]).map(({ load }) => load.amount)
  assert.deepEqual(amounts, [100_000, 100_000, 3_000])
  const small = contestants({ ...scenario, load: { ...scenario.load, amount: 2_000 } }, [peer])
  assert.deepEqual(small.at(-1), {
    name: 'peer, kept well',
    setup: peer.durable[1],
    load: { ...scenario.load, amount: 2_000 },
  })
})

import { type BenchBroker, ownParts, type Setup } from './brokers.ts'
import type { Load } from './load.ts'
import type { Scenario } from './scenario.ts'

/** One row of a scenario's table: a broker run in one way, under one load. */
export interface Contestant {
  readonly name: string
  readonly setup: Setup
  readonly load: Load
}

/** The loads that come over TLS. */
const encrypted = { conntls: true, 'conntls-resumed': true }

/** The loads that ask parts of this program, and no broker. */
const inProcess = { 'decide-users': true, 'decide-ordered': true, 'decide-roles': true, 'decide-spaces': true }

/** Who takes part in a scenario; the first is this broker, the one the others are compared with. */
export function contestants(scenario: Scenario, brokers: readonly BenchBroker[]): readonly Contestant[] {
  const { load, durable, alone } = scenario
  if (load.kind in inProcess) return [contestant(ownParts, load)]
  const some = alone ? brokers.slice(0, 1) : brokers
  const ways = (broker: BenchBroker) =>
    durable ? broker.durable : load.kind in encrypted ? broker.encrypted : load.named ? broker.ruled : [broker]
  const all = some.flatMap(ways).map((setup) => contestant(setup, load))
  const own = all[0]
  return own !== undefined && load.persistent ? [own, withCleanSessions(own), ...all.slice(1)] : all
}

/** The name of the row that differs from the row `name` in nothing but its sessions. */
export function cleanName(name: string): string {
  return `${name}, clean sessions`
}

function withCleanSessions({ name, setup, load }: Contestant): Contestant {
  return { name: cleanName(name), setup, load: { ...load, persistent: false } }
}

function contestant(setup: Setup, load: Load): Contestant {
  const { name, mostQueued } = setup
  if (load.kind !== 'offline' || mostQueued === null || load.amount <= mostQueued) return { name, setup, load }
  return { name: `${name}, ${mostQueued.toLocaleString('en')} only`, setup, load: { ...load, amount: mostQueued } }
}

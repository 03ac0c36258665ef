import { withoutRules } from './brokers.ts'
import type { Load } from './load.ts'
import { against, idle, type Scenario, usual } from './scenario.ts'

/** With access rules, beside the same without. */
export function ruled(scenario: Scenario): Scenario {
  const { name, title, load } = scenario
  return {
    ...scenario,
    name: `access-${name}`,
    title: `${title}; 10,000 users, a rule for each`,
    load: { ...load, named: true },
    bars: [{ figure: 'cpu', of: withoutRules, limit: 1.1 }, against('cpu', 1)],
  }
}

/** What is refused is measured beside the same messages going to nobody. */
export function refusals({ load, ...scenario }: Scenario): Scenario {
  return {
    ...scenario,
    name: 'access-refusals',
    title: `${scenario.title}, and 10,000 messages a second that are not allowed`,
    load: { ...load, rate: 10_000 },
  }
}

/** Asks the rules themselves: what a decision costs that nobody asked for before, and what it costs to make them. */
export function decide(kind: Load['kind'], what: string): Scenario {
  return {
    name: `access-${kind}`,
    title: `10,000 clients ask 10,000 rules once each, 100,000 rules are compiled: ${what}; no broker`,
    load: { ...idle, kind, amount: 10_000, messages: 100_000 },
    small: { amount: 500, messages: 1_000 },
    bars: [
      { figure: 'firstCpu', of: 'itself', limit: 5 },
      { figure: 'compile', of: 'itself', limit: 2_000_000 },
    ],
    ...usual,
    alone: true,
  }
}

import { availableParallelism } from 'node:os'
import { comparison, readBaseline, storeBaseline, writeResult } from './baseline.ts'
import { cleanName, contestants } from './contestants.ts'
import { introduction } from './introduction.ts'
import { type Plan, type Run, runScenario } from './runs.ts'
import type { Scenario } from './scenario.ts'
import { type Summary, summarize } from './summary.ts'
import { scenarioTable } from './table.ts'

/** Where results go and what they are compared with; undefined for not at all. */
export interface Destinations {
  readonly json: string | undefined
  readonly baseline: string | undefined
  readonly compare: string | undefined
}

/** Runs the bench and prints it; resolves to how many messages this broker, the first of the plan, lost. */
export async function runBench(plan: Plan, destinations: Destinations): Promise<number> {
  // Read first: a mistake in a file name should not come to light after half an hour.
  const baseline = destinations.compare === undefined ? null : readBaseline(destinations.compare)
  print(introduction(plan))
  const summaries: Summary[] = []
  const runs: Run[] = []
  let lost = 0
  for (const one of plan.scenarios) {
    const scenario = plan.small ? shrunk(one) : one
    const all = contestants(scenario, plan.brokers)
    const subject = all[0]!.name
    const some = await runScenario(scenario, all, plan, progress)
    const summary = summarize(scenario, some, subject, summaries)
    lost += lostBy([subject, cleanName(subject)], some)
    runs.push(...some)
    summaries.push(summary)
    print(scenarioTable(scenario, summary))
    if (baseline !== null) print([...comparison(summary, baseline), ''].join('\n'))
  }
  if (destinations.json !== undefined) writeResult(destinations.json, results(plan, summaries, runs))
  if (destinations.baseline !== undefined) storeBaseline(destinations.baseline, summaries)
  return lost
}

function lostBy(names: readonly string[], runs: readonly Run[]): number {
  return runs.filter((run) => names.includes(run.broker)).reduce((lost, run) => lost + (run.figures.lost ?? 0), 0)
}

/** Small sizes say nothing about the bars. */
function shrunk(scenario: Scenario): Scenario {
  const load = { ...scenario.load, ...scenario.small }
  return { ...scenario, title: `${scenario.title} (with smaller numbers)`, load, bars: [] }
}

function results(
  { brokers, rounds, seconds, small }: Plan,
  summaries: readonly Summary[],
  runs: readonly Run[],
): unknown {
  return {
    format: 1,
    when: new Date().toISOString(),
    machine: { platform: process.platform, cores: availableParallelism(), node: process.versions.node },
    plan: { rounds, seconds, small },
    brokers: brokers.flatMap((broker) => [broker, ...broker.durable].map(({ name, settings }) => ({ name, settings }))),
    summaries,
    runs,
  }
}

function progress({ scenario, broker, round }: Run): void {
  if (process.stderr.isTTY) process.stderr.write(`${scenario}, round ${round + 1}: ${broker} done\n`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

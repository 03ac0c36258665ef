import { availableParallelism, loadavg } from 'node:os'
import { comparison, readBaseline, storeBaseline, writeResult } from './baseline.ts'
import { type Plan, type Run, runScenario } from './runs.ts'
import type { Scenario } from './scenarios.ts'
import { type Summary, summarize } from './summary.ts'
import { scenarioTable } from './table.ts'
import { UsageReader } from './usage.ts'

/** Where results go and what they are compared with; undefined for not at all. */
export interface Destinations {
  readonly json: string | undefined
  readonly baseline: string | undefined
  readonly compare: string | undefined
}

/** Runs the bench and prints it; resolves to how many messages the first broker of the plan lost. */
export async function runBench(plan: Plan, destinations: Destinations): Promise<number> {
  const subject = plan.brokers[0]!.name
  // Read first: a mistake in a file name should not come to light after half an hour.
  const baseline = destinations.compare === undefined ? null : readBaseline(destinations.compare)
  print(introduction(plan))
  const summaries: Summary[] = []
  const runs: Run[] = []
  for (const one of plan.scenarios) {
    const scenario = plan.small ? shrunk(one) : one
    const some = await runScenario(scenario, plan, progress)
    const summary = summarize(scenario, some, subject, summaries)
    runs.push(...some)
    summaries.push(summary)
    print(scenarioTable(scenario, summary))
    if (baseline !== null) print([...comparison(summary, baseline, subject), ''].join('\n'))
  }
  if (destinations.json !== undefined) writeResult(destinations.json, results(plan, summaries, runs))
  if (destinations.baseline !== undefined) storeBaseline(destinations.baseline, summaries)
  return runs.filter((run) => run.broker === subject).reduce((lost, run) => lost + (run.figures.lost ?? 0), 0)
}

/** Small sizes say nothing about the bars. */
function shrunk(scenario: Scenario): Scenario {
  const load = { ...scenario.load, ...scenario.small }
  return { ...scenario, title: `${scenario.title} (with smaller numbers)`, load, bars: [] }
}

function introduction({ brokers, rounds, seconds, small }: Plan): string {
  const lines = brokers.map(({ name, settings }) => `  ${name}: ${settings}`)
  const extent = `${rounds} round(s), ${seconds} s measured each${small ? ', small sizes' : ''}; medians of the rounds`
  const blind = 'CPU and memory of a broker cannot be read on this system: rates and latency only.'
  return [
    'MQTT 3.1.1, 64-byte payloads; all brokers on loopback, anonymous, TCP_NODELAY, without log and disk.',
    ...lines,
    `${extent}. Load of the machine now: ${loadavg()[0]!.toFixed(2)} on ${availableParallelism()} cores.`,
    ...(new UsageReader([process.pid]).available ? [] : [blind]),
    '',
  ].join('\n')
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
    brokers: brokers.map(({ name, settings }) => ({ name, settings })),
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

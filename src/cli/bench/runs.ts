import { fork } from 'node:child_process'
import { Failure } from '../failure.ts'
import type { BenchBroker } from './brokers.ts'
import type { Contestant } from './contestants.ts'
import type { Figures, Job } from './load.ts'
import { isOutcome, type Outcome } from './messages.ts'
import type { Scenario } from './scenario.ts'
import { sibling } from './sibling.ts'

// Far beyond what any scenario takes; a broker that crawls must not hold the bench for ever.
const deadline = 20 * 60_000

/** How the scenarios are run. Times in seconds. */
export interface Plan {
  readonly scenarios: readonly Scenario[]
  /** The first one is the one the others are compared with. */
  readonly brokers: readonly BenchBroker[]
  readonly rounds: number
  readonly seconds: number
  readonly small: boolean
}

/** What one contestant did in one round of one scenario. */
export interface Run {
  readonly scenario: string
  readonly broker: string
  readonly round: number
  readonly figures: Figures
}

/** Runs one scenario: everybody once a round, each time started anew, in an order that shifts from round to round. */
export async function runScenario(
  { name: scenario }: Scenario,
  all: readonly Contestant[],
  plan: Plan,
  report: (run: Run) => void,
): Promise<Run[]> {
  const runs: Run[] = []
  for (let round = 0; round < plan.rounds; round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const contestant = all[(round + turn) % all.length]!
      const run = { scenario, broker: contestant.name, round, figures: await runOnce(scenario, contestant, plan) }
      report(run)
      runs.push(run)
    }
  }
  return runs
}

async function runOnce(scenario: string, { name, setup, load }: Contestant, plan: Plan): Promise<Figures> {
  const running = await setup.start()
  try {
    const { host, port, pids } = running
    const warmup = Math.min(1, plan.seconds / 4)
    const outcome = await generate({ load, host, port, pids, seconds: plan.seconds, warmup })
    if ('error' in outcome) throw new Failure(`${scenario} with ${name}: ${outcome.error}`)
    return outcome.figures
  } finally {
    await running.stop()
  }
}

/** Runs the generator in a process of its own, so that neither its memory nor its loop is shared with anything. */
function generate(job: Job): Promise<Outcome> {
  const generator = fork(sibling(import.meta.url, './generator'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const late = setTimeout(() => generator.kill('SIGKILL'), deadline)
  return new Promise<Outcome>((resolve) => {
    generator.once('message', (message: unknown) => {
      resolve(isOutcome(message) ? message : { error: 'the generator gave no figures' })
    })
    generator.once('exit', (code, signal) => resolve({ error: `the generator ended with ${signal ?? `code ${code}`}` }))
    generator.send(job)
  }).finally(() => clearTimeout(late))
}

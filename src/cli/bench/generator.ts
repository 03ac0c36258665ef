/**
 * The load generator, a process of its own: takes one job as its first message, runs it, answers with the figures (or
 * with an error) and ends. When the process that started it is gone, it ends at once.
 */
import { runConn } from './conn.ts'
import { runConnTls } from './conn-tls.ts'
import { runDecide } from './decide.ts'
import { runFanout } from './fanout.ts'
import type { Figures, Job, Load } from './load.ts'
import type { Outcome } from './messages.ts'
import { isJob } from './messages.ts'
import { runOffline } from './offline.ts'
import { runOpenLoop } from './open-loop.ts'
import { runPipe } from './pipe.ts'
import { runRetained } from './retained.ts'
import { runSubs } from './subs.ts'
import { sharpenTimers } from './time.ts'
import { UsageReader } from './usage.ts'

type Run = (job: Job, usage: UsageReader) => Promise<Figures>

const runs: Readonly<Record<Load['kind'], Run>> = {
  pipe: runPipe,
  fanout: runFanout,
  fanin: runOpenLoop,
  sparse: runOpenLoop,
  conn: runConn,
  conntls: runConnTls,
  'conntls-resumed': runConnTls,
  subs: runSubs,
  retained: runRetained,
  offline: runOffline,
  'decide-users': runDecide,
  'decide-ordered': runDecide,
  'decide-roles': runDecide,
  'decide-spaces': runDecide,
}

process.on('disconnect', () => process.exit(1))
// The terminal sends Ctrl-C to the whole group; the parent then ends this process by closing the channel.
process.on('SIGINT', () => {})
process.on('uncaughtException', (error) => answer({ error: error.message }))
process.once('message', (job: unknown) => {
  if (!isJob(job)) throw new TypeError('the generator needs a job')
  sharpenTimers()
  runs[job.load.kind](job, new UsageReader(job.pids)).then(
    (figures) => answer({ figures }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  )
})

function answer(outcome: Outcome): void {
  process.send?.(outcome, () => process.exit(0))
}

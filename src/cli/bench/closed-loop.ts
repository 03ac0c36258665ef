import type { Fleet } from './fleet.ts'
import type { Figures, Job } from './load.ts'
import type { Meter } from './meter.ts'
import { Span } from './span.ts'
import type { UsageReader } from './usage.ts'
import { progress, wait } from './waiting.ts'

// After the last message: long enough to see a copy that should not come.
const linger = 200

/** The publishing side of a closed loop. */
export interface Publishing {
  readonly sent: number
  stop(): void
}

/** Lets the traffic run: warms up, measures, stops the publishers, waits for what is on its way. */
export async function measureWindow(
  fleet: Fleet,
  meter: Meter,
  publishing: Publishing,
  copies: number,
  usage: UsageReader,
  job: Job,
): Promise<Figures> {
  await wait(job.warmup * 1_000)
  const before = meter.tally.delivered
  const span = new Span(usage)
  meter.measuring = true
  await wait(job.seconds * 1_000)
  const delivered = meter.tally.delivered - before
  span.end()
  meter.measuring = false
  publishing.stop()
  await progress(() => meter.tally.distinct, publishing.sent * copies)
  await wait(linger)
  return {
    ...span.rate('rate', delivered),
    ...span.cpu('cpu', delivered),
    ...meter.latency(),
    ...span.conditions(delivered),
    ...meter.losses(publishing.sent * copies),
    disconnects: fleet.disconnects,
  }
}

/** How long the generator pauses before it reads on, in ms: only where the window is deep enough not to be limited by it. */
export function pauseFor(depth: number): number {
  if (depth >= 1_000) return 0.2
  return depth >= 100 ? 0.05 : 0
}

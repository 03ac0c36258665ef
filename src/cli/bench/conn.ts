import { Fleet } from './fleet.ts'
import type { Figures, Job } from './load.ts'
import { Span } from './span.ts'
import type { UsageReader } from './usage.ts'
import { wait } from './waiting.ts'

const settle = 2_000

/** N connections that do nothing. */
export async function runConn(job: Job, usage: UsageReader): Promise<Figures> {
  const { clients } = job.load
  const fleet = new Fleet(job.host, job.port, clients)
  const connecting = new Span(usage)
  await fleet.open(0, clients)
  connecting.end()
  await wait(settle)
  const idle = new Span(usage)
  await wait(job.seconds * 1_000)
  idle.end()
  const figures = {
    ...connecting.rate('rate', clients),
    ...connecting.cpu('cpu', clients),
    ...connecting.conditions(clients),
    ...connecting.memoryEach('rssEach', clients),
    ...idle.cpu('idleCpu', idle.seconds),
    disconnects: fleet.disconnects,
    lost: fleet.disconnects,
  }
  fleet.destroy()
  return figures
}

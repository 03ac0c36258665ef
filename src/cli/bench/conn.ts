import { Fleet } from './fleet.ts'
import type { Figures, Job } from './load.ts'
import { Span } from './span.ts'
import type { UsageReader } from './usage.ts'
import { wait } from './waiting.ts'

const settle = 2_000

/** Connections that are opened, do nothing, and are closed. */
export interface Idlers {
  readonly disconnects: number
  open(): Promise<void>
  destroy(): void
}

/** N connections that do nothing. */
export async function runConn(job: Job, usage: UsageReader): Promise<Figures> {
  const { clients } = job.load
  const fleet = new Fleet(job.host, job.port, clients)
  return await idling(job, usage, {
    get disconnects() {
      return fleet.disconnects
    },
    open: () => fleet.open(0, clients),
    destroy: () => fleet.destroy(),
  })
}

/** What opening connections costs, and then having them. */
export async function idling(job: Job, usage: UsageReader, idlers: Idlers): Promise<Figures> {
  const { clients } = job.load
  const connecting = new Span(usage)
  await idlers.open()
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
    disconnects: idlers.disconnects,
    lost: idlers.disconnects,
  }
  idlers.destroy()
  return figures
}

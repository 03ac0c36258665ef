import { pauseFor } from './closed-loop.ts'
import { Fleet, Silence } from './fleet.ts'
import type { Link } from './link.ts'
import type { Figures, Job } from './load.ts'
import { Meter, publisherOf } from './meter.ts'
import { forgetSessions } from './sessions.ts'
import { Span } from './span.ts'
import type { Stream } from './tally.ts'
import { monotonic } from './time.ts'
import type { UsageReader } from './usage.ts'
import { progress, wait } from './waiting.ts'
import { publishTemplate, type Template } from './wire.ts'

/**
 * A persistent session subscribes with QoS 1 and leaves; publishers queue messages for it; it returns and takes them.
 * What was acknowledged and does not come then is lost.
 */
export async function runOffline(job: Job, usage: UsageReader): Promise<Figures> {
  const { clients, window } = job.load
  const fleet = new Fleet(job.host, job.port, clients + 1)
  const traffic = new Absence(fleet, job)
  fleet.traffic = traffic
  await leaveSession(fleet)
  await fleet.open(1, clients + 1)
  await wait(500)
  fleet.pause = pauseFor(window)
  const queued = await queue(fleet, traffic, job, usage)
  const drained = await drain(fleet, traffic, usage)
  await forgetSessions(fleet, 0, 1)
  fleet.destroy()
  return { ...queued, ...drained, disconnects: fleet.disconnects }
}

async function leaveSession(fleet: Fleet): Promise<void> {
  const subscriber = fleet.links[0]!
  subscriber.cleanSession = false
  subscriber.filter = 'off/+/data'
  subscriber.subscribeQos = 1
  await subscriber.open()
  await subscriber.close()
  subscriber.filter = null
}

async function queue(fleet: Fleet, traffic: Absence, job: Job, usage: UsageReader): Promise<Figures> {
  const span = new Span(usage)
  for (const link of fleet.links.slice(1)) fleet.want(link)
  await progress(() => traffic.acked, job.load.amount)
  span.end()
  await wait(1_000)
  return {
    ...span.rate('queueRate', traffic.acked),
    ...span.cpu('queueCpu', traffic.acked),
    ...span.memoryEach('rssEach', traffic.acked),
  }
}

async function drain(fleet: Fleet, traffic: Absence, usage: UsageReader): Promise<Figures> {
  const { tally } = traffic.meter
  const subscriber = fleet.links[0]!
  const span = new Span(usage)
  await subscriber.open()
  await progress(() => tally.distinct, traffic.acked)
  span.end()
  const drained = tally.distinct
  await wait(300)
  return {
    ...span.rate('drainRate', drained),
    ...span.cpu('drainCpu', drained),
    ...span.conditions(drained),
    ...traffic.meter.losses(traffic.acked),
    sessionPresent: subscriber.sessionPresent ? 1 : 0,
  }
}

/** Link 0 is the session, links 1 to n publish. */
class Absence extends Silence {
  readonly meter = new Meter()
  acked = 0
  readonly #fleet: Fleet
  readonly #job: Job
  readonly #streams: readonly Stream[]
  readonly #templates: readonly Template[]

  constructor(fleet: Fleet, job: Job) {
    super()
    const { clients, qos, payloadBytes } = job.load
    this.#fleet = fleet
    this.#job = job
    this.#streams = this.meter.streams(clients)
    this.#templates = this.#streams.map((_, index) => publishTemplate(`off/${index}/data`, qos, false, payloadBytes))
  }

  override message(_link: Link, bytes: Buffer, payload: number, end: number): void {
    const publisher = publisherOf(bytes, payload, end, this.#streams.length)
    this.meter.take(this.#streams[publisher]!, bytes, payload, end)
  }

  override acknowledged(link: Link): void {
    this.acked++
    this.#fleet.want(link)
  }

  override refill(publisher: Link): void {
    const { amount, clients, window } = this.#job.load
    const number = publisher.index - 1
    if (number < 0) return
    const share = Math.floor(amount / clients) + (number < amount % clients ? 1 : 0)
    const now = monotonic()
    let room = Math.min(share - publisher.sent, window - (publisher.sent - publisher.acked))
    for (; room > 0; room--) publisher.publish(this.#templates[number]!, now, number)
  }
}

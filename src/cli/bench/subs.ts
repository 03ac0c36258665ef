import { pauseFor } from './closed-loop.ts'
import { filterOf, Sequence, topicOf } from './filters.ts'
import { Fleet, Silence } from './fleet.ts'
import type { Link } from './link.ts'
import type { Figures, Job } from './load.ts'
import { Meter } from './meter.ts'
import { mostUnacknowledged } from './pipe.ts'
import { Span } from './span.ts'
import { monotonic } from './time.ts'
import type { UsageReader } from './usage.ts'
import { progress, wait } from './waiting.ts'
import { publishBytes, subscribePacket, writePublishHead } from './wire.ts'

const filtersPerPacket = 100
const packetsAtOnce = 10

/** One client with very many filters; then messages that each match one of them. */
export async function runSubs(job: Job, usage: UsageReader): Promise<Figures> {
  const fleet = new Fleet(job.host, job.port, 2)
  const traffic = new ManyFilters(fleet, job)
  fleet.traffic = traffic
  await fleet.open(0, 2)
  await wait(500)
  const subscribed = await subscribe(fleet, traffic, usage, job)
  const published = traffic.refused === 0 && traffic.accepted === job.load.amount
  const figures = published ? await publish(fleet, traffic, usage, job) : {}
  fleet.destroy()
  const missing = job.load.amount - traffic.accepted
  return { ...subscribed, ...figures, refused: traffic.refused, ...(published ? {} : { lost: missing }) }
}

async function subscribe(fleet: Fleet, traffic: ManyFilters, usage: UsageReader, job: Job): Promise<Figures> {
  const { amount } = job.load
  fleet.pause = pauseFor(job.load.window)
  const span = new Span(usage)
  traffic.subscribe()
  await progress(() => traffic.accepted + traffic.refused, amount)
  span.end()
  await wait(1_000)
  return {
    ...span.rate('subscribeRate', traffic.accepted),
    ...span.cpu('subscribeCpu', traffic.accepted),
    ...span.memoryEach('rssEach', traffic.accepted),
  }
}

async function publish(fleet: Fleet, traffic: ManyFilters, usage: UsageReader, job: Job): Promise<Figures> {
  const { meter } = traffic
  const warmup = Math.floor(job.load.messages / 10)
  traffic.publish(warmup)
  await progress(() => meter.tally.delivered, warmup)
  const before = meter.tally.delivered
  const span = new Span(usage)
  meter.measuring = true
  traffic.publish(job.load.messages)
  await progress(() => meter.tally.delivered, traffic.goal)
  span.end()
  const delivered = meter.tally.delivered - before
  await wait(200)
  return {
    ...span.rate('rate', delivered),
    ...span.cpu('cpu', delivered),
    ...meter.latency(),
    ...span.conditions(delivered),
    ...meter.losses(traffic.goal),
    disconnects: fleet.disconnects,
  }
}

/** Link 0 subscribes, link 1 publishes. */
class ManyFilters extends Silence {
  readonly meter = new Meter()
  accepted = 0
  refused = 0
  goal = 0
  readonly #fleet: Fleet
  readonly #job: Job
  readonly #stream = this.meter.stream()
  readonly #choices = new Sequence()
  #requested = 0

  constructor(fleet: Fleet, job: Job) {
    super()
    this.#fleet = fleet
    this.#job = job
  }

  subscribe(): void {
    for (let packet = 0; packet < packetsAtOnce; packet++) this.#request()
  }

  publish(messages: number): void {
    this.goal += messages
    this.#fleet.want(this.#fleet.links[1]!)
  }

  override granted(accepted: number, refused: number): void {
    this.accepted += accepted
    this.refused += refused
    this.#request()
  }

  override message(_link: Link, bytes: Buffer, payload: number, end: number): void {
    this.meter.take(this.#stream, bytes, payload, end)
    this.#fleet.want(this.#fleet.links[1]!)
  }

  override acknowledged(link: Link): void {
    this.#fleet.want(link)
  }

  override refill(publisher: Link): void {
    if (publisher.index !== 1) return
    const { window, qos } = this.#job.load
    const now = monotonic()
    let room = Math.min(this.goal - publisher.sent, window - (publisher.sent - this.#fleet.links[0]!.received))
    if (qos !== 0) room = Math.min(room, mostUnacknowledged - (publisher.sent - publisher.acked))
    for (let count = 0; count < room; count++) this.#send(publisher, now)
  }

  #send(publisher: Link, now: number): void {
    const { amount, qos, payloadBytes } = this.#job.load
    const topic = topicOf(this.#choices.next(amount), this.#choices.next(amount))
    const at = publisher.reserve(publishBytes(topic, qos, payloadBytes))
    const packetId = qos === 0 ? 0 : publisher.nextPacketId()
    const payload = writePublishHead(publisher.out, at, topic, qos, false, packetId, payloadBytes)
    publisher.out.fill(0x78, payload, payload + payloadBytes)
    publisher.stamp(payload, now, 0)
  }

  #request(): void {
    const { amount, qos } = this.#job.load
    const count = Math.min(filtersPerPacket, amount - this.#requested)
    if (count <= 0) return
    const filters = Array.from({ length: count }, (_, index) => filterOf(this.#requested + index))
    this.#requested += count
    const subscriber = this.#fleet.links[0]!
    subscriber.send(subscribePacket(subscriber.nextPacketId(), filters, qos))
  }
}

import { Worker } from 'node:worker_threads'
import { pauseFor } from './closed-loop.ts'
import { Fleet, Silence } from './fleet.ts'
import type { Link } from './link.ts'
import type { Figures, Job } from './load.ts'
import { answerOf, isFigures } from './messages.ts'
import { sibling } from './sibling.ts'
import { Span } from './span.ts'
import { monotonic } from './time.ts'
import type { UsageReader } from './usage.ts'
import { progress, wait } from './waiting.ts'
import { publishBytes, stampBytes, subscribePacket, writePublishHead } from './wire.ts'

/** K retained messages are stored with QoS 1; then one subscriber takes them all with QoS 0 while a canary pings. */
export async function runRetained(job: Job, usage: UsageReader): Promise<Figures> {
  const fleet = new Fleet(job.host, job.port, 2)
  const traffic = new RetainedMessages(fleet, job)
  fleet.traffic = traffic
  await fleet.open(0, 2)
  await wait(500)
  fleet.pause = pauseFor(job.load.window)
  const stored = await store(fleet, job, usage)
  const replayed = await replay(fleet, traffic, job, usage)
  fleet.destroy()
  return { ...stored, ...replayed, disconnects: fleet.disconnects }
}

async function store(fleet: Fleet, job: Job, usage: UsageReader): Promise<Figures> {
  const publisher = fleet.links[0]!
  const span = new Span(usage)
  fleet.want(publisher)
  await progress(() => publisher.acked, job.load.amount)
  span.end()
  await wait(1_000)
  return {
    ...span.rate('storeRate', publisher.acked),
    ...span.cpu('storeCpu', publisher.acked),
    ...span.memoryEach('rssEach', publisher.acked),
  }
}

async function replay(fleet: Fleet, traffic: RetainedMessages, job: Job, usage: UsageReader): Promise<Figures> {
  const { amount } = job.load
  const canary = await startCanary(job)
  const subscriber = fleet.links[1]!
  const span = new Span(usage)
  subscriber.send(subscribePacket(subscriber.nextPacketId(), ['ret/#'], 0))
  await progress(() => traffic.distinct, amount)
  span.end()
  await wait(200)
  return {
    ...span.rate('replayRate', traffic.distinct),
    ...span.cpu('replayCpu', traffic.distinct),
    ...span.conditions(traffic.distinct),
    ...(await reportOf(canary)),
    lost: amount - traffic.distinct,
    duplicates: traffic.duplicates,
    withoutFlag: traffic.withoutFlag,
  }
}

async function startCanary(job: Job): Promise<Worker> {
  const canary = new Worker(sibling(import.meta.url, './canary'), { workerData: job })
  await answerOf(canary)
  return canary
}

async function reportOf(canary: Worker): Promise<Figures> {
  canary.postMessage('report')
  const report = await answerOf(canary)
  await canary.terminate()
  if (!isFigures(report)) throw new TypeError('the canary did not report')
  return report
}

/** Link 0 publishes, link 1 subscribes. */
class RetainedMessages extends Silence {
  distinct = 0
  duplicates = 0
  /** Replayed without the RETAIN flag. */
  withoutFlag = 0
  readonly #fleet: Fleet
  readonly #job: Job
  readonly #seen: Uint8Array

  constructor(fleet: Fleet, job: Job) {
    super()
    this.#fleet = fleet
    this.#job = job
    this.#seen = new Uint8Array(job.load.amount)
  }

  override message(_link: Link, bytes: Buffer, payload: number, end: number, header: number): void {
    if (end - payload < stampBytes) throw new Error('the broker delivered a payload that nobody sent')
    const sequence = bytes.readUInt32LE(payload + 12)
    if ((header & 1) === 0) this.withoutFlag++
    if (this.#seen[sequence] !== 0) this.duplicates++
    else {
      this.#seen[sequence] = 1
      this.distinct++
    }
  }

  override acknowledged(link: Link): void {
    this.#fleet.want(link)
  }

  override refill(publisher: Link): void {
    const { amount, window } = this.#job.load
    const now = monotonic()
    let room = Math.min(amount - publisher.sent, window - (publisher.sent - publisher.acked))
    for (; room > 0; room--) this.#send(publisher, now)
  }

  #send(publisher: Link, now: number): void {
    const { payloadBytes } = this.#job.load
    const topic = `ret/g${publisher.sent % 100}/${publisher.sent}/value`
    const at = publisher.reserve(publishBytes(topic, 1, payloadBytes))
    const payload = writePublishHead(publisher.out, at, topic, 1, true, publisher.nextPacketId(), payloadBytes)
    publisher.out.fill(0x78, payload, payload + payloadBytes)
    publisher.stamp(payload, now, 0)
  }
}

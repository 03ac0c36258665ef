import { measureWindow, pauseFor } from './closed-loop.ts'
import { Fleet, Silence } from './fleet.ts'
import { nameFanout } from './identities.ts'
import type { Link } from './link.ts'
import type { Figures, Job } from './load.ts'
import { Meter } from './meter.ts'
import { mostUnacknowledged } from './pipe.ts'
import { forgetSessions } from './sessions.ts'
import type { Stream } from './tally.ts'
import { monotonic } from './time.ts'
import type { UsageReader } from './usage.ts'
import { publishTemplate, type Template } from './wire.ts'

const topic = 'fanout/data'

/** One publisher, N subscribers of its topic; the publisher is at most `window` messages ahead of the slowest of them. */
export async function runFanout(job: Job, usage: UsageReader): Promise<Figures> {
  const { clients, window, persistent, named } = job.load
  const fleet = new Fleet(job.host, job.port, clients + 1)
  if (named) nameFanout(fleet)
  const traffic = new OneToAll(fleet, job)
  fleet.traffic = traffic
  await fleet.open(0, clients + 1)
  fleet.pause = pauseFor(window * clients)
  fleet.want(fleet.links[clients]!)
  const figures = await measureWindow(fleet, traffic.meter, traffic, clients, usage, job)
  if (persistent) await forgetSessions(fleet, 0, clients)
  fleet.destroy()
  return figures
}

class OneToAll extends Silence {
  readonly meter = new Meter()
  readonly #fleet: Fleet
  readonly #job: Job
  readonly #publisher: Link
  readonly #template: Template
  readonly #streams: readonly Stream[]
  // How many subscribers have message n, at n modulo the size: no more than `window` messages are between first and last.
  readonly #arrived: Uint32Array
  #complete = 0
  #stopped = false

  constructor(fleet: Fleet, job: Job) {
    super()
    const { clients, window, qos, payloadBytes, persistent } = job.load
    this.#fleet = fleet
    this.#job = job
    this.#publisher = fleet.links[clients]!
    this.#template = publishTemplate(topic, qos, false, payloadBytes)
    this.#streams = this.meter.streams(clients)
    this.#arrived = new Uint32Array(2 * window + 2)
    for (const link of fleet.links.slice(0, clients)) {
      link.cleanSession = !persistent
      link.filter = topic
      link.subscribeQos = qos
    }
  }

  get sent(): number {
    return this.#publisher.sent
  }

  stop(): void {
    this.#stopped = true
  }

  override message(link: Link, bytes: Buffer, payload: number, end: number): void {
    this.meter.take(this.#streams[link.index]!, bytes, payload, end)
    const arrived = this.#arrived
    const slot = (link.received - 1) % arrived.length
    arrived[slot] = arrived[slot]! + 1
    if (arrived[this.#complete % arrived.length] !== this.#job.load.clients) return
    while (arrived[this.#complete % arrived.length] === this.#job.load.clients) {
      arrived[this.#complete % arrived.length] = 0
      this.#complete++
    }
    this.#fleet.want(this.#publisher)
  }

  override acknowledged(link: Link): void {
    this.#fleet.want(link)
  }

  override refill(publisher: Link): void {
    if (this.#stopped || publisher !== this.#publisher) return
    const { window, qos } = this.#job.load
    let room = window - (publisher.sent - this.#complete)
    if (qos !== 0) room = Math.min(room, mostUnacknowledged - (publisher.sent - publisher.acked))
    const now = monotonic()
    for (let count = 0; count < room; count++) publisher.publish(this.#template, now, 0)
  }
}

import { measureWindow, pauseFor } from './closed-loop.ts'
import { Fleet, Silence } from './fleet.ts'
import { namePairs } from './identities.ts'
import { Intruder } from './intruder.ts'
import type { Link } from './link.ts'
import type { Figures, Job } from './load.ts'
import { Meter } from './meter.ts'
import { forgetSessions } from './sessions.ts'
import type { Stream } from './tally.ts'
import { monotonic } from './time.ts'
import type { UsageReader } from './usage.ts'
import { publishTemplate, type Template } from './wire.ts'

// Packet identifiers are 16 bits: a publisher never has more than this many unacknowledged.
export const mostUnacknowledged = 65_000

/** P publishers with one subscriber each; every pair has at most `window` messages on their way, counted on arrival. */
export async function runPipe(job: Job, usage: UsageReader): Promise<Figures> {
  const { clients, window, persistent, named, rate, payloadBytes } = job.load
  const fleet = new Fleet(job.host, job.port, 2 * clients + (rate > 0 ? 1 : 0))
  if (named) namePairs(fleet, clients)
  const pairs = new Pairs(fleet, job)
  fleet.traffic = pairs
  await fleet.open(0, clients)
  await fleet.open(clients, fleet.links.length)
  fleet.pause = pauseFor(window)
  for (const link of fleet.links.slice(clients, 2 * clients)) fleet.want(link)
  const stranger = fleet.links[2 * clients]
  const intruder = stranger === undefined ? null : new Intruder(stranger, rate, payloadBytes)
  const figures = await measureWindow(fleet, pairs.meter, pairs, 1, usage, job)
  intruder?.stop()
  if (persistent) await forgetSessions(fleet, 0, clients)
  fleet.destroy()
  return figures
}

/** Links [0, n) subscribe, links [n, 2n) publish to them. */
class Pairs extends Silence {
  readonly meter = new Meter()
  sent = 0
  readonly #fleet: Fleet
  readonly #job: Job
  readonly #streams: readonly Stream[]
  readonly #templates: readonly Template[]
  #stopped = false

  constructor(fleet: Fleet, job: Job) {
    super()
    const { clients, qos, payloadBytes, persistent } = job.load
    this.#fleet = fleet
    this.#job = job
    this.#streams = this.meter.streams(clients)
    const topics = fleet.links.slice(0, clients).map((link) => `pipe/${link.index}/data`)
    this.#templates = topics.map((topic) => publishTemplate(topic, qos, false, payloadBytes))
    for (const [index, topic] of topics.entries()) {
      const subscriber = fleet.links[index]!
      subscriber.cleanSession = !persistent
      subscriber.filter = topic
      subscriber.subscribeQos = qos
    }
  }

  stop(): void {
    this.#stopped = true
  }

  override message(link: Link, bytes: Buffer, payload: number, end: number): void {
    this.meter.take(this.#streams[link.index]!, bytes, payload, end)
    this.#fleet.want(this.#fleet.links[link.index + this.#job.load.clients]!)
  }

  override acknowledged(link: Link): void {
    this.#fleet.want(link)
  }

  override refill(publisher: Link): void {
    const { clients, window, qos } = this.#job.load
    const pair = publisher.index - clients
    if (this.#stopped || pair < 0) return
    let room = window - (publisher.sent - this.#fleet.links[pair]!.received)
    if (qos !== 0) room = Math.min(room, mostUnacknowledged - (publisher.sent - publisher.acked))
    const template = this.#templates[pair]!
    const now = monotonic()
    for (let count = 0; count < room; count++) publisher.publish(template, now, publisher.index)
    if (room > 0) this.sent += room
  }
}

/** A client of its own in a thread of its own that pings every few ms: how long does the broker keep the others waiting? */
import { parentPort, workerData } from 'node:worker_threads'
import { Fleet, Silence } from './fleet.ts'
import { Histogram } from './histogram.ts'
import type { Figures } from './load.ts'
import { isJob } from './messages.ts'
import { monotonic } from './time.ts'
import { pingPacket } from './wire.ts'

const every = 2
const job: unknown = workerData
if (!isJob(job)) throw new TypeError('the canary needs a job')
const fleet = new Fleet(job.host, job.port, 1)
const link = fleet.links[0]!

class Pings extends Silence {
  readonly histogram = new Histogram()
  #asked = 0

  ping(): void {
    if (this.#asked !== 0) return
    this.#asked = monotonic()
    link.send(pingPacket)
    fleet.flush()
  }

  override ponged(): void {
    if (this.#asked !== 0) this.histogram.record(monotonic() - this.#asked)
    this.#asked = 0
  }

  /** µs, the ping still unanswered included. */
  report(): Figures {
    if (this.#asked !== 0) this.ponged()
    return { canaryP99: this.histogram.percentile(0.99) * 1_000, canaryLongest: this.histogram.largest * 1_000 }
  }
}

const pings = new Pings()
fleet.traffic = pings
parentPort?.once('message', () => {
  parentPort?.postMessage(pings.report())
  fleet.destroy()
  clearInterval(timer)
})
await fleet.open(0, 1)
pings.ping()
const timer = setInterval(() => pings.ping(), every)
parentPort?.postMessage('ready')

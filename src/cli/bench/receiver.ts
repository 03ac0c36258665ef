/** The subscribers of an open loop, in a thread of their own that sleeps until something arrives. */
import { parentPort, workerData } from 'node:worker_threads'
import { Board } from './board.ts'
import { Fleet, Silence } from './fleet.ts'
import type { Link } from './link.ts'
import { hasFields, isJob } from './messages.ts'
import { Meter, publisherOf } from './meter.ts'
import type { Stream } from './tally.ts'

const data: unknown = workerData
if (!hasFields(data, ['job', 'memory']) || !isJob(data.job)) throw new TypeError('the receiver needs a job')
if (!(data.memory instanceof SharedArrayBuffer)) throw new TypeError('the receiver needs a board')
const { job, memory } = { job: data.job, memory: data.memory }
const { kind, clients, qos } = job.load
const board = new Board(memory)

class Arrivals extends Silence {
  readonly meter = new Meter()
  readonly #streams: readonly Stream[] = this.meter.streams(clients)

  override message(link: Link, bytes: Buffer, payload: number, end: number): void {
    const stream = kind === 'sparse' ? link.index : publisherOf(bytes, payload, end, clients)
    this.meter.measuring = board.measuring
    this.meter.take(this.#streams[stream]!, bytes, payload, end)
    board.delivered = this.meter.tally.delivered
    board.distinct = this.meter.tally.distinct
  }
}

const fleet = new Fleet(job.host, job.port, kind === 'sparse' ? clients : 1)
const arrivals = new Arrivals()
fleet.traffic = arrivals
for (const link of fleet.links) {
  link.filter = kind === 'sparse' ? `sparse/${link.index}/data` : 'fanin/#'
  link.subscribeQos = qos
}

parentPort?.once('message', (sent: number) => {
  const { meter } = arrivals
  parentPort?.postMessage({ ...meter.latency(), ...meter.losses(sent), disconnects: fleet.disconnects })
  fleet.destroy()
})
await fleet.open(0, fleet.links.length)
parentPort?.postMessage('ready')

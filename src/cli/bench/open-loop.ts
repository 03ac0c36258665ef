import { Worker } from 'node:worker_threads'
import { Board } from './board.ts'
import { Fleet } from './fleet.ts'
import type { Figures, Job } from './load.ts'
import { answerOf, isFigures } from './messages.ts'
import { sibling } from './sibling.ts'
import { Span } from './span.ts'
import { monotonic, sleep } from './time.ts'
import type { UsageReader } from './usage.ts'
import { progress, wait } from './waiting.ts'
import { publishTemplate, type Template } from './wire.ts'

const linger = 200
// The sender looks at its sockets and timers at least this often, in ms.
const longestSleep = 1

/**
 * N publishers, each `rate` messages a second, evenly staggered, whatever the broker does: fanin to one subscriber,
 * sparse to one subscriber each. A message is stamped with the time it was due, not the time it was written, so that a
 * stall of broker or generator counts for every message it delayed.
 */
export async function runOpenLoop(job: Job, usage: UsageReader): Promise<Figures> {
  const board = new Board()
  const receiver = new Worker(sibling(import.meta.url, './receiver'), { workerData: { job, memory: board.memory } })
  await answerOf(receiver)
  const fleet = new Fleet(job.host, job.port, job.load.clients)
  await fleet.open(0, fleet.links.length)
  const sender = new Sender(fleet, job)
  sender.start()
  const figures = await measure(sender, board, usage, job)
  receiver.postMessage(sender.sent)
  const report = await answerOf(receiver)
  await receiver.terminate()
  fleet.destroy()
  if (!isFigures(report)) throw new TypeError('the receiver did not report')
  return { ...figures, ...report, disconnects: fleet.disconnects + (report.disconnects ?? 0) }
}

async function measure(sender: Sender, board: Board, usage: UsageReader, job: Job): Promise<Figures> {
  await wait(job.warmup * 1_000)
  const before = board.delivered
  const span = new Span(usage)
  sender.latest = 0
  board.measuring = true
  await wait(job.seconds * 1_000)
  const delivered = board.delivered - before
  span.end()
  board.measuring = false
  sender.stop()
  const senderLag = sender.latest * 1_000
  await progress(() => board.distinct, sender.sent)
  await wait(linger)
  return { ...span.rate('rate', delivered), ...span.cpu('cpu', delivered), ...span.conditions(delivered), senderLag }
}

/** Sends on a schedule finer than the event loop's timers: it sleeps until a message is due, sends, looks at its sockets. */
class Sender {
  sent = 0
  /** How late the latest message left, in ms. */
  latest = 0
  readonly #fleet: Fleet
  readonly #templates: readonly Template[]
  readonly #gap: number
  #due = 0
  #stopped = false

  constructor(fleet: Fleet, job: Job) {
    const { kind, clients, rate, qos, payloadBytes } = job.load
    this.#fleet = fleet
    this.#gap = 1_000 / (clients * rate)
    this.#templates = fleet.links.map(({ index }) => publishTemplate(`${kind}/${index}/data`, qos, false, payloadBytes))
  }

  start(): void {
    this.#due = monotonic() + 1
    setImmediate(this.#turn)
  }

  stop(): void {
    this.#stopped = true
  }

  readonly #turn = (): void => {
    if (this.#stopped) return
    this.#sendDue(monotonic())
    this.#fleet.flush()
    const rest = this.#due - monotonic()
    if (rest > 0) sleep(Math.min(rest, longestSleep))
    setImmediate(this.#turn)
  }

  #sendDue(now: number): void {
    const { links } = this.#fleet
    while (this.#due <= now) {
      const publisher = this.sent % links.length
      links[publisher]!.publish(this.#templates[publisher]!, this.#due, publisher)
      this.sent++
      if (now - this.#due > this.latest) this.latest = now - this.#due
      this.#due += this.#gap
    }
  }
}

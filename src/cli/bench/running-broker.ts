import { type ChildProcess, fork } from 'node:child_process'
import { connect } from 'node:net'
import { Failure } from '../failure.ts'
import { type Charge, isNews } from './keeper-messages.ts'
import { sibling } from './sibling.ts'
import { monotonic } from './time.ts'
import { wait } from './waiting.ts'

const startDeadline = 15_000
const address = /mqtts?:\/\/(127\.0\.0\.1):(\d+)/

/** A broker that is up and takes connections. */
export interface RunningBroker {
  readonly host: string
  readonly port: number
  /** Empty when its processes cannot be watched. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** Starts a broker under a keeper. `port` is null for one that prints `mqtt://127.0.0.1:PORT`, or `mqtts`, when it is ready. */
export async function startBroker(name: string, charge: Charge, port: number | null): Promise<RunningBroker> {
  const kept = new KeptBroker(charge)
  const deadline = monotonic() + startDeadline
  while (kept.ended === null && monotonic() < deadline) {
    const ready = port ?? kept.port
    if (ready !== 0 && kept.pid !== 0 && (await accepts(ready))) {
      return { host: '127.0.0.1', port: ready, pids: [kept.pid], stop: () => kept.stop() }
    }
    await wait(10)
  }
  await kept.stop()
  const why = kept.ended ?? 'it did not listen in time'
  throw new Failure(`${name} could not be started: ${[why, ...kept.lines].join('\n  ')}`)
}

class KeptBroker {
  pid = 0
  port = 0
  ended: string | null = null
  /** The first lines it printed. */
  readonly lines: string[] = []
  readonly #keeper: ChildProcess
  readonly #gone: Promise<void>

  constructor(charge: Charge) {
    this.#keeper = fork(sibling(import.meta.url, './keeper'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#gone = new Promise((resolve) => this.#keeper.once('exit', () => resolve()))
    this.#keeper.on('message', (news: unknown) => this.#hear(news))
    this.#keeper.once('exit', () => (this.ended ??= 'its keeper ended'))
    this.#keeper.send(charge)
  }

  stop(): Promise<void> {
    if (this.#keeper.connected) this.#keeper.disconnect()
    return this.#gone
  }

  #hear(news: unknown): void {
    if (!isNews(news)) return
    if (news.kind === 'started') this.pid = news.pid
    else if (news.kind === 'ended') this.ended = news.why
    else if (this.lines.length < 20) {
      this.lines.push(news.line)
      const found = address.exec(news.line)
      if (found !== null) this.port = Number(found[2])
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

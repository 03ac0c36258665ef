import { after, afterEach, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticator, Authorizer } from '../../src/engine/ports.ts'
import type { Settings } from '../../src/engine/settings.ts'
import { FakeClock } from './fake-clock.ts'
import { type LocalBroker, startLocal } from './local-broker.ts'
import type { ConnectFields, Packets } from './packets.ts'
import { WireClient } from './wire-client.ts'

export interface TargetOptions {
  readonly settings?: Partial<Settings>
  readonly authenticator?: Authenticator
  readonly authorizer?: Authorizer
  /** Time moves only by `elapse`. On a foreign target `elapse` waits. */
  readonly fakeClock?: boolean
  /** Also listen for WebSocket. */
  readonly websocket?: boolean
}

/** What `test` takes as options: nothing, or why the test is skipped. */
type TestOptions = { readonly skip?: string }

const foreignAddress = process.env.PETALTAIL_WIRE_TARGET
const foreignWebsocket = process.env.PETALTAIL_WIRE_WEBSOCKET_TARGET
const longestWait = 4_000

/** The broker under test of one file: ours in this process, or the one at PETALTAIL_WIRE_TARGET. */
export function useTarget(options: TargetOptions = {}): Target {
  const target = new Target(options)
  before(() => target.start())
  afterEach(() => target.dropClients())
  after(() => target.stop())
  return target
}

export class Target {
  /** Give this to `test` when only our own broker can pass: special settings, an authorizer, our choices. */
  readonly ours: TestOptions
  /** Give this to `test` when it speaks WebSocket. */
  readonly websocket: TestOptions
  readonly foreign = foreignAddress !== undefined
  readonly #options: TargetOptions
  readonly #clock: FakeClock | null
  readonly #clients: WireClient[] = []
  #local: LocalBroker | null = null

  constructor(options: TargetOptions) {
    this.#options = options
    this.#clock = options.fakeClock && !this.foreign ? new FakeClock() : null
    this.ours = this.foreign ? { skip: 'needs settings of our own broker' } : {}
    this.websocket = this.foreign && foreignWebsocket === undefined ? { skip: 'no WebSocket address given' } : {}
  }

  /** For `test`, when it must let so much time pass: a foreign target really waits, but not for long. */
  takes(ms: number): TestOptions {
    return this.foreign && ms > longestWait ? { skip: `takes ${ms / 1000} s of real time` } : {}
  }

  get address(): { host: string; port: number } {
    if (foreignAddress !== undefined) return parseAddress(foreignAddress)
    if (this.#local === null) throw new Error('the broker is not started')
    return { host: '127.0.0.1', port: this.#local.port }
  }

  get websocketUrl(): string {
    const url = this.foreign ? foreignWebsocket : this.#local?.websocketUrl
    if (url === undefined) throw new Error('useTarget({ websocket: true }) is missing')
    return url
  }

  /** A connection with nothing sent yet; the answers will be read as of this protocol version. */
  async open(packets: Packets): Promise<WireClient> {
    return this.track(await WireClient.open(this.address, packets))
  }

  /** A connected client: CONNECT sent, CONNACK with code 0 taken. */
  async connect(packets: Packets, fields: ConnectFields = {}): Promise<WireClient> {
    const client = await this.open(packets)
    client.send(packets.connect({ clientId: fresh(), ...fields }))
    await client.expect('connack', { code: 0 })
    return client
  }

  /** Like `connect`, and the server has state of an earlier connection. */
  async resume(packets: Packets, fields: ConnectFields): Promise<WireClient> {
    const client = await this.open(packets)
    client.send(packets.connect({ clean: false, ...fields }))
    await client.expect('connack', { code: 0, sessionPresent: packets.version > 3 })
    return client
  }

  /** Cut off at the end of the test, if still open. */
  track(client: WireClient): WireClient {
    this.#clients.push(client)
    return client
  }

  /** Lets time pass: at once with a fake clock. What was sent before must have been answered before. */
  async elapse(ms: number): Promise<void> {
    if (this.#clock === null) await sleep(ms)
    else this.#clock.advance(ms)
  }

  async start(): Promise<void> {
    if (!this.foreign) this.#local = await startLocal(this.#options, this.#clock)
  }

  dropClients(): void {
    for (const client of this.#clients.splice(0)) client.destroy()
  }

  async stop(): Promise<void> {
    this.dropClients()
    await this.#local?.close()
  }
}

const run = `${process.pid.toString(36)}${(Date.now() % 1_679_616).toString(36)}`
let names = 0

/** A short name (letters and digits, at most 23) that nothing else uses: for topics and client identifiers. */
export function fresh(): string {
  names += 1
  return `w${run}${names.toString(36)}`
}

function parseAddress(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ConnectFields, type Packets, v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Folder, type Outcome, Program } from '../cli-kit.ts'

/** PETALTAIL_CRASH_MAIN runs another copy of the broker, to see these tests fail when it is made to lose things. */
const main = process.env.PETALTAIL_CRASH_MAIN ?? fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

export type End = 'SIGKILL' | 'SIGTERM'
/** The two ways down: in the middle of everything, and in order. */
export const ends: readonly End[] = ['SIGKILL', 'SIGTERM']

export interface BrokerOptions {
  /** A directory, or `memory`. */
  readonly store: string
  /** What runs the broker in place of this process's Node: a program and its first arguments. */
  readonly under?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** One run of `petaltail start` on a store. */
export class BrokerProcess implements AsyncDisposable {
  readonly port: number
  readonly #program: Program

  private constructor(program: Program, port: number) {
    this.#program = program
    this.port = port
  }

  static async start(options: BrokerOptions): Promise<BrokerProcess> {
    const program = run(options)
    try {
      const [, port] = await program.prints(/^ {2}mqtt:\/\/127\.0\.0\.1:(\d+)$/m)
      return new BrokerProcess(program, Number(port))
    } catch (error) {
      await program[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts a broker and kills it so many milliseconds later, ready or not. */
  static async killEarly(options: BrokerOptions, milliseconds: number): Promise<void> {
    await using program = run(options)
    await Promise.race([sleep(milliseconds), program.ended])
  }

  /** Sends the signal and resolves when the process is gone. */
  async end(signal: End): Promise<Outcome> {
    this.#program.signal(signal)
    return await this.#program.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }
}

function run({ store, under = [], environment = {} }: BrokerOptions): Program {
  const given = [process.execPath, main, 'start', '--listen', 'mqtt://127.0.0.1:0', '--store', store]
  const [command, ...rest] = [...under, ...given]
  return new Program(command, rest, { timeout: 0, environment })
}

/** A store in a folder of its own and the broker on it, which can be ended and started again. */
export class Stage implements AsyncDisposable {
  readonly store: string
  readonly #folder: Folder
  readonly #clients: WireClient[] = []
  #broker: BrokerProcess

  private constructor(folder: Folder, store: string, broker: BrokerProcess) {
    this.#folder = folder
    this.store = store
    this.#broker = broker
  }

  static async open(): Promise<Stage> {
    const folder = await Folder.open()
    const store = join(folder.path, 'store')
    try {
      return new Stage(folder, store, await BrokerProcess.start({ store }))
    } catch (error) {
      await folder[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A client that sent CONNECT and got CONNACK with code 0 and this Session Present. */
  async connect(packets: Packets, fields: ConnectFields, present: boolean): Promise<WireClient> {
    const client = await WireClient.open({ host: '127.0.0.1', port: this.#broker.port }, packets)
    this.#clients.push(client)
    client.send(packets.connect({ clean: false, ...fields }))
    await client.expect('connack', { code: 0, sessionPresent: present })
    return client
  }

  /** A client without a session, to publish or look. */
  async visitor(): Promise<WireClient> {
    return await this.connect(v5, { clientId: '', clean: true }, false)
  }

  /** What was told to the broker without being acknowledged is stored before this is. */
  async stored(): Promise<void> {
    const client = await this.connect(v4, { clientId: 'barrier', clean: true }, false)
    await client.disconnect()
    const last = await this.connect(v4, { clientId: 'barrier' }, false)
    await last.subscribe('barrier')
  }

  /** Ends the broker, lets `ms` milliseconds pass and starts it again on the same store. */
  async restart(end: End, ms = 0): Promise<void> {
    await this.#broker.end(end)
    for (const client of this.#clients.splice(0)) client.destroy()
    await sleep(ms)
    this.#broker = await BrokerProcess.start({ store: this.store })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await this.#broker[Symbol.asyncDispose]()
    await this.#folder[Symbol.asyncDispose]()
  }
}

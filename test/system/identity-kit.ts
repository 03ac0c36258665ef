import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectSecurely, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { type ConnectFields, type Packets, v4, v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { certificatePem, dns, type Holder, holder, keyPem, purpose } from '../unit/pki/facts-kit.ts'
import { Folder } from './cli-kit.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

const patience = 30_000
/** Refusals that the broker logs in a second. */
const refusalsLogged = 18

export const notAuthorized = 0x87
export const badUserNameOrPassword = 0x86

/** One line of the log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** A configuration; listeners have names from the kit where they have none. */
export interface SiteConfig {
  readonly listeners: readonly object[]
  readonly [option: string]: unknown
}

export interface SiteOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Called in the folder before the broker starts; returns its configuration. */
  readonly config: (at: (name: string) => string, write: (name: string, text: string) => string) => SiteConfig
}

/** What a client brings. */
export interface Bearing {
  readonly listener?: number
  readonly packets?: Packets
  /** For TLS listeners. */
  readonly tls?: ConnectionOptions
}

/**
 * `petaltail start` on a configuration in a folder of its own. All the log and all that clients were sent is kept, to be
 * looked through.
 */
export class Site implements AsyncDisposable {
  readonly folder: Folder
  readonly #options: SiteOptions
  readonly #clients: Duplex[] = []
  /** What clients of this site were sent. */
  readonly #heard: Buffer[] = []
  #child: ChildProcess
  #out = ''
  #log = ''
  #closed: Promise<number | null>
  #notify: () => void = () => {}
  #ports: readonly number[] = []
  #refusals = 0

  private constructor(folder: Folder, options: SiteOptions) {
    this.folder = folder
    this.#options = options
    this.#child = this.#spawn()
    this.#closed = this.#watch()
  }

  static async open(options: SiteOptions): Promise<Site> {
    const folder = await Folder.open()
    try {
      const at = (name: string) => join(folder.path, name)
      const write = (name: string, text: string) => replaceFile(at(name), text)
      const config = options.config(at, write)
      const listeners = config.listeners.map((listener, index) => ({ name: `listener ${index}`, ...listener }))
      write('petaltail.yaml', JSON.stringify({ store: { kind: 'memory' }, ...config, listeners }))
      const site = new Site(folder, options)
      await site.#ready()
      return site
    } catch (error) {
      await folder[Symbol.asyncDispose]()
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The text of the log so far, of all runs. */
  get log(): string {
    return this.#log
  }

  /** All that was said to clients or logged so far. */
  get everything(): Buffer {
    return Buffer.concat([...this.#heard, Buffer.from(this.#out), Buffer.from(this.#log)])
  }

  at(name: string): string {
    return join(this.folder.path, name)
  }

  read(name: string): string {
    return readFileSync(this.at(name), 'utf8')
  }

  /** Replaces a file as a whole. */
  write(name: string, text: string): string {
    return replaceFile(this.at(name), text)
  }

  port(listener = 0): number {
    return this.#ports[listener] ?? assert.fail(`there is no listener ${listener}`)
  }

  /** A connection with nothing sent yet, TLS if options for it are given. */
  async socket({ listener = 0, tls }: Bearing = {}): Promise<Duplex> {
    const host = '127.0.0.1'
    if (tls !== undefined) return await this.secure(tls, listener)
    const socket = connect({ host, port: this.port(listener), noDelay: true })
    this.#keep(socket)
    await once(socket, 'connect')
    return socket
  }

  async secure(tls: ConnectionOptions, listener = 0): Promise<TLSSocket> {
    const socket = connectSecurely({ host: '127.0.0.1', port: this.port(listener), servername: 'localhost', ...tls })
    this.#keep(socket)
    await once(socket, 'secureConnect')
    return socket
  }

  /** A client that has sent CONNECT. */
  async client(fields: ConnectFields, bearing: Bearing = {}): Promise<WireClient> {
    const { packets = v5 } = bearing
    const client = new WireClient(await this.socket(bearing), packets)
    client.send(packets.connect({ clientId: 'c', ...fields }))
    return client
  }

  /** A client that was let in. */
  async join(fields: ConnectFields, bearing: Bearing = {}): Promise<WireClient> {
    const client = await this.client(fields, bearing)
    await client.expect('connack', { code: 0 })
    return client
  }

  /** The code of CONNACK, and the reason string; a client that is let in leaves at once. */
  async knock(fields: ConnectFields, bearing: Bearing = {}): Promise<{ code: number; reason: string }> {
    const client = await this.client(fields, bearing)
    const { code, properties } = await client.expect('connack')
    if (code === 0) await client.disconnect()
    else await client.expectClosed()
    return { code, reason: properties.reasonString ?? '' }
  }

  /** Waits until the next refusal is one that the log has a line for; to be called before each. */
  async pace(): Promise<void> {
    this.#refusals++
    if (this.#refusals <= refusalsLogged) return
    await sleep(1_100)
    this.#refusals = 1
  }

  /** Has a client refused, and returns the answer, and what the log says of it. */
  async refusal(
    fields: ConnectFields & { readonly clientId: string },
    bearing: Bearing = {},
  ): Promise<{ code: number; reason: string; detail: string }> {
    await this.pace()
    const from = this.#log.length
    const answer = await this.knock(fields, bearing)
    assert.notEqual(answer.code, 0)
    const said = (line: LogLine) => line.msg === 'connection refused' && line.clientId === fields.clientId
    const { detail } = await this.logged(said, from)
    return { ...answer, detail: String(detail) }
  }

  /** The lines of the log, each of which is JSON, from character `from` on. */
  lines(from = 0): LogLine[] {
    return this.#log.slice(from).split('\n').slice(0, -1).map(lineOf)
  }

  /** The first line that fits, as soon as it is there. */
  async logged(fits: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
    const find = () => this.lines(from).find(fits)
    await this.#until(() => find() !== undefined, 'the line is not in the log')
    return find() ?? assert.fail()
  }

  /** Has changed files looked at now. */
  reload(): void {
    this.#child.kill('SIGHUP')
  }

  /** Ends the broker, and resolves with its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return await this.#closed
  }

  /** Starts it again, on the same files. */
  async start(): Promise<void> {
    this.#out = ''
    this.#child = this.#spawn()
    this.#closed = this.#watch()
    await this.#ready()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    this.#child.kill('SIGKILL')
    await this.#closed
    await this.folder[Symbol.asyncDispose]()
  }

  #keep(socket: Duplex): void {
    this.#clients.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#heard.push(Buffer.from(chunk)))
  }

  #spawn(): ChildProcess {
    const kept = Object.entries(process.env).filter(([name]) => !/^(PETALTAIL_|MQTT_|npm_|NODE_TEST)/.test(name))
    const env = { ...Object.fromEntries(kept), PETALTAIL_LOG_FORMAT: 'json', ...this.#options.environment }
    return spawn(process.execPath, [main, 'start', '--config', this.at('petaltail.yaml')], {
      env,
      cwd: this.folder.path,
    })
  }

  #watch(): Promise<number | null> {
    const child = this.#child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
      this.#notify()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
      this.#notify()
    })
    return new Promise((resolve) =>
      child.once('close', (code) => {
        resolve(code)
        this.#notify()
      }),
    )
  }

  async #ready(): Promise<void> {
    try {
      await this.#until(() => this.#out.includes('Stop with Ctrl-C'), 'it did not start')
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw error
    }
    const urls = this.#out.matchAll(/^ {2}\w+:\/\/127\.0\.0\.\d:(\d+)/gm)
    this.#ports = [...urls].map(([, port]) => Number(port))
  }

  async #until(met: () => boolean, failure: string): Promise<void> {
    const end = performance.now() + patience
    while (!met()) {
      if (performance.now() > end) throw new Error(`${failure} after ${patience} ms: ${this.#out}${this.#log}`)
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`${failure}: ${this.#out}${this.#log}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, 1_000)
      this.#notify = resolve
      await promise
      clearTimeout(timer)
    }
  }
}

/** Others who look see the old file or the new one. */
function replaceFile(path: string, text: string): string {
  writeFileSync(`${path}.draft`, text, { mode: 0o600 })
  renameSync(`${path}.draft`, path)
  return path
}

function lineOf(text: string): LogLine {
  const line: unknown = JSON.parse(text)
  assert.ok(isLine(line), text)
  return line
}

function isLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && 'msg' in value && 'level' in value
}

export const named = (name: string) => [['CN', name]] as const

/** An authority, a server certificate for `localhost`, and what clients need. */
export class Pki {
  readonly root: Holder
  readonly server: Holder

  constructor(name = 'root') {
    this.root = holder({ name: named(name), authority: true })
    const [names, purposes] = [[dns('localhost')], [purpose.server]]
    this.server = holder({ name: named('broker'), issuer: this.root, names, purposes })
  }

  /** A certificate for a client. */
  issue(name: string, issuer = this.root): Holder {
    return holder({ name: named(name), issuer, purposes: [purpose.client] })
  }

  /** The section `tls` of a listener. */
  section(write: (name: string, text: string) => string, more: object = {}): object {
    return {
      certificate: write('broker.pem', certificatePem(this.server)),
      key: write('broker.key', keyPem(this.server)),
      client_ca: [write('authorities.pem', certificatePem(this.root))],
      ...more,
    }
  }

  /** What a client with this certificate, or without one, shakes hands with. */
  showing(own: Holder | null = null): ConnectionOptions {
    const ca = certificatePem(this.root)
    return own === null ? { ca } : { ca, cert: certificatePem(own), key: keyPem(own) }
  }
}

/** The versions whose codes differ. */
export const versions = [v4, v5] as const

/** Who fails here need not wait. */
export const patient = { failures: { free: 1_000 } }

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** `petaltail start` on a store, and what the system knows of its process. */
export class Server implements AsyncDisposable {
  readonly port: number
  /** Milliseconds from the beginning of the process until it could be connected to. */
  readonly startup: number
  readonly #child: ChildProcess
  #log: string

  private constructor(child: ChildProcess, port: number, startup: number, log: string) {
    this.#child = child
    this.port = port
    this.startup = startup
    this.#log = log
    child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()))
    child.once('exit', (code, signal) => (this.#log += `ended with ${signal ?? code}\n`))
  }

  static async start(store: string, environment: Readonly<Record<string, string>> = {}): Promise<Server> {
    const begun = performance.now()
    const given = [main, 'start', '--listen', 'mqtt://127.0.0.1:0', '--store', store, '--log-level', 'warn']
    const kept = Object.entries(process.env).filter(([name]) => !/^(PETALTAIL_|NODE_TEST)/.test(name))
    const env = { ...Object.fromEntries(kept), ...environment }
    const child = spawn(process.execPath, given, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    const port = await new Promise<number>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        text += chunk.toString()
        const match = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(text)
        if (match !== null) resolve(Number(match[1]))
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', () => reject(new Error(`the broker ended: ${text}`)))
    })
    return new Server(child, port, performance.now() - begun, text)
  }

  /** What it wrote to the log. */
  get log(): string {
    return this.#log
  }

  /** Bytes of memory: all that is resident, and what of it is no part of a file. */
  get memory(): { readonly resident: number; readonly anonymous: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024
    return { resident: bytes('VmRSS'), anonymous: bytes('RssAnon') }
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(signal)
    await once(this.#child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** A client that sends much and looks only at how many bytes come back. */
export class Stream {
  readonly #socket: Socket
  received = 0
  #more: (() => void) | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length
      this.#more?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#more?.())
  }

  /** `from`: the last number of the address it comes from, for those who open more than one address has ports. */
  static async open(port: number, from = 1): Promise<Stream> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, localAddress: `127.0.0.${from}` })
    await once(socket, 'connect')
    return new Stream(socket)
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Resolves when so many bytes have come in all. */
  async until(bytes: number): Promise<void> {
    while (this.received < bytes) {
      if (this.#socket.destroyed) throw new Error(`closed after ${this.received} of ${bytes} bytes`)
      await new Promise<void>((resolve) => (this.#more = resolve))
    }
    this.#more = null
  }

  close(): void {
    this.#socket.destroy()
  }
}

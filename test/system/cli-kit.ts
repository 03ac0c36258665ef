import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const patience = 120_000
const firstPort = 10_240
const places = 440
const portsOfPlace = 50
let ports = 0

/** What a process left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Buffer
  readonly environment?: Readonly<Record<string, string>>
  /** Milliseconds until it is killed; 0 for a server. */
  readonly timeout?: number
}

/** A process that is killed when the scope ends. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<Outcome>
  readonly #child: ChildProcessWithoutNullStreams
  #stdout = Buffer.alloc(0)
  #stderr = ''

  constructor(command: string, given: readonly string[], options: RunOptions = {}) {
    this.#child = spawn(command, given, {
      env: { ...cleanEnvironment(), ...options.environment },
      timeout: options.timeout ?? patience,
    })
    this.#child.stdout.on('data', (chunk: Buffer) => (this.#stdout = Buffer.concat([this.#stdout, chunk])))
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()))
    this.#child.stdin.on('error', () => {})
    if (options.input !== undefined) this.#child.stdin.end(options.input)
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  /** Resolves with the match when what was printed so far matches. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false
    void this.ended.finally(() => (over = true))
    for (;;) {
      const text = `${this.#stdout}${this.#stderr}`
      const match = pattern.exec(text)
      if (match !== null) return match
      if (over) throw new Error(`ended without ${pattern}: ${text}`)
      await Promise.race([this.ended, once(this.#child.stdout), once(this.#child.stderr)])
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  closeStdout(): void {
    this.#child.stdout.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** Starts `petaltail` from its sources. */
export function petaltail(given: readonly string[], options: RunOptions = {}): Program {
  return new Program(process.execPath, [main, ...given], options)
}

/** Runs `petaltail` to its end. */
export async function run(
  given: readonly string[],
  options: RunOptions = {},
): Promise<Outcome & { readonly text: string }> {
  await using program = petaltail(given, { input: '', ...options })
  const outcome = await program.ended
  return { ...outcome, text: outcome.stdout.toString() }
}

/** The path of a program, or null when it is not installed. */
export function installed(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

/**
 * A port for a program that must be told one. It is below those the system gives to whoever asks for any, so nobody takes
 * it before the program listens; processes look in different places, so that tests that run beside each other do not.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    ports += 1
    const port = firstPort + (process.pid % places) * portsOfPlace + (ports % portsOfPlace)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** A folder that is removed when the scope ends. */
export class Folder implements AsyncDisposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async open(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'petaltail-')))
  }

  async write(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.path, name)
    await writeFile(path, content)
    return path
  }

  /** A folder in it. */
  async make(name: string): Promise<string> {
    const path = join(this.path, name)
    await mkdir(path)
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** Makes an authority, and a certificate it signed. */
export function makeCertificates(
  folder: string,
  names = 'DNS:localhost,IP:127.0.0.1',
): { ca: string; certificate: string; key: string } {
  const at = (name: string) => join(folder, name)
  const openssl = (...given: string[]) => execFileSync('openssl', given, { cwd: folder, stdio: 'ignore' })
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  openssl('req', '-x509', ...fresh, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Test authority')
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key')]
  openssl(
    'req',
    '-x509',
    ...fresh,
    ...signer,
    '-keyout',
    at('key.pem'),
    '-out',
    at('cert.pem'),
    '-subj',
    '/CN=localhost',
    '-addext',
    `subjectAltName=${names}`,
  )
  return { ca: at('ca.pem'), certificate: at('cert.pem'), key: at('key.pem') }
}

function once(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => stream.once('data', () => resolve()))
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PETALTAIL_|MQTT_|npm_|NODE_TEST_CONTEXT)/.test(name))
  return Object.fromEntries(kept)
}

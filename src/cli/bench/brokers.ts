import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '../failure.ts'
import type { Charge } from './keeper-messages.ts'
import { type RunningBroker, startBroker } from './running-broker.ts'
import { sibling } from './sibling.ts'

/** A broker the bench can measure. All are set alike: loopback, anonymous, TCP_NODELAY, no log, no disk, no queue limit. */
export interface BenchBroker {
  readonly name: string
  /** The program's version and what was set, for the reader of the numbers. */
  readonly settings: string
  start(): Promise<RunningBroker>
}

const attempts = 3
const aedesStart = fileURLToPath(new URL('../../../bench/aedes.ts', import.meta.url))

const mosquittoConfiguration = (port: number): string =>
  [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'max_queued_messages 0',
    'max_inflight_messages 0',
    'max_queued_bytes 0',
    'set_tcp_nodelay true',
    'log_dest none',
    '',
  ].join('\n')

const ownConfiguration = `
log: { level: silent }
limits: { maximum_inflight: 65535, outbox_bytes: 268435456 }
queue: { messages: 10000000, bytes: 4294967296, total_bytes: 4294967296 }
retained: { maximum_messages: 10000000, maximum_bytes: 4294967296 }
`

/** The brokers that are compared with this one; null for one that is not installed. */
export const peers: Readonly<Record<string, () => BenchBroker | null>> = { mosquitto, aedes }

/** This program's own broker. */
export function petaltail(): BenchBroker {
  const main = fileURLToPath(sibling(import.meta.url, '../main'))
  // As npm start and the installed command run it.
  const args = [
    '--max-semi-space-size=8',
    main,
    'start',
    '--listen',
    'mqtt://127.0.0.1:0',
    '--config',
    '{folder}/petaltail.yaml',
  ]
  const charge: Charge = { command: process.execPath, args, files: { 'petaltail.yaml': ownConfiguration } }
  return {
    name: 'petaltail',
    settings: `in-flight 65,535, queues and outbox raised so that nothing is dropped; Node ${process.versions.node}`,
    start: () => startBroker('petaltail', charge, null),
  }
}

/** A broker somebody else runs; it is not started anew for each run. */
export function foreign(host: string, port: number, pid: number | null): BenchBroker {
  const running = { host, port, pids: pid === null ? [] : [pid], stop: () => Promise.resolve() }
  return {
    name: 'target',
    settings: `${host}:${port}, as it is, not started anew for each run`,
    start: () => Promise.resolve(running),
  }
}

function mosquitto(): BenchBroker | null {
  const command = findProgram('mosquitto')
  if (command === null) return null
  const version =
    /version (\S+)/.exec(spawnSync(command, ['-h'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown version'
  return {
    name: 'mosquitto',
    settings: `${version}; max_queued_messages 0, max_inflight_messages 0, max_queued_bytes 0, set_tcp_nodelay true`,
    start: () => startMosquitto(command),
  }
}

async function startMosquitto(command: string): Promise<RunningBroker> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const files = { 'mosquitto.conf': mosquittoConfiguration(port) }
    try {
      return await startBroker('mosquitto', { command, args: ['-c', '{folder}/mosquitto.conf'], files }, port)
    } catch (error) {
      // Somebody may have taken the port between looking and listening.
      if (!(error instanceof Failure) || attempt === attempts) throw error
    }
  }
}

function aedes(): BenchBroker | null {
  const version = aedesVersion()
  if (version === null || !existsSync(aedesStart)) return null
  return {
    name: 'aedes',
    settings: `${version}; net server with noDelay, memory persistence, maxInflightInbound 0, drainTimeout 0`,
    start: () => startBroker('aedes', { command: process.execPath, args: [aedesStart], files: {} }, null),
  }
}

function aedesVersion(): string | null {
  try {
    const manifest = readFileSync(new URL('package.json', import.meta.resolve('aedes')), 'utf8')
    return /"version":\s*"([^"]+)"/.exec(manifest)?.[1] ?? 'unknown version'
  } catch {
    return null
  }
}

function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
  const names = process.platform === 'win32' ? [`${name}.exe`] : [name]
  const files = folders.flatMap((folder) => names.map((file) => join(folder, file)))
  return files.find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

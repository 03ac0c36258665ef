import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { benchCertificate } from './bench-certificate.ts'
import { rulesText, usersText } from './identities.ts'
import type { Charge } from './keeper-messages.ts'
import {
  encrypted,
  findMosquitto,
  inMemory,
  type Persistence,
  ruled,
  savedNowAndThen,
  savedOnChanges,
  startMosquitto,
} from './mosquitto.ts'
import { type RunningBroker, startBroker } from './running-broker.ts'
import { sibling } from './sibling.ts'

/** One way to run a broker. All are set alike: loopback, anonymous, TCP_NODELAY, no log, no queue limit. */
export interface Setup {
  readonly name: string
  /** The program's version and what was set, for the reader of the numbers. */
  readonly settings: string
  /** How many messages it is given to queue at most; null for as many as anybody. */
  readonly mostQueued: number | null
  start(): Promise<RunningBroker>
}

/** A broker the bench can measure: by itself it keeps nothing on disk. */
export interface BenchBroker extends Setup {
  /** The ways to run it in which messages survive a restart; none for a broker that has no such way of its own. */
  readonly durable: readonly Setup[]
  /** The way to run it in which clients come over TLS; none for one that is not set up for it here. */
  readonly encrypted: readonly Setup[]
  /** The ways to run it in which clients have names and rules, this broker once more without rules; none as above. */
  readonly ruled: readonly Setup[]
}

/** The peers that the bars are about. */
export const barPeers = { memory: 'mosquitto', durable: 'mosquitto (persistence, unsynced)' }

// Written on every change, all of it: at 100,000 messages the queue would take hours to fill.
const mostSavedOnChanges = 4_000

const aedesStart = fileURLToPath(new URL('../../../bench/aedes.ts', import.meta.url))

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
  const raised = 'in-flight 65,535, queues and outbox raised so that nothing is dropped'
  return {
    name: 'petaltail',
    settings: `--store memory; ${raised}; Node ${process.versions.node}`,
    mostQueued: null,
    start: () => startOwn('memory'),
    durable: [
      {
        name: 'petaltail (store, synced)',
        settings: '--store in a fresh folder, acknowledged when synced; the rest as without',
        mostQueued: null,
        start: () => startOwn('{folder}/store'),
      },
    ],
    encrypted: [
      {
        name: 'petaltail',
        settings: '--store memory; an mqtts listener, the rest as by default',
        mostQueued: null,
        start: startOwnTls,
      },
    ],
    ruled: [
      ownRuled(
        'petaltail',
        'a password file, rules in an access control file of Mosquitto, --store in a fresh folder with the journal',
        ownRules,
      ),
      ownRuled(withoutRules, 'the same without the rules', ''),
    ],
  }
}

function startOwn(store: string): Promise<RunningBroker> {
  return startWith(['--listen', 'mqtt://127.0.0.1:0', '--store', store], { 'petaltail.yaml': ownConfiguration })
}

const ownTls = `${ownConfiguration}
listeners: [{ url: 'mqtts://127.0.0.1:0', tls: { certificate: '{folder}/cert.pem', key: '{folder}/key.pem' } }]
`

async function startOwnTls(): Promise<RunningBroker> {
  const { certificate, key } = await benchCertificate()
  const files = { 'petaltail.yaml': ownTls, 'cert.pem': certificate, 'key.pem': key }
  return await startWith(['--store', 'memory'], files)
}

/** The row of this broker that has users, but no rules. */
export const withoutRules = 'petaltail, no rules'

const ownUsers = `${ownConfiguration}
authenticators: [{ password: { file: '{folder}/users' } }]
`
const ownRules = `
access: { sources: [{ mosquitto_acl: '{folder}/acl' }], denied_mqtt3: ignore }
`

/** With a store, so that the journal is written to the disk. */
function ownRuled(name: string, settings: string, rules: string): Setup {
  const files = () => ({ 'petaltail.yaml': `${ownUsers}${rules}`, users: usersText(), acl: rulesText() })
  return {
    name,
    settings,
    mostQueued: null,
    start: () => startWith(['--listen', 'mqtt://127.0.0.1:0', '--store', '{folder}/store'], files()),
  }
}

function startWith(given: readonly string[], files: Charge['files']): Promise<RunningBroker> {
  const main = fileURLToPath(sibling(import.meta.url, '../main'))
  const options = ['--config', '{folder}/petaltail.yaml', ...given]
  // As npm start and the installed command run it.
  const args = ['--max-semi-space-size=8', '--heap-growing-percent=20', main, 'start', ...options]
  const charge: Charge = { command: process.execPath, args, files }
  return startBroker('petaltail', charge, null)
}

/** No broker: the generator asks parts of this program by itself. */
export const ownParts: Setup = {
  name: 'petaltail',
  settings: 'no broker: parts of the program',
  mostQueued: null,
  start: () => Promise.resolve({ host: '', port: 0, pids: [], stop: () => Promise.resolve() }),
}

/** A broker somebody else runs; it is not started anew for each run. */
export function foreign(host: string, port: number, pid: number | null): BenchBroker {
  const running = { host, port, pids: pid === null ? [] : [pid], stop: () => Promise.resolve() }
  const target: Setup = {
    name: 'target',
    settings: `${host}:${port}, as it is, not started anew for each run`,
    mostQueued: null,
    start: () => Promise.resolve(running),
  }
  return { ...target, durable: [target], encrypted: [target], ruled: [target] }
}

function mosquitto(): BenchBroker | null {
  const found = findMosquitto()
  if (found === null) return null
  const { command, version } = found
  const way = (name: string, settings: string, persistence: Persistence, mostQueued: number | null = null): Setup => ({
    name,
    settings,
    mostQueued,
    start: () => startMosquitto(command, persistence),
  })
  const unlimited = 'max_queued_messages 0, max_inflight_messages 0, max_queued_bytes 0, set_tcp_nodelay true'
  const often = 'persistence true, autosave_on_changes true, autosave_interval 1; acknowledged before it is saved'
  return {
    ...way(barPeers.memory, `${version}; ${unlimited}`, inMemory),
    durable: [
      way(barPeers.durable, 'persistence true, autosave_interval 1800, as its manual leaves it', savedNowAndThen),
      way('mosquitto (persistence, saved on changes)', often, savedOnChanges, mostSavedOnChanges),
    ],
    encrypted: [
      {
        name: barPeers.memory,
        settings: `${version}; certfile, keyfile, the rest as by default`,
        mostQueued: null,
        start: async () => {
          const { certificate, key } = await benchCertificate()
          return await startMosquitto(command, encrypted, { 'cert.pem': certificate, 'key.pem': key })
        },
      },
    ],
    ruled: [
      {
        name: barPeers.memory,
        settings: `${version}; password_file, acl_file, the rest as without`,
        mostQueued: null,
        start: () => startMosquitto(command, ruled, { users: usersText(), acl: rulesText() }),
      },
    ],
  }
}

function aedes(): BenchBroker | null {
  const version = aedesVersion()
  if (version === null || !existsSync(aedesStart)) return null
  return {
    name: 'aedes',
    settings: `${version}; net server with noDelay, memory persistence, maxInflightInbound 0, drainTimeout 0`,
    mostQueued: null,
    start: () => startBroker('aedes', { command: process.execPath, args: [aedesStart], files: {} }, null),
    durable: [],
    encrypted: [],
    ruled: [],
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

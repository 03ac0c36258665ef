import { networkInterfaces } from 'node:os'
import { jsonLog, type Log } from '../base/log.ts'
import { packageVersion } from '../base/version.ts'
import { hasDefaultListeners, refuseUnprotected } from '../config/listeners.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { growForTls } from './heap.ts'
import { stopSignal } from './stop-signal.ts'
import { textLog } from './text-log.ts'
import { welcome } from './welcome.ts'

/** The options of `petaltail start`. */
export interface StartOptions {
  readonly config?: string
  readonly listen?: readonly string[]
  readonly store?: string
  readonly allowAnonymous?: boolean
  readonly logLevel?: string
}

/** Runs a broker until a signal stops it. */
export async function start({ config: file, ...commandLine }: StartOptions): Promise<void> {
  const config = onThisMachine(loadConfig({ file, environment: process.env, commandLine }))
  refuseUnprotected(config)
  growForTls(config)
  const { startBroker } = await import('../start-broker.ts')
  const broker = await startBroker(config, logOf(config))
  const urls = broker.addresses.map(({ url }) => url)
  process.stdout.write(welcome(packageVersion(), config, urls, commandName()))
  process.on('SIGHUP', () => broker.reload())
  await stopSignal()
  await closeWithin(config.shutdownTimeout, () => broker.close())
  process.exit(0)
}

/** How a person types the command: started by npm, it is not on the search path of the shell. */
function commandName(): string {
  return process.env.npm_command === undefined ? 'petaltail' : 'npx petaltail'
}

function logOf(config: Config): Log {
  const { level, format } = config.log
  if (format === 'json') return jsonLog(level)
  return textLog(
    level,
    (line) => process.stderr.write(line),
    () => new Date(),
  )
}

/** The listeners nobody asked for by name are left out where the machine cannot have them. */
function onThisMachine(config: Config): Config {
  if (!hasDefaultListeners(config) || hasIpv6Loopback()) return config
  console.error('petaltail: this machine has no IPv6 loopback address (::1); listening on 127.0.0.1 only')
  return { ...config, listeners: config.listeners.filter(({ url }) => !url.includes('[::1]')) }
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))
}

async function closeWithin(milliseconds: number, close: () => Promise<void>): Promise<void> {
  const deadline = new Promise<'late'>((resolve) => setTimeout(resolve, milliseconds, 'late').unref())
  const outcome = await Promise.race([close(), deadline])
  if (outcome === 'late')
    console.error('petaltail: closing took longer than shutdown_timeout; ended without waiting for it')
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import type { WatchedFiles } from './base/watched-files.ts'
import { addressOf } from './config/listeners.ts'
import type { Config, ListenerConfig } from './config/schema.ts'
import { AuthorityFile } from './pki/authority/authority-files.ts'
import type { ServerCertificates } from './pki/authority/server-certificates.ts'

export interface OwnAuthorityContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/**
 * The certificates the broker makes for listeners that name none; null when all do. The authority is made when there is
 * none.
 *
 * @throws BrokerError when the authority cannot be used.
 */
export async function openOwnCertificates(
  { ca, listeners }: Config,
  context: OwnAuthorityContext,
): Promise<ServerCertificates | null> {
  if (!listeners.some((listener) => encrypts(listener) && listener.tls?.certificate === undefined)) return null
  const { ServerCertificates } = await import('./pki/authority/server-certificates.ts')
  return await ServerCertificates.open(ca, context)
}

/** The listeners, with the authority of the broker where they ask for certificates and name no authority. */
export function withOwnAuthority(config: Config): Config {
  const { path } = config.ca
  const bundle = join(path, AuthorityFile.bundle)
  if (!existsSync(bundle)) return config
  const there = (name: string) => (existsSync(join(path, name)) ? [join(path, name)] : [])
  const clientCa = [bundle, ...there(AuthorityFile.issuers)]
  const lists = there(AuthorityFile.crl)
  const listeners = config.listeners.map((listener): ListenerConfig => {
    const { tls } = listener
    if (tls === undefined || tls.clientCertificate === 'none' || tls.clientCa.length > 0 || tls.systemAuthorities)
      return listener
    return { ...listener, tls: { ...tls, clientCa, crlFiles: [...tls.crlFiles, ...lists] } }
  })
  return { ...config, listeners }
}

function encrypts(listener: ListenerConfig): boolean {
  const { transport } = addressOf(listener)
  return transport === 'tls' || transport === 'wss'
}

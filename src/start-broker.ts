import type { AccessContext } from './access.ts'
import { openAuthentication } from './authentication.ts'
import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { WatchedFiles } from './base/watched-files.ts'
import { type Broker, makeBroker, openTables } from './broker.ts'
import { listenerOptionsOf } from './config/listener-options.ts'
import type { Config } from './config/schema.ts'
import { settingsOf } from './config/settings.ts'
import type { Authorizer } from './engine/ports.ts'
import { journalDirectory, openJournal } from './journal/open.ts'
import { openOwnCertificates, withOwnAuthority } from './own-authority.ts'
import type { Tables } from './store/tables.ts'

/** Makes a broker from a configuration that was checked, and opens its listeners. */
export async function startBroker(given: Config, log: Log): Promise<Broker> {
  await using opened = new AsyncDisposableStack()
  const clock = systemClock()
  const files = opened.adopt(new WatchedFiles(), (watched) => watched.close())
  const identity = opened.adopt(await openOwnCertificates(given, { log, clock, files }), (own) => own?.close())
  const config = withOwnAuthority(given)
  const authenticator = opened.adopt(await openAuthentication(config, { log, clock, files }), (chain) =>
    chain.close?.(),
  )
  const authorizer = await accessOf(config, { log, clock, files })
  if (authorizer !== null) opened.defer(() => authorizer.close?.())
  const listeners = listenerOptionsOf(config)
  const early = listeners.some(({ rules }) => rules.durability === 'commit')
  const tables = await tablesOf(config, early, log)
  const engine = { settings: settingsOf(config), clock, log, authenticator }
  const journal = await openJournal(journalPlace(config), config.journal, { clock, log })
  const broker = await makeBroker({ ...engine, ...(authorizer === null ? {} : { authorizer }) }, tables, {
    files,
    journal,
    ...(identity === null ? {} : { identity }),
  })
  opened.use(broker)
  for (const options of listeners) await broker.open(options)
  opened.move()
  return broker
}

/** Without rules there is nobody to ask. */
async function accessOf({ access }: Config, context: AccessContext): Promise<Authorizer | null> {
  return access === undefined ? null : await (await import('./access.ts')).openAccess(access, context)
}

function journalPlace({ store, journal }: Config): string | null {
  return store.kind === 'memory' || !journal.enabled ? null : journalDirectory(store.path)
}

async function tablesOf({ store }: Config, early: boolean, log: Log): Promise<Tables | null> {
  return store.kind === 'memory' ? null : await openTables(store.path, early, log)
}

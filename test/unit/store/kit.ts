import { openAuthenticator } from '../../../src/authn/open.ts'
import { openAuthorizer } from '../../../src/authz/open.ts'
import type { Log } from '../../../src/base/log.ts'
import { Core } from '../../../src/engine/core.ts'
import type { JournalEvent } from '../../../src/engine/ports.ts'
import { Reception } from '../../../src/engine/reception.ts'
import { recover } from '../../../src/engine/recovering.ts'
import { defaultSettings, type Settings } from '../../../src/engine/settings.ts'
import { MemoryTables } from '../../../src/store/memory-tables.ts'
import { diskStore } from '../../../src/store/stores.ts'
import type { Tables } from '../../../src/store/tables.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { FaultyTables } from '../../kit/faulty-tables.ts'
import type { ConnectFields, Packets } from '../../kit/packets.ts'
import { BenchClient } from '../engine/kit.ts'

/** The engine on a store whose disk fails when the test says so; no network. */
export class FaultBench {
  readonly clock: FakeClock
  readonly tables: FaultyTables
  readonly events: JournalEvent[] = []
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[] = []
  readonly core: Core
  readonly #reception: Reception
  readonly #inner: Tables

  constructor(settings: Partial<Settings> = {}, inner: Tables = new MemoryTables(), clock = new FakeClock()) {
    this.clock = clock
    this.#inner = inner
    this.tables = new FaultyTables(inner)
    this.core = new Core({
      settings: { ...defaultSettings, ...settings },
      clock,
      log: this.#log(),
      journal: { record: (event) => this.events.push(event) },
      authenticator: openAuthenticator,
      authorizer: openAuthorizer,
      store: diskStore(this.tables),
    })
    recover(this.core)
    this.#reception = new Reception(this.core)
  }

  /** What the broker finds that is started on what is on the disk now, whatever else this one believes. */
  crash(settings: Partial<Settings> = {}): FaultBench {
    return new FaultBench(settings, this.#inner, this.clock)
  }

  /** A client that sent CONNECT, and nothing more is known. */
  begin(packets: Packets, fields: ConnectFields = {}): BenchClient {
    const client = new BenchClient(this.#reception, packets)
    client.send(packets.connect({ clientId: `c${++clients}`, ...fields }))
    return client
  }

  /** A client that got CONNACK. */
  async connect(packets: Packets, fields: ConnectFields = {}): Promise<BenchClient> {
    const client = this.begin(packets, fields)
    await until(() => client.wire.writes.length > 0)
    client.take()
    return client
  }

  /** A client with a session that is kept, and a subscription to `filter`. */
  async keeper(packets: Packets, clientId: string, filter: string, qos: 1 | 2 = 1): Promise<BenchClient> {
    const client = await this.connect(packets, kept(packets, clientId))
    client.send(packets.subscribe({ id: 1, filters: [{ filter, qos }] }))
    await until(() => client.take().some(({ type }) => type === 'suback'))
    return client
  }

  /** Resolves when everything staged is safe. */
  async safe(): Promise<void> {
    await this.core.commits.safe('sync')
  }

  /** The store is failing, because something was staged that cannot be made safe. */
  async failing(code: 'ENOSPC' | 'EIO' = 'ENOSPC'): Promise<void> {
    await this.safe()
    this.tables.fail(code)
    const { store } = this.core
    store.dropSession(store.number())
    await until(() => store.condition === 'failing')
  }

  /** The disk is well again, and the store knows. */
  async heal(): Promise<void> {
    this.tables.heal()
    this.tables.go()
    await until(() => this.core.store.condition === 'ok')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tables.heal()
    this.tables.go()
    this.tables.slow(0)
    await until(() => this.core.store.condition !== 'failing')
    await this.core.close()
  }

  #log(): Log {
    const at =
      (level: string) =>
      (message: string, fields: object = {}) =>
        void this.lines.push({ level, message, fields })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }
}

/** CONNECT for a session that outlives its connection. */
export function kept(packets: Packets, clientId: string): ConnectFields {
  return { clientId, clean: false, ...(packets.version === 5 && { properties: { sessionExpiryInterval: 3_600 } }) }
}

const patience = 30_000

/** Resolves when it is so. */
export async function until(met: () => boolean): Promise<void> {
  const end = performance.now() + patience
  while (!met()) {
    if (performance.now() > end) throw new Error(`never came about: ${String(met)}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Lets what happens at once happen: a few turns, more than a commit takes that neither fails nor waits. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
}

let clients = 0

import type { Duplex } from 'node:stream'
import { openAuthenticator } from './authn/open.ts'
import { openAuthorizer } from './authz/open.ts'
import { systemClock } from './base/clock.ts'
import type { Counters } from './base/counters.ts'
import { BrokerError } from './base/errors.ts'
import { type Log, silentLog } from './base/log.ts'
import { packageVersion } from './base/version.ts'
import { WatchedFiles } from './base/watched-files.ts'
import { isLoopback, parseListenAddress } from './config/address.ts'
import { messageMargin } from './config/listener-options.ts'
import {
  type BrokerOptions,
  type ConnectedClient,
  clientOf,
  type ExplainedClient,
  type ListenerAddress,
  type ListenRequest,
  type PublishOptions,
  type ReceivedMessage,
  type StoreHealth,
} from './embedding.ts'
import { Core } from './engine/core.ts'
import { LocalReceiver } from './engine/local.ts'
import type { Action, Explanation, Identity, JournalEvent } from './engine/ports.ts'
import { Reception } from './engine/reception.ts'
import { recover } from './engine/recovering.ts'
import { RetainedTree } from './engine/retained-tree.ts'
import { defaultSettings, mistakeIn } from './engine/settings.ts'
import { defaultJournal, journalDirectory, type KeptJournal, memoryJournal, openJournal } from './journal/open.ts'
import type { DatedEvent } from './journal/recent.ts'
import { attachDuplex } from './listen/duplex-wire.ts'
import { type Listener, openListener } from './listen/listener.ts'
import { defaultListener, type ListenerOptions } from './listen/options.ts'
import type { ServerIdentity } from './listen/supplies.ts'
import { begin, guarded, LocalClient } from './local-client.ts'
import { filterOf, messageOf } from './local-message.ts'
import { SysTree } from './metrics/sys.ts'
import type { Qos } from './packet/types.ts'
import { openStoreDirectory } from './store/open-store.ts'
import { diskStore, memoryStore } from './store/stores.ts'
import type { Tables } from './store/tables.ts'

/** Milliseconds connections have to take what is still to be sent when the broker closes. */
const farewell = 1_000

/**
 * Makes a broker and opens its listeners.
 *
 * @example
 * ```ts
 * await using broker = await createBroker({ listen: ['mqtt://127.0.0.1:0'] })
 * broker.subscribe('sensors/#', (message) => console.log(message.topic, String(message.payload)))
 * broker.publish('sensors/one', '21.5', { retain: true })
 * ```
 * @throws BrokerError when an address or a TLS file cannot be used; nothing is left open then.
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { store, listen = [], log = silentLog, clock = systemClock() } = options
  const early = listen.some((request) => typeof request !== 'string' && request.durability === 'commit')
  const tables = store === undefined ? null : await openTables(store, early, log)
  const directory = store === undefined ? null : journalDirectory(store)
  const journal = await openJournal(directory, defaultJournal, { clock, log })
  const broker = await makeBroker({ ...options, clock }, tables, { journal })
  try {
    for (const request of listen) await broker.listen(request)
  } catch (error) {
    await broker.close()
    throw error
  }
  return broker
}

/** Opens the tables of a store, and says what became of a damaged one. */
export async function openTables(directory: string, early: boolean, log: Log): Promise<Tables> {
  const { tables, report, upgraded } = await openStoreDirectory(directory, { early })
  if (report !== null)
    log.error('the store was damaged: it was moved aside, and what could be read was kept', { ...report })
  if (upgraded !== null) log.info('the store was upgraded to a newer layout', { ...upgraded })
  return tables
}

/** Makes a broker; the tables are closed when that fails. */
export async function makeBroker(
  options: BrokerOptions,
  tables: Tables | null,
  supplies: BrokerSupplies = {},
): Promise<Broker> {
  try {
    return new Broker(options, tables, supplies)
  } catch (error) {
    await supplies.journal?.close()
    await tables?.close()
    throw error
  }
}

/** What a broker that was started by a configuration is made with besides. */
export interface BrokerSupplies {
  readonly files?: WatchedFiles
  readonly journal?: KeptJournal
  /** Certificates for listeners that name none. */
  readonly identity?: ServerIdentity & { close(): Promise<void> }
}

/** A running broker. Several in one process know nothing of each other. */
export class Broker implements AsyncDisposable {
  readonly #core: Core
  readonly #reception: Reception
  readonly #journal: KeptJournal
  readonly #listeners: Listener[] = []
  readonly #stopSys: () => void
  #closed: Promise<void> | null = null
  readonly #authenticates: boolean
  #receivers = 0
  readonly #files: WatchedFiles
  readonly #identity: BrokerSupplies['identity']

  /** @internal Use {@link createBroker}. */
  constructor(options: BrokerOptions, tables: Tables | null, supplies: BrokerSupplies = {}) {
    this.#files = supplies.files ?? new WatchedFiles()
    this.#identity = supplies.identity
    const mistake = mistakeIn(options.settings ?? {})
    if (mistake !== null) throw new BrokerError('SETTINGS_INVALID', mistake)
    this.#authenticates = options.authenticator !== undefined
    const clock = options.clock ?? systemClock()
    const log = options.log ?? silentLog
    this.#journal = supplies.journal ?? memoryJournal({ clock, log })
    this.#core = new Core({
      settings: { ...defaultSettings, ...options.settings },
      clock,
      log,
      journal: this.#journal,
      authenticator: options.authenticator ?? openAuthenticator,
      authorizer: options.authorizer ?? openAuthorizer,
      store: tables === null ? memoryStore(new RetainedTree()) : diskStore(tables),
    })
    recover(this.#core)
    this.#reception = new Reception(this.#core)
    this.#stopSys = this.#publishSys()
    options.authenticator?.watch?.(() => this.#reception.reviews.begin())
    options.authorizer?.watch?.(() => this.#core.accessReviews.changed())
  }

  /** Where clients connect, in the order the listeners were opened. */
  get addresses(): readonly ListenerAddress[] {
    return this.#listeners.map(({ url }) => ({ url, port: portOf(url) }))
  }

  /** What was counted since the start. Live: read it, do not keep it. */
  get counters(): Readonly<Counters> {
    return this.#core.counters
  }

  /** Whether what must be safe can be made safe, and if not, why. */
  get store(): StoreHealth {
    const { store, commits } = this.#core
    return { condition: store.condition, why: commits.trouble }
  }

  /** Opens one more listener. @throws BrokerError when it cannot be. */
  async listen(request: string | ListenRequest): Promise<ListenerAddress> {
    const options = listenerOf(
      typeof request === 'string' ? { url: request } : request,
      this.#core.settings.maximumPacketSize,
    )
    if (!options.rules.allowAnonymous && !this.#authenticates) {
      const { url } = typeof request === 'string' ? { url: request } : request
      throw new BrokerError(
        'ANONYMOUS_NOT_LOOPBACK',
        `nobody could connect to ${url}: give the broker an authenticator, or the listener allowAnonymous`,
      )
    }
    const { url } = await this.open(options)
    return { url, port: portOf(url) }
  }

  /** @internal */
  async open(options: ListenerOptions): Promise<Listener> {
    this.#assertOpen()
    const identity = this.#identity
    const supplies = { files: this.#files, ...(identity === undefined ? {} : { identity }) }
    const listener = await openListener(options, this.#reception, this.#core.log, this.#core.clock, supplies)
    this.#listeners.push(listener)
    return listener
  }

  /** Has files that are watched, such as certificates, read again at once: what has changed takes effect. */
  reload(): void {
    this.#files.reload()
  }

  /** Lets a client in through a stream, without any port. It counts as a client on this machine. */
  attach(stream: Duplex): void {
    this.#assertOpen()
    attachDuplex(stream, this.#reception, {
      name: 'attached',
      connectTimeout: 10_000,
      allowAnonymous: true,
      durability: 'sync',
    })
  }

  /**
   * Publishes a message from this program, which may publish anything. Returns how many receivers it went to.
   *
   * @throws BrokerError TOPIC_INVALID for a topic with wildcards or over the limits.
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): number {
    this.#assertOpen()
    return this.#core.router.route(messageOf(this.#core, '', topic, payload, options))
  }

  /**
   * Calls `take` for every message a topic filter matches, retained ones first, until the returned function is called.
   * What `take` throws is logged; it cannot hurt the publisher.
   *
   * @throws BrokerError TOPIC_INVALID for an invalid or a shared filter.
   */
  subscribe(filter: string, take: (message: ReceivedMessage) => void): () => void {
    this.#assertOpen()
    const parsed = filterOf(filter)
    const receiver = new LocalReceiver(`$local-${++this.#receivers}`, guarded(this.#core, filter, take))
    return begin(this.#core, receiver, receiver.subscription(parsed))
  }

  /**
   * A part of this program for which the rules hold: it may publish and receive what a client of this identity may. Without
   * an authorizer that is everything.
   */
  client(id: string, identity: Identity): LocalClient {
    this.#assertOpen()
    return new LocalClient(this.#core, id, identity)
  }

  /**
   * Says whether a client may do something, and how that is decided: by the rules that decide when it does. `topic` is a
   * topic filter for `subscribe`. Null when the authorizer of this broker cannot explain its decisions.
   */
  async explain(
    who: ExplainedClient,
    action: Action,
    topic: string,
    { qos = 0, retain = false }: { readonly qos?: Qos; readonly retain?: boolean } = {},
  ): Promise<Explanation | null> {
    this.#assertOpen()
    const { authorizer } = this.#core
    return (await authorizer.explain?.(clientOf(who), action, topic, qos, retain)) ?? null
  }

  /** Calls `observer` for every connect, refusal, disconnect, denial and drop, until the returned function is called. */
  observe(observer: (event: JournalEvent) => void): () => void {
    return this.#journal.observe(observer)
  }

  /** The latest events, oldest first: at most 10,000. */
  recentEvents(): readonly DatedEvent[] {
    return this.#journal.recent()
  }

  /** The clients connected now. */
  clients(): readonly ConnectedClient[] {
    return [...this.#reception.clients()].map(({ id, identity, version, listener, peer, session }) => ({
      id,
      identity,
      version,
      listener,
      address: peer.address,
      subscriptions: session?.subscriptions.size ?? 0,
      queued: session?.queued ?? 0,
    }))
  }

  /** Stops accepting, says good-bye to every client, and resolves when nothing is left. Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#shutDown())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #shutDown(): Promise<void> {
    this.#stopSys()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    this.#core.sessions.close()
    this.#reception.close()
    await this.#reception.gone(farewell)
    await this.#core.authenticator.close?.()
    await this.#core.authorizer.close?.()
    await this.#identity?.close()
    this.#files.close()
    await this.#journal.close()
    await this.#core.close()
  }

  *#certificates(): Generator<readonly [string, number]> {
    for (const { name, certificates } of this.#listeners) {
      if (certificates.length > 0) yield [name, Math.min(...certificates.map(({ notAfter }) => notAfter))]
    }
  }

  #assertOpen(): void {
    if (this.#closed !== null) throw new BrokerError('BROKER_CLOSED', 'the broker was closed')
  }

  #publishSys(): () => void {
    const { counters, settings, clock } = this.#core
    const interval = settings.sysInterval
    if (interval === 0) return () => {}
    const started = clock.now()
    const tree = new SysTree({
      counters,
      version: packageVersion(),
      uptime: () => (clock.now() - started) / 1_000,
      store: () => describe(this.store),
      certificates: () => this.#certificates(),
    })
    const tick = (seconds: number) => {
      for (const [topic, value] of tree.changed(seconds)) this.publish(topic, value, { retain: true })
    }
    tick(0)
    return clock.every(interval * 1_000, () => tick(interval))
  }
}

function describe({ condition, why }: StoreHealth): string {
  return why === '' ? condition : `${condition}: ${why}`
}

function listenerOf(request: ListenRequest, maximumPacketSize: number): ListenerOptions {
  const { url, name, connectTimeout, allowAnonymous, durability, ...rest } = request
  const address = parseListenAddress(url)
  if (typeof address === 'string') throw new BrokerError('LISTEN_ADDRESS_UNAVAILABLE', address)
  const place =
    address.transport === 'unix'
      ? { transport: address.transport, path: address.path }
      : { transport: address.transport, host: address.host === '' ? '::' : address.host, port: address.port }
  const path = address.transport === 'unix' ? null : address.path
  const websocket = {
    ...defaultListener.websocket,
    maxPayload: maximumPacketSize + messageMargin,
    ...(path === null ? {} : { path }),
  }
  const rules = {
    name: name ?? '',
    connectTimeout: connectTimeout ?? 10_000,
    allowAnonymous: allowAnonymous ?? isLoopback(address),
    durability: durability ?? 'sync',
  }
  return { ...defaultListener, ...place, websocket, ...rest, rules }
}

function portOf(url: string): number {
  return Number(/:(\d+)(\/|$)/.exec(url)?.[1] ?? 0)
}

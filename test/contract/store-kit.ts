import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { Turn } from '../../src/base/turn.ts'
import { Message, never } from '../../src/engine/message.ts'
import { RetainedTree } from '../../src/engine/retained-tree.ts'
import type {
  Recovery,
  SessionRecord,
  Store,
  StoredDelivery,
  SubscriptionRecord,
  WillRecord,
} from '../../src/engine/store-ports.ts'
import type { Qos } from '../../src/packet/types.ts'
import type { StoreParts } from '../../src/store/durable-store.ts'
import { openLmdbTables } from '../../src/store/lmdb-tables.ts'
import { MemoryTables } from '../../src/store/memory-tables.ts'
import { diskStore, memoryStore } from '../../src/store/stores.ts'
import type { Tables } from '../../src/store/tables.ts'
import { TopicNames } from '../../src/topic/name.ts'
import { FakeClock } from '../kit/fake-clock.ts'

export interface Loaded {
  readonly sessions: readonly SessionRecord[]
  readonly subscriptions: readonly (readonly [number, SubscriptionRecord])[]
  readonly wills: readonly WillRecord[]
  readonly received: readonly (readonly [number, number])[]
  readonly deliveries: readonly LoadedDelivery[]
}

export interface LoadedDelivery {
  readonly number: number
  readonly sequence: number
  readonly qos: Qos
  readonly packetId: number
  readonly released: boolean
  readonly weight: number
}

/** Writes down what `load` tells. */
export class Recording implements Recovery {
  readonly sessions: SessionRecord[] = []
  readonly subscriptions: [number, SubscriptionRecord][] = []
  readonly wills: WillRecord[] = []
  readonly receptions: [number, number][] = []
  readonly deliveries: LoadedDelivery[] = []
  readonly #gone: ReadonlySet<number>

  /** `gone`: sessions that are not there any more. */
  constructor(gone: ReadonlySet<number> = new Set()) {
    this.#gone = gone
  }

  session(record: SessionRecord): void {
    this.sessions.push(record)
  }

  subscription(number: number, record: SubscriptionRecord): void {
    this.subscriptions.push([number, record])
  }

  will(record: WillRecord): void {
    this.wills.push(record)
  }

  received(number: number, packetId: number): void {
    this.receptions.push([number, packetId])
  }

  delivery(number: number, sequence: number, qos: Qos, packetId: number, released: boolean, weight: number): boolean {
    if (this.#gone.has(number)) return false
    this.deliveries.push({ number, sequence, qos, packetId, released, weight })
    return true
  }

  get all(): Loaded {
    const { sessions, subscriptions, wills, receptions, deliveries } = this
    return { sessions, subscriptions, wills, received: receptions, deliveries }
  }
}

/** How the tables of a store come to be, and what becomes of them when it is closed and opened again. */
export interface Ground {
  open(): Promise<Tables>
  [Symbol.dispose](): void
}

class MemoryGround implements Ground {
  readonly #tables = new MemoryTables()

  async open(): Promise<Tables> {
    return this.#tables
  }

  [Symbol.dispose](): void {}
}

class LmdbGround implements Ground {
  readonly #directory = mkdtempSync(join(tmpdir(), 'petaltail-store-'))

  async open(): Promise<Tables> {
    return await openLmdbTables(this.#directory, { early: false })
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true })
  }
}

/** Where a store that lasts can be. */
export const grounds: Readonly<Record<string, () => Ground>> = {
  'memory tables': () => new MemoryGround(),
  'LMDB tables': () => new LmdbGround(),
}

/** One store, with what a broker gives it. */
export class StoreBench implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly names = new TopicNames({ maximumTopicBytes: 65_535, maximumTopicLevels: 10_000 })
  store: Store
  /** What the last `load` returned. */
  alive = 0
  #reached = 0
  readonly #ground: Ground | null

  private constructor(ground: Ground | null, make: (parts: StoreParts) => Store) {
    this.#ground = ground
    this.store = this.#begin(make)
  }

  /** A store on this ground; nothing was loaded yet. */
  static async on(ground: Ground): Promise<StoreBench> {
    return new StoreBench(ground, diskStore(await ground.open()))
  }

  /** An empty store that lasts. */
  static async fresh(ground: Ground): Promise<StoreBench> {
    const bench = await StoreBench.on(ground)
    bench.store.load(new Recording())
    return bench
  }

  /** A store that is gone with the process. */
  static volatile(): StoreBench {
    const bench = new StoreBench(null, memoryStore(new RetainedTree()))
    bench.store.load(new Recording())
    return bench
  }

  /** Resolves when everything staged so far is safe. */
  async safe(): Promise<void> {
    while (this.store.pending || this.#reached < this.store.position - 1)
      await new Promise((resolve) => setTimeout(resolve, 1))
  }

  /** Closes the store, opens it again and loads it. */
  async reopen(recording = new Recording()): Promise<Loaded> {
    await this.store.close()
    if (this.#ground === null) throw new Error('nothing to open again')
    this.store = this.#begin(diskStore(await this.#ground.open()))
    this.alive = this.store.load(recording)
    return recording.all
  }

  message(topic: string, payload: string | Buffer, fields: MessageFields = {}): Message {
    const name = this.names.of(topic)
    if (name === null) throw new Error('no topic')
    const bytes = Buffer.from(payload)
    const { qos = 1, retain = false, expiresAt = never, publisher = '', properties = null } = fields
    return new Message(name, qos, retain, properties, expiresAt, publisher, bytes, 0, bytes.length)
  }

  /** Appends a message for one session, with nothing special. */
  append(message: Message, number: number): number {
    return this.store.append(message, number, 1, false, 0, null, null)
  }

  payload(sequence: number): string | null {
    return this.store.read(sequence)?.message.payload.toString() ?? null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close()
    this.#ground?.[Symbol.dispose]()
  }

  #begin(make: (parts: StoreParts) => Store): Store {
    const failed = (error: unknown): void => {
      throw error
    }
    const store = make({ clock: this.clock, log: silentLog, turn: new Turn(failed), names: this.names })
    this.#reached = store.position - 1
    store.watch({ committed: () => {}, synced: (position) => (this.#reached = position), condition: () => {} })
    return store
  }
}

export interface MessageFields {
  readonly qos?: Qos
  readonly retain?: boolean
  readonly expiresAt?: number
  readonly publisher?: string
  readonly properties?: Buffer | null
}

/** What a message is, to be compared. */
export function contentOf(message: Message): object {
  const { topic, qos, retain, expiresAt, publisher } = message
  const properties = message.properties?.toString('hex') ?? ''
  return {
    topic: topic.text,
    qos,
    retain,
    expiresAt,
    publisher,
    properties,
    payload: message.payload.toString('hex'),
    weight: message.weight,
  }
}

export function deliveryOf(stored: StoredDelivery | null): object | null {
  if (stored === null) return null
  const { message, ...rest } = stored
  return { ...rest, message: contentOf(message) }
}

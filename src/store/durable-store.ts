import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Turn } from '../base/turn.ts'
import { Message } from '../engine/message.ts'
import type {
  Recovery,
  RetainedIndex,
  SessionRecord,
  Store,
  StoreCondition,
  StoredDelivery,
  StoreWatcher,
  SubscriptionRecord,
  WillRecord,
} from '../engine/store-ports.ts'
import type { Qos } from '../packet/types.ts'
import type { TopicNames } from '../topic/name.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { type Block, maximumPlaces, messageHeader } from './block.ts'
import { BlockEncoder } from './block-encoder.ts'
import { BlockState, Blocks } from './blocks.ts'
import { Cleaning } from './cleaning.ts'
import { CommitPatience } from './commit-patience.ts'
import type { GrowingBlock } from './growing-block.ts'
import { GrowingBlocks } from './growing-blocks.ts'
import { blockKey, numberKey, receivedKey, subscriptionKey } from './keys.ts'
import { Loading } from './loading.ts'
import { Pipeline } from './pipeline.ts'
import { Step, Table } from './records.ts'
import { clockExpiry, wallExpiry } from './retained-record.ts'
import { RetainedTable } from './retained-table.ts'
import { encodeReceived, encodeSession, encodeSubscription, encodeWill } from './session-record.ts'
import type { Tables } from './tables.ts'

/** What a broker gives the store it is made with. */
export interface StoreParts {
  readonly clock: Clock
  readonly log: Log
  readonly turn: Turn
  readonly names: TopicNames
}

export interface DurableStoreContext extends StoreParts {
  readonly tables: Tables
  /** Milliseconds between two commits at least. */
  readonly gap: number
  /** The tables are gone with the process. */
  readonly volatile: boolean
}

const nothing = Buffer.alloc(0)
/** Milliseconds after which a sign of life is written although nothing else was. */
const heartbeat = 60_000

/**
 * Keeps sessions, subscriptions, wills and messages in tables. A message is written once, with the list of those who are
 * to get it, into the block of its batch; what its receivers acknowledge is noted behind the block, and when nobody is
 * left the block goes. A sequence number tells the block and the place in it:
 *
 *     sequence = block × 16,384 + place
 */
export class DurableStore implements Store {
  readonly retained: RetainedIndex
  readonly #context: DurableStoreContext
  readonly #pipeline: Pipeline
  readonly #blocks: Blocks
  readonly #growing = new GrowingBlocks()
  readonly #patience = new CommitPatience()
  readonly #encoder = new BlockEncoder()
  readonly #acknowledgements = new Acknowledgements()
  readonly #retainedTable: RetainedTable | null
  readonly #cleaning: Cleaning
  #number = 1
  #publisher = ''
  #publisherBytes: Buffer = nothing
  /** There are, or were, sessions whose time counts. */
  #alive = false
  #changes = 0
  #beaten: number

  /** `retained`: where retained messages are when the tables are not the place for them. */
  constructor(context: DurableStoreContext, retained: RetainedIndex | null = null) {
    this.#context = context
    this.#blocks = new Blocks(context.tables)
    this.#pipeline = new Pipeline(context, {
      held: () => this.#growing.length,
      complete: () => this.#complete(),
      applied: (position) => this.#applied(position),
      worthWaiting: () => this.#patience.worthwhile(),
    })
    const { tables, names, clock } = context
    const changing = () => this.#changed()
    const table = new RetainedTable({ tables, names, clock, pipeline: this.#pipeline, changing })
    this.#retainedTable = retained === null ? table : null
    this.retained = retained ?? table
    this.#beaten = clock.now()
    const remove = (block: number, state: BlockState) => this.#remove(block, state)
    this.#cleaning = new Cleaning({ tables, blocks: this.#blocks, pipeline: this.#pipeline, remove })
  }

  get position(): number {
    return this.#pipeline.position
  }

  get pending(): boolean {
    return this.#pipeline.pending
  }

  get volatile(): boolean {
    return this.#context.volatile
  }

  get changes(): number {
    return this.#changes
  }

  get condition(): StoreCondition {
    return this.#pipeline.condition
  }

  get full(): boolean {
    return this.#pipeline.full
  }

  watch(watcher: StoreWatcher): void {
    this.#pipeline.watcher = watcher
  }

  load(recovery: Recovery): number {
    const loading = new Loading(this.#context, this.#blocks, recovery, {
      settle: (sequence) => this.settle(sequence),
      drop: (block) => {
        this.#drop(Table.Blocks, blockKey(block))
        this.#drop(Table.Acknowledgements, blockKey(block))
      },
    })
    const { number, block, sessions } = loading.run()
    this.#number = number
    this.#growing.begin(block)
    this.#alive = sessions > 0
    return this.#context.tables.last().wall
  }

  number(): number {
    return this.#number++
  }

  putSession(record: SessionRecord): void {
    const key = numberKey(record.number)
    this.#put(Table.Sessions, key, encodeSession(key, record))
    this.#alive = true
  }

  dropSession(number: number): void {
    this.#drop(Table.Sessions, numberKey(number))
  }

  putSubscription(number: number, record: SubscriptionRecord): void {
    const key = subscriptionKey(number, record.filter)
    this.#put(Table.Subscriptions, key, encodeSubscription(key, record))
  }

  dropSubscription(number: number, filter: string): void {
    this.#drop(Table.Subscriptions, subscriptionKey(number, filter))
  }

  putWill(record: WillRecord): void {
    const key = numberKey(record.number)
    this.#put(Table.Wills, key, encodeWill(key, record))
  }

  dropWill(number: number): void {
    this.#drop(Table.Wills, numberKey(number))
  }

  putReceived(number: number, packetId: number): void {
    const key = receivedKey(number, packetId)
    this.#put(Table.Received, key, encodeReceived(key))
  }

  dropReceived(number: number, packetId: number): void {
    this.#drop(Table.Received, receivedKey(number, packetId))
  }

  append(
    message: Message,
    number: number,
    qos: Qos,
    retain: boolean,
    packetId: number,
    identifiers: readonly number[] | null,
    share: string | null,
  ): number {
    const growing = this.#growing
    let block = growing.current
    if (qos === 1 && packetId > 0) this.#patience.added()
    this.#changed()
    if (!block.isAt(message)) {
      if (block.full) block = growing.next()
      block.begin(message, wallExpiry(message, this.#context.clock))
    }
    return growing.number * maximumPlaces + block.add(number, qos, retain, packetId, identifiers, share)
  }

  sent(sequence: number, packetId: number): void {
    this.#step(sequence, Step.Sent, packetId)
  }

  released(sequence: number): void {
    this.#step(sequence, Step.Released, 0)
  }

  settle(sequence: number): void {
    this.#step(sequence, Step.Settled, 0)
  }

  read(sequence: number): StoredDelivery | null {
    const number = Math.floor(sequence / maximumPlaces)
    const place = sequence - number * maximumPlaces
    const growing = this.#growing.find(number)
    if (growing === null) return null
    if (growing !== undefined) return growing.read(place, this.#context.clock)
    const block = this.#blocks.onItsWay(number) ?? this.#blocks.read(number)
    if (block === null) return null
    const offset = block.message(place)
    if (offset < 0) return null
    const message = this.#message(block, offset)
    if (message === null) return null
    const { qos, retain, identifiers, share } = block.copy(block.receiverAt(place))
    return { message, qos, retain, identifiers, share }
  }

  sweep(): void {
    const { clock } = this.#context
    this.#cleaning.step(clock.wall())
    if (clock.now() - this.#beaten < heartbeat) return
    this.#beaten = clock.now()
    if (this.#alive) this.#pipeline.changed()
  }

  async close(): Promise<void> {
    try {
      await this.#pipeline.drain()
    } finally {
      await this.#context.tables.close()
    }
  }

  #message(block: Block, offset: number): Message | null {
    const { bytes } = block
    const topicAt = offset + messageHeader
    const publisherAt = topicAt + block.topicLength(offset)
    const topic = this.#context.names.find(bytes, topicAt, publisherAt)
    if (topic === null) return null
    const propertiesAt = publisherAt + block.publisherLength(offset)
    const payloadAt = propertiesAt + block.propertiesLength(offset)
    return new Message(
      topic,
      block.qos(offset),
      block.retain(offset),
      payloadAt === propertiesAt ? null : bytes.subarray(propertiesAt, payloadAt),
      clockExpiry(block.expiresAt(offset), this.#context.clock),
      this.#publisherOf(bytes, publisherAt, propertiesAt),
      bytes,
      payloadAt,
      payloadAt + block.payloadLength(offset),
    )
  }

  /** Messages that are read one after the other often come from the same publisher. */
  #publisherOf(bytes: Buffer, start: number, end: number): string {
    const last = this.#publisherBytes
    if (last.length === end - start && last.compare(bytes, start, end) === 0) return this.#publisher
    this.#publisherBytes = Buffer.from(bytes.subarray(start, end))
    return (this.#publisher = this.#publisherBytes.toString())
  }

  #step(sequence: number, step: Step, packetId: number): void {
    const block = Math.floor(sequence / maximumPlaces)
    const place = sequence - block * maximumPlaces
    const growing = this.#growing.find(block)
    if (growing === null) return
    if (growing !== undefined) {
      growing.step(place, step, packetId)
      if (step === Step.Settled) this.#patience.settled(true)
      if (growing.live === 0) this.#growing.drop(block)
    } else {
      const state = this.#blocks.state(block)
      if (state === undefined) return
      if (step === Step.Settled) this.#patience.settled(false)
      if (step === Step.Settled && this.#blocks.settle(state)) return this.#remove(block, state)
      if (step === Step.Sent) state.expiresAt = 0
      state.acknowledged = this.#pipeline.position
      this.#acknowledgements.add(block, place, step, packetId)
    }
    this.#changed()
  }

  #remove(block: number, state: BlockState): void {
    const { batch } = this.#pipeline
    batch.drop(Table.Blocks, blockKey(block))
    if (state.acknowledged > 0) batch.drop(Table.Acknowledgements, blockKey(block))
    this.#acknowledgements.forget(block)
    this.#blocks.remove(block, state)
    this.#changed()
  }

  #put(table: Table, key: Buffer, value: Buffer): void {
    if (this.#context.volatile) return
    this.#changed()
    this.#pipeline.batch.put(table, key, value)
  }

  #drop(table: Table, key: Buffer): void {
    if (this.#context.volatile) return
    this.#changed()
    this.#pipeline.batch.drop(table, key)
  }

  #changed(): void {
    this.#changes++
    this.#pipeline.changed()
  }

  #complete(): void {
    this.#patience.leaves()
    this.#growing.end((number, block) => this.#seal(number, block))
    this.#acknowledgements.complete(this.#pipeline.batch)
    this.#beaten = this.#context.clock.now()
  }

  /** Puts a block into the batch. */
  #seal(number: number, block: GrowingBlock): void {
    const { batch, position } = this.#pipeline
    const key = blockKey(number)
    const sealed = batch.put(Table.Blocks, key, this.#encoder.encode(key, block))
    this.#blocks.add(number, new BlockState(block.live, block.live, sealed.length, Math.max(0, block.expiresAt)))
    this.#blocks.await(number, sealed, position)
  }

  #applied(position: number): void {
    this.#blocks.applied(position)
    this.#retainedTable?.applied(position)
  }
}

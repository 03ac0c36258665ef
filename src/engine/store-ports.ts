import type { Qos } from '../packet/types.ts'
import type { Message } from './message.ts'

/** When an acknowledgement may leave: once the disk has what it promises, once the operating system has it, or at once. */
export type Durability = 'sync' | 'commit' | 'none'

/** A session that outlives its network connection. */
export interface SessionRecord {
  /** Stands for it in other records. */
  readonly number: number
  readonly clientId: string
  /** The name of the identity it belongs to, empty when its client proved nothing. */
  readonly principal: string
  /** Session Expiry Interval in seconds. */
  readonly expiryInterval: number
  /** Wall-clock milliseconds at which its connection ended, 0 while it has one. */
  readonly leftAt: number
  /** Messages that wait for it may have been sent before the broker ended without being able to tell. */
  readonly perhapsSent: boolean
}

export interface SubscriptionRecord {
  readonly filter: string
  readonly qos: Qos
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  /** Subscription Identifier, 0 for none. */
  readonly identifier: number
}

/** The will of a client that is connected, or that left and may still come back in time. */
export interface WillRecord {
  /** That of the session, or one of its own when the session ends with the connection. */
  readonly number: number
  readonly clientId: string
  /** Who the client is, for the rules to decide when it is published: a text of the engine, empty for nobody knows. */
  readonly actor: string
  readonly topic: string
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: Buffer | null
  readonly payload: Buffer
  /** Will Delay Interval in seconds. */
  readonly delay: number
  /** Message Expiry Interval in seconds, -1 for none. */
  readonly expiryInterval: number
  /** Wall-clock milliseconds at which it is published, 0 while the client is connected. */
  readonly dueAt: number
}

/** A message as one session is to get it. */
export interface StoredDelivery {
  readonly message: Message
  readonly qos: Qos
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The shared subscription `$share/name/filter` it came through, or null. */
  readonly share: string | null
}

/** Told by `Store.load` of everything there is: sessions first, then what belongs to them. */
export interface Recovery {
  session(record: SessionRecord): void
  subscription(number: number, record: SubscriptionRecord): void
  will(record: WillRecord): void
  /** A QoS 2 packet identifier that was received and not released. */
  received(number: number, packetId: number): void
  /**
   * One undelivered or unacknowledged message, ascending by sequence. `packetId` is 0 when it was not sent as far as is
   * known. False when the session is not there any more.
   */
  delivery(number: number, sequence: number, qos: Qos, packetId: number, released: boolean, weight: number): boolean
}

/** `behind`: more waits to be safe than should. `failing`: nothing can be made safe for now. */
export type StoreCondition = 'ok' | 'behind' | 'failing'

/** Told how far the store has come. */
export interface StoreWatcher {
  /** The operating system has the batches up to this position: they survive the end of the process. */
  committed(position: number): void
  /** The disk has them: they survive a power cut. */
  synced(position: number): void
  /** `why` is for the operator, empty when all is well. */
  condition(condition: StoreCondition, why: string): void
}

/**
 * Keeps what the broker promised to keep. Changes are staged at once, in memory, and form one batch: batches become safe
 * one after the other, each whole or not at all, and the watcher is told. A change may be relied on only then.
 */
export interface Store {
  readonly retained: RetainedIndex
  /** The batch that what is staged now will be part of. */
  readonly position: number
  /** Something is staged that is not on its way yet. */
  readonly pending: boolean
  /** Nothing in it outlives the process, so nothing waits for it. */
  readonly volatile: boolean
  /** How many changes were staged so far: tells whether something was in between. */
  readonly changes: number
  readonly condition: StoreCondition
  /** So much is staged that nothing should be that need not. */
  readonly full: boolean
  /**
   * Tells of everything kept, once, before anything is staged. Returns the wall-clock milliseconds of the last sign of
   * life: of the last commit, and there is one every minute at least while there are sessions.
   */
  load(recovery: Recovery): number
  watch(watcher: StoreWatcher): void

  /** A number for a session or a will, never used before. */
  number(): number
  putSession(record: SessionRecord): void
  dropSession(number: number): void
  putSubscription(number: number, record: SubscriptionRecord): void
  dropSubscription(number: number, filter: string): void
  putWill(record: WillRecord): void
  dropWill(number: number): void
  putReceived(number: number, packetId: number): void
  dropReceived(number: number, packetId: number): void

  /**
   * Keeps a message for one session; returns the sequence number it is known by from here on. `packetId` is that under
   * which it is being sent, 0 when it waits.
   */
  append(
    message: Message,
    number: number,
    qos: Qos,
    retain: boolean,
    packetId: number,
    identifiers: readonly number[] | null,
    share: string | null,
  ): number
  /** It was sent under this packet identifier. */
  sent(sequence: number, packetId: number): void
  /** PUBREC came. */
  released(sequence: number): void
  /** It was delivered, or need not be any more. */
  settle(sequence: number): void
  /** The message is valid for the turn only, until it is kept. Null when it is gone: it expired. */
  read(sequence: number): StoredDelivery | null

  /** Removes what has expired, a little at each call. */
  sweep(): void
  /** Makes safe what is staged, as far as that can be done, and ends. */
  close(): Promise<void>
}

/** Retained messages by topic. Changes are staged like those of a store. */
export interface RetainedIndex {
  get(topic: string): Message | null
  /** What `Message.weight` of that topic's message is, 0 when there is none. */
  weight(topic: string): number
  /** Both return the weight of what was there before, 0 for nothing. */
  put(message: Message): number
  drop(topic: string): number
  /**
   * The messages a filter matches, found one by one; there may be changes in between. Gives null now and then while it
   * finds nothing, so that a long search can be interrupted.
   */
  matching(pattern: string): Iterator<Message | null>
  /** How many there are, and their weights in all. */
  totals(): { readonly count: number; readonly weight: number }
  /** Looks at the next `count` messages, round and round, and returns the topics of those that have expired. */
  expired(now: number, count: number): readonly string[]
}

import type { Counters } from '../base/counters.ts'
import { Ring } from '../base/ring.ts'
import { Sequences } from '../base/sequences.ts'
import type { Qos } from '../packet/types.ts'
import { Delivery } from './inflight.ts'
import type { Message } from './message.ts'
import type { DropReason } from './ports.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store-ports.ts'
import type { Group, Receiver } from './subscription.ts'

export interface QueueContext {
  readonly settings: Settings
  readonly counters: Counters
  readonly store: Store
  readonly router: {
    group(text: string): Group | null
    share(group: Group, message: Message, except: Receiver | null, alone: boolean): boolean
  }
}

/** Whose queue it is. */
export interface QueueOwner {
  /** What the store knows it by, 0 when it is not kept. */
  readonly number: number
  dropped(message: Message, qos: Qos, why: DropReason): void
  discard(delivery: Delivery, why: DropReason): void
  /** The queue is full, and that is to end the connection. */
  overflowed(): void
}

/**
 * Messages that wait for one session, oldest first, within the limits. Of those the store keeps it has the sequence
 * numbers only, and reads the one whose turn has come.
 */
export class Queue {
  readonly #owner: QueueOwner
  readonly #context: QueueContext
  #deliveries: Ring<Delivery> | null = null
  #sequences: Sequences | null = null
  /** The oldest of the stored, once it was looked at. */
  #head: Delivery | null = null
  #bytes = 0
  #ended = false

  constructor(owner: QueueOwner, context: QueueContext) {
    this.#owner = owner
    this.#context = context
  }

  get length(): number {
    return (this.#deliveries?.length ?? 0) + (this.#sequences?.length ?? 0)
  }

  /** Takes a message, or says why not. */
  add(message: Message, qos: Qos, retain: boolean, identifiers: readonly number[] | null, group: Group | null): void {
    const { settings, counters, store } = this.#context
    const { number } = this.#owner
    const weight = message.weight
    if (this.#ended) return this.#owner.dropped(message, qos, 'session ended')
    if (counters.queuedBytes + weight > settings.queueBytesTotal)
      return this.#owner.dropped(message, qos, 'memory limit')
    if (weight > settings.queueBytes) return this.#owner.dropped(message, qos, 'queue full')
    if (number > 0 && store.condition === 'failing') return this.#owner.dropped(message, qos, 'store failing')
    while (this.length >= settings.queueMessages || this.#bytes + weight > settings.queueBytes) {
      if (this.#overflow(message, qos)) return
    }
    if (number > 0) {
      const share = group === null ? null : group.text
      return this.pushStored(store.append(message, number, qos, retain, 0, identifiers, share), weight)
    }
    message.keep()
    this.push(new Delivery(message, 0, qos, retain, identifiers, group, weight))
  }

  /** A session whose messages are kept has only such as are kept, and the other way round. */
  push(delivery: Delivery): void {
    if (delivery.sequence > 0) return this.pushStored(delivery.sequence, delivery.weight)
    this.#deliveries ??= new Ring()
    this.#deliveries.push(delivery)
    this.#count(1, delivery.weight)
  }

  pushStored(sequence: number, weight: number): void {
    this.#sequences ??= new Sequences()
    this.#sequences.push(sequence)
    this.#count(1, weight)
  }

  /** The oldest, or null when there is none. Its message is null when the store has it no longer. */
  peek(): Delivery | null {
    const first = this.#deliveries?.peek()
    if (first !== undefined) return first
    if (this.#sequences === null || this.#sequences.length === 0) return null
    return (this.#head ??= this.#read(this.#sequences.peek()))
  }

  shift(): Delivery | null {
    const first = this.peek()
    if (first === null) return null
    if (this.#deliveries?.peek() === first) {
      this.#deliveries.shift()
    } else {
      this.#sequences?.shift()
      this.#head = null
    }
    // The last one takes along what rounding left.
    this.#count(-1, this.length === 0 ? -this.#bytes : -first.weight)
    return first
  }

  /** Offers the messages of shared subscriptions to others; those that are not taken stay, in their order. */
  surrender(take: (delivery: Delivery) => boolean): void {
    for (let left = this.length; left > 0; left--) {
      const delivery = this.shift()
      if (delivery === null) return
      delivery.message?.keep()
      if (delivery.group === null || delivery.message === null || !take(delivery)) this.push(delivery)
      else if (delivery.sequence > 0) this.#context.store.settle(delivery.sequence)
    }
  }

  /** Empties it for good; the stored ones need not be kept any more. */
  end(): void {
    this.#ended = true
    this.#count(-this.length, -this.#bytes)
    this.#deliveries = null
    while (this.#sequences !== null && this.#sequences.length > 0) this.#context.store.settle(this.#sequences.shift())
    this.#sequences = this.#head = null
  }

  #count(messages: number, bytes: number): void {
    this.#bytes += bytes
    this.#context.counters.queued += messages
    this.#context.counters.queuedBytes += bytes
  }

  #read(sequence: number): Delivery {
    const stored = this.#context.store.read(sequence)
    // What it weighed is not known any more; the others share it.
    if (stored === null)
      return new Delivery(null, sequence, 0, false, null, null, Math.round(this.#bytes / this.length))
    const { message, qos, retain, identifiers, share } = stored
    const group = share === null ? null : this.#context.router.group(share)
    return new Delivery(message, sequence, qos, retain, identifiers, group, message.weight)
  }

  /** Makes room in a full queue; true when the new message is the one to go. */
  #overflow(message: Message, qos: Qos): boolean {
    const policy = this.#context.settings.queuePolicy
    const oldest = policy === 'drop-oldest' ? this.shift() : null
    if (oldest !== null) {
      this.#owner.discard(oldest, 'queue full')
      return false
    }
    this.#owner.dropped(message, qos, 'queue full')
    if (policy === 'disconnect') this.#owner.overflowed()
    return true
  }
}

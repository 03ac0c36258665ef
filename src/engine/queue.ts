import { Ring } from '../base/ring.ts'
import { Sequences } from '../base/sequences.ts'
import { Delivery } from './inflight.ts'
import type { Store } from './ports.ts'
import type { Group } from './subscription.ts'

export interface QueueContext {
  readonly store: Store
  readonly router: { group(text: string): Group | null }
}

/**
 * Messages that wait for one session, oldest first. Of those the store keeps it has the sequence numbers only, and reads
 * the one whose turn has come.
 */
export class Queue {
  readonly #context: QueueContext
  #deliveries: Ring<Delivery> | null = null
  #sequences: Sequences | null = null
  /** The oldest of the stored, once it was looked at. */
  #head: Delivery | null = null
  bytes = 0

  constructor(context: QueueContext) {
    this.#context = context
  }

  get length(): number {
    return (this.#deliveries?.length ?? 0) + (this.#sequences?.length ?? 0)
  }

  /** A session whose messages are kept has only such as are kept, and the other way round. */
  push(delivery: Delivery): void {
    if (delivery.sequence > 0) return this.pushStored(delivery.sequence, delivery.weight)
    this.#deliveries ??= new Ring()
    this.#deliveries.push(delivery)
    this.bytes += delivery.weight
  }

  pushStored(sequence: number, weight: number): void {
    this.#sequences ??= new Sequences()
    this.#sequences.push(sequence)
    this.bytes += weight
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
    this.bytes -= first.weight
    if (this.length === 0) this.bytes = 0
    return first
  }

  /** Empties it; the stored ones need not be kept any more. */
  clear(): void {
    this.#deliveries = null
    while (this.#sequences !== null && this.#sequences.length > 0) this.#context.store.settle(this.#sequences.shift())
    this.#sequences = this.#head = null
    this.bytes = 0
  }

  #read(sequence: number): Delivery {
    const stored = this.#context.store.read(sequence)
    // What it weighed is not known any more; the others share it.
    if (stored === null) return new Delivery(null, sequence, 0, false, null, null, Math.round(this.bytes / this.length))
    const { message, qos, retain, identifiers, share } = stored
    const group = share === null ? null : this.#context.router.group(share)
    return new Delivery(message, sequence, qos, retain, identifiers, group, message.weight)
  }
}

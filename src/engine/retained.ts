import type { Counters } from '../base/counters.ts'
import { isReserved } from '../topic/filter.ts'
import type { Message } from './message.ts'
import { RetainedTree } from './retained-tree.ts'
import type { Settings } from './settings.ts'
import type { RetainedIndex } from './store-ports.ts'

/**
 * The retained messages [MQTT 3.3.1.3], one a topic, within the limits. Those the broker publishes about itself under
 * $SYS stay in memory: they are worth nothing once it ends.
 */
export class Retained {
  readonly #index: RetainedIndex
  readonly #own = new RetainedTree()
  readonly #settings: Settings
  readonly #counters: Counters
  /** What the broker's own come to: the limits are for those of others. */
  #ownCount = 0
  #ownBytes = 0

  constructor(index: RetainedIndex, settings: Settings, counters: Counters) {
    this.#index = index
    this.#settings = settings
    this.#counters = counters
  }

  /** Counts what was there before this broker began. */
  load(): void {
    const { count, weight } = this.#index.totals()
    this.#counters.retained = count
    this.#counters.retainedBytes = weight
  }

  /** True when there is room for the message, that of its topic aside. */
  admits(message: Message): boolean {
    const { maximumRetained, maximumRetainedBytes } = this.#settings
    const topic = message.topic.text
    const index = this.#of(topic)
    if (index === this.#own) return true
    const retained = this.#counters.retained - this.#ownCount
    const bytes = this.#counters.retainedBytes - this.#ownBytes
    if (retained < maximumRetained && bytes + message.weight <= maximumRetainedBytes) return true
    const before = index.weight(topic)
    return before > 0 && bytes - before + message.weight <= maximumRetainedBytes
  }

  /** Stores a message in place of the one its topic had. False when that would go over a limit; the old one is gone then too. */
  set(message: Message): boolean {
    const topic = message.topic.text
    if (!this.admits(message)) {
      this.delete(topic)
      return false
    }
    const index = this.#of(topic)
    const before = index.put(message)
    this.#count(index, before === 0 ? 1 : 0, message.weight - before)
    return true
  }

  /** True when there was one. */
  delete(topic: string): boolean {
    const index = this.#of(topic)
    const before = index.drop(topic)
    if (before > 0) this.#count(index, -1, -before)
    return before > 0
  }

  get(topic: string): Message | null {
    return this.#of(topic).get(topic)
  }

  /** There is nothing a filter could match. */
  isEmpty(pattern: string): boolean {
    return this.#of(pattern) !== this.#own && this.#counters.retained === this.#ownCount
  }

  /**
   * The retained messages a filter matches, found one by one; there may be changes in between. Gives null now and then
   * while it finds nothing, so that a long search can be interrupted.
   */
  matching(pattern: string): Iterator<Message | null> {
    return this.#of(pattern).matching(pattern)
  }

  /** Looks at the next `count` messages and removes those that have expired. */
  sweep(now: number, count: number): void {
    for (const topic of this.#index.expired(now, count)) this.delete(topic)
  }

  #count(index: RetainedIndex, messages: number, bytes: number): void {
    this.#counters.retained += messages
    this.#counters.retainedBytes += bytes
    if (index !== this.#own) return
    this.#ownCount += messages
    this.#ownBytes += bytes
  }

  /** No filter with a wildcard in its first level matches a topic of the broker's own [MQTT-4.7.2-1]. */
  #of(topic: string): RetainedIndex {
    return topic.startsWith('$') && isReserved(topic) ? this.#own : this.#index
  }
}

import type { Counters } from '../base/counters.ts'
import { isReserved } from '../topic/filter.ts'
import type { Message } from './message.ts'
import type { RetainedIndex } from './ports.ts'
import { RetainedTree } from './retained-tree.ts'
import type { Settings } from './settings.ts'

/**
 * The retained messages [MQTT 3.3.1.3], one a topic, within the limits. Those the broker publishes about itself under
 * $SYS stay in memory: they are worth nothing once it ends.
 */
export class Retained {
  readonly #index: RetainedIndex
  readonly #own = new RetainedTree()
  readonly #settings: Settings
  readonly #counters: Counters

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
    const { retained, retainedBytes } = this.#counters
    if (retained < maximumRetained && retainedBytes + message.weight <= maximumRetainedBytes) return true
    const before = this.#of(message.topic.text).weight(message.topic.text)
    return before > 0 && retainedBytes - before + message.weight <= maximumRetainedBytes
  }

  /** Stores a message in place of the one its topic had. False when that would go over a limit; the old one is gone then too. */
  set(message: Message): boolean {
    const topic = message.topic.text
    if (!this.admits(message)) {
      this.delete(topic)
      return false
    }
    this.#replaced(this.#of(topic).put(message))
    this.#counters.retained++
    this.#counters.retainedBytes += message.weight
    return true
  }

  /** True when there was one. */
  delete(topic: string): boolean {
    return this.#replaced(this.#of(topic).drop(topic))
  }

  get(topic: string): Message | null {
    return this.#of(topic).get(topic)
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

  /** Counts one less, of this weight; false for 0, which is none. */
  #replaced(weight: number): boolean {
    if (weight === 0) return false
    this.#counters.retained--
    this.#counters.retainedBytes -= weight
    return true
  }

  /** No filter with a wildcard in its first level matches a topic of the broker's own [MQTT-4.7.2-1]. */
  #of(topic: string): RetainedIndex {
    return topic.startsWith('$') && isReserved(topic) ? this.#own : this.#index
  }
}

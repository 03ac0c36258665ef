import type { Clock } from '../base/clock.ts'
import type { Message } from '../engine/message.ts'
import type { RetainedIndex } from '../engine/store-ports.ts'
import type { TopicNames } from '../topic/name.ts'
import { retainedKey } from './keys.ts'
import type { Pipeline } from './pipeline.ts'
import { Table } from './records.ts'
import { decodeRetained, encodeRetained, expiryOf, topicOf, weightOfRetained } from './retained-record.ts'
import { Search } from './search.ts'
import { everyEntry, type RetainedTotals, type Tables } from './tables.ts'

interface Change {
  readonly value: Buffer | null
  readonly position: number
}

export interface RetainedTableContext {
  readonly tables: Tables
  readonly names: TopicNames
  readonly clock: Clock
  readonly pipeline: Pipeline
  /** Told of every change before it is staged. */
  readonly changing: () => void
}

/** Retained messages where they are kept: none of them takes memory but those whose change is on its way. */
export class RetainedTable implements RetainedIndex {
  readonly #context: RetainedTableContext
  /** What the tables do not have yet, by topic, in the order of position. */
  readonly #changes = new Map<string, Change>()
  /** Some of them may expire. */
  #expiring = true
  #swept: Buffer = Buffer.alloc(0)
  #found = false

  constructor(context: RetainedTableContext) {
    this.#context = context
  }

  get(topic: string): Message | null {
    const value = this.#value(topic, retainedKey(topic))
    return value === null ? null : this.#decode(value)
  }

  weight(topic: string): number {
    return this.#weight(topic, retainedKey(topic))
  }

  put(message: Message): number {
    const topic = message.topic.text
    const key = retainedKey(topic)
    const before = this.#weight(topic, key)
    const value = encodeRetained(key, message, this.#context.clock)
    // The round under way may have passed its place.
    if (expiryOf(value) > 0) this.#expiring = this.#found = true
    this.#change(topic, value)
    this.#context.pipeline.batch.put(Table.Retained, key, value)
    return before
  }

  drop(topic: string): number {
    const key = retainedKey(topic)
    const before = this.#weight(topic, key)
    if (before === 0) return 0
    this.#change(topic, null)
    this.#context.pipeline.batch.drop(Table.Retained, key)
    return before
  }

  *matching(pattern: string): Iterator<Message | null> {
    const search = new Search(this.#context.tables, pattern)
    // What is on its way may reach the tables behind the place the search has come to, so it comes first.
    const seen = new Set<string>()
    for (const [topic, { value }] of [...this.#changes]) {
      if (!search.matches(topic)) continue
      seen.add(topic)
      if (value !== null) yield this.#decode(value)
    }
    for (let found = search.next(); found !== undefined; found = search.next()) {
      if (found === null) {
        yield null
        continue
      }
      const topic = topicOf(found)
      const change = this.#changes.get(topic)
      const value = change === undefined ? found : change.value
      if (!seen.has(topic) && value !== null) yield this.#decode(value)
    }
  }

  totals(): RetainedTotals {
    const { retained } = this.#context.tables
    if (retained !== null) return retained
    let count = 0
    let weight = 0
    for (const { value } of everyEntry(this.#context.tables, Table.Retained, 1_000)) {
      weight += weightOfRetained(value)
      count++
    }
    return { count, weight }
  }

  expired(now: number, count: number): readonly string[] {
    if (!this.#expiring) return []
    const { tables, clock } = this.#context
    const wall = now - clock.now() + clock.wall()
    const topics: string[] = []
    const entries = tables.scan(Table.Retained, this.#swept, this.#swept.length > 0, count)
    for (const { value } of entries) {
      const expiresAt = expiryOf(value)
      if (expiresAt === 0) continue
      this.#found = true
      const topic = topicOf(value)
      if (expiresAt <= wall && !this.#changes.has(topic)) topics.push(topic)
    }
    if (entries.length === count) {
      this.#swept = entries[count - 1].key
    } else {
      this.#expiring = this.#found
      this.#found = false
      this.#swept = Buffer.alloc(0)
    }
    return topics
  }

  /** The tables have the batches up to `position`. */
  applied(position: number): void {
    for (const [topic, change] of this.#changes) {
      if (change.position > position) return
      this.#changes.delete(topic)
    }
  }

  #weight(topic: string, key: Buffer): number {
    const value = this.#value(topic, key)
    return value === null ? 0 : weightOfRetained(value)
  }

  #value(topic: string, key: Buffer): Buffer | null {
    const change = this.#changes.get(topic)
    return change === undefined ? this.#context.tables.get(Table.Retained, key) : change.value
  }

  #change(topic: string, value: Buffer | null): void {
    this.#context.changing()
    this.#changes.delete(topic)
    this.#changes.set(topic, { value, position: this.#context.pipeline.position })
  }

  #decode(value: Buffer): Message | null {
    return decodeRetained(value, this.#context.names, this.#context.clock)
  }
}

import type { Clock } from '../base/clock.ts'
import type { Message } from '../engine/message.ts'
import type { RetainedIndex } from '../engine/ports.ts'
import type { TopicNames } from '../topic/name.ts'
import type { Pipeline } from './pipeline.ts'
import { retainedKey, Table } from './records.ts'
import { decodeRetained, encodeRetained, expiryOf, topicOf, weightOfRetained } from './retained-record.ts'
import { Search } from './search.ts'
import type { Tables } from './tables.ts'

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
    const value = this.#value(topic)
    return value === null ? null : this.#decode(value)
  }

  weight(topic: string): number {
    const value = this.#value(topic)
    return value === null ? 0 : weightOfRetained(value)
  }

  put(message: Message): number {
    const before = this.weight(message.topic.text)
    const value = encodeRetained(message, this.#context.clock)
    // The round under way may have passed its place.
    if (expiryOf(value) > 0) this.#expiring = this.#found = true
    this.#change(message.topic.text, value)
    this.#context.pipeline.batch.put(Table.Retained, retainedKey(message.topic.text), value)
    return before
  }

  drop(topic: string): number {
    const before = this.weight(topic)
    if (before === 0) return 0
    this.#change(topic, null)
    this.#context.pipeline.batch.drop(Table.Retained, retainedKey(topic))
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

  totals(): { readonly count: number; readonly weight: number } {
    let count = 0
    let weight = 0
    let from: Buffer = Buffer.alloc(0)
    for (;;) {
      const entries = this.#context.tables.scan(Table.Retained, from, count > 0, 1_000)
      for (const { value } of entries) weight += weightOfRetained(value)
      count += entries.length
      const last = entries.at(-1)
      if (last === undefined) return { count, weight }
      from = last.key
    }
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

  #value(topic: string): Buffer | null {
    const change = this.#changes.get(topic)
    return change === undefined ? this.#context.tables.get(Table.Retained, retainedKey(topic)) : change.value
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

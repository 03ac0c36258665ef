import type { JournalEvent } from '../engine/ports.ts'

/** An event and when it was, in wall-clock milliseconds. */
export interface DatedEvent {
  readonly at: number
  readonly event: JournalEvent
}

/** Keeps the latest events and tells observers of each. Older ones are forgotten, so it never grows. */
export class RecentJournal {
  readonly #events: DatedEvent[] = []
  readonly #observers = new Set<(event: JournalEvent) => void>()
  readonly #capacity: number
  readonly #wall: () => number
  readonly #failed: (error: unknown) => void
  #next = 0

  /** `failed` is told when an observer throws. */
  constructor(capacity: number, wall: () => number, failed: (error: unknown) => void) {
    this.#capacity = capacity
    this.#wall = wall
    this.#failed = failed
  }

  /** Observers are told `event`; `kept` is what stands for it later. */
  record(event: JournalEvent, kept: JournalEvent = event): void {
    this.#events[this.#next] = { at: this.#wall(), event: kept }
    this.#next = (this.#next + 1) % this.#capacity
    for (const observer of this.#observers) {
      try {
        observer(event)
      } catch (error) {
        this.#failed(error)
      }
    }
  }

  /** The events kept, oldest first. */
  recent(): readonly DatedEvent[] {
    return this.#events.length < this.#capacity
      ? [...this.#events]
      : [...this.#events.slice(this.#next), ...this.#events.slice(0, this.#next)]
  }

  /** Calls `observer` for every event from now on, until the returned function is called. */
  observe(observer: (event: JournalEvent) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }
}

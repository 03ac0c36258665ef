import type { JournalEvent } from '../engine/ports.ts'

/** What the journal has to say of itself. */
export type JournalNote =
  /** A broker began to write: connections that have no end before it ended with a crash. */
  | { readonly kind: 'started' }
  /** Events beyond the share of one client, or of one address: what they had in common. */
  | { readonly kind: 'others'; readonly of: JournalEvent['kind']; readonly clientId: string; readonly address: string }
  /** Events that could not be written in time. */
  | { readonly kind: 'lost' }

export type StoredEvent = JournalEvent | JournalNote

/** Events that differ in nothing but their time, from the first to the last, in wall-clock milliseconds. */
export interface JournalEntry {
  readonly event: StoredEvent
  readonly first: number
  readonly last: number
  /** How often it happened; of `dropped`, how many messages. */
  readonly count: number
}

/** An entry that grows until it is written. */
export class Entry implements JournalEntry {
  event: StoredEvent
  first: number
  last: number
  count: number
  readonly weight: number
  /** Another one that was filed under the same word. */
  next: Entry | null = null

  constructor(event: StoredEvent, first: number, last: number, count: number) {
    this.event = event
    this.first = first
    this.last = last
    this.count = count
    this.weight = weightOf(event)
  }

  /** One more, later or at the same time. */
  grow(event: JournalEvent, now: number): void {
    // What was last is what one wants to know of packets and durations.
    if (event.kind === 'disconnected') this.event = event
    this.last = now
    this.count += amountOf(event)
  }
}

/** What an event adds to the count of its entry. */
export function amountOf(event: JournalEvent): number {
  return event.kind === 'dropped' ? event.count : 1
}

/** About how many bytes of memory an entry takes. */
function weightOf(event: StoredEvent): number {
  let characters = 0
  for (const value of Object.values(event)) {
    if (typeof value === 'string') characters += value.length
    else if (Array.isArray(value)) characters += value.length * 16
  }
  return 300 + 2 * characters
}

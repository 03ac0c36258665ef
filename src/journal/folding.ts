import type { JournalEvent } from '../engine/ports.ts'
import { amountOf, Entry, type StoredEvent } from './entry.ts'
import { networkOf } from './network.ts'
import { isSame } from './same-event.ts'

/** What one source of events may have written. */
export interface Share {
  /** Entries it may have written at once, and the milliseconds after which it may have one more written. */
  readonly burst: number
  readonly interval: number
  /** Entries of it that are kept apart; what is beyond is only counted. */
  readonly apart: number
}

/** Sources that are remembered: those with entries, and those that used their share up. */
const maximumSources = 8_192
/** Entries kept apart, of all sources, and how much memory they take. */
const maximumEntries = 8_192
const maximumWeight = 4 * 1_048_576

/**
 * Holds events until they are written, and folds those that say the same. Every source (a client, or the network of one
 * that is not known) has its share, so that one which makes a flood cannot push out what there is of others:
 *
 *     source ── entries, each with first, last and count ── written as long as the share lasts, else they grow on
 *            └─ others: what is beyond `apart`, counted by kind
 */
export class Folding {
  readonly #share: Share
  readonly #take: (entry: Entry) => void
  readonly #sources = new Map<string, Source>()
  #entries = 0
  #weight = 0
  /** Entries that were begun since the last `collect`. */
  fresh = 0

  /** `take` is given each entry when it is to be written. */
  constructor(share: Share, take: (entry: Entry) => void) {
    this.#share = share
    this.#take = take
  }

  /** `now` is the time of a clock that never goes back, `wall` that of the entry. */
  add(event: JournalEvent, now: number, wall: number): void {
    const name = sourceOf(event)
    const source = this.#sources.get(name) ?? this.#begin(name, now)
    const part = partOf(event)
    const known = source.find(part, event)
    if (known !== null) return known.grow(event, wall)
    if (source.size >= this.#share.apart || this.#entries >= maximumEntries || this.#weight >= maximumWeight)
      return source.count(event, wall)
    const entry = new Entry(event, wall, wall, amountOf(event))
    source.put(part, entry)
    this.fresh++
    this.#entries++
    this.#weight += entry.weight
  }

  /** Gives away what may be written now: everything, or as much of each source as its share allows. */
  collect(now: number, everything: boolean): void {
    this.fresh = 0
    for (const [name, source] of this.#sources) {
      source.refill(now, this.#share)
      this.#release(source, everything)
      if (source.size === 0 && source.others.length === 0 && source.left >= this.#share.burst)
        this.#sources.delete(name)
    }
  }

  #begin(name: string, now: number): Source {
    if (this.#sources.size >= maximumSources) this.#forgetOldest()
    const source = new Source(this.#share.burst, now)
    this.#sources.set(name, source)
    return source
  }

  #forgetOldest(): void {
    for (const [name, source] of this.#sources) {
      this.#release(source, true)
      this.#sources.delete(name)
      return
    }
  }

  #release(source: Source, everything: boolean): void {
    for (let entry = source.next(everything); entry !== null; entry = source.next(everything)) {
      if (entry.event.kind !== 'others') {
        this.#entries--
        this.#weight -= entry.weight
      }
      entry.next = null
      this.#take(entry)
    }
  }
}

class Source {
  /** Entries it may have written now. */
  left: number
  size = 0
  readonly others: Entry[] = []
  readonly #parts = new Map<string, Entry>()
  #filled: number

  constructor(burst: number, now: number) {
    this.left = burst
    this.#filled = now
  }

  find(part: string, event: JournalEvent): Entry | null {
    for (let entry = this.#parts.get(part) ?? null; entry !== null; entry = entry.next) {
      if (isSame(entry.event, event)) return entry
    }
    return null
  }

  put(part: string, entry: Entry): void {
    const first = this.#parts.get(part)
    this.size++
    if (first === undefined) {
      this.#parts.set(part, entry)
      return
    }
    entry.next = first.next
    first.next = entry
  }

  count(event: JournalEvent, wall: number): void {
    for (const entry of this.others) {
      if (entry.event.kind === 'others' && entry.event.of === event.kind) return entry.grow(event, wall)
    }
    this.others.push(new Entry(commonOf(event), wall, wall, amountOf(event)))
  }

  refill(now: number, { burst, interval }: Share): void {
    const more = Math.floor((now - this.#filled) / interval)
    if (more <= 0) return
    this.left = Math.min(burst, this.left + more)
    this.#filled += more * interval
  }

  /** The entry to be written next, oldest first; null when there is none, or the share is used up. */
  next(everything: boolean): Entry | null {
    if (this.left <= 0 && !everything) return null
    const entry = this.#shift() ?? this.others.shift() ?? null
    if (entry !== null) this.left = Math.max(0, this.left - 1)
    return entry
  }

  #shift(): Entry | null {
    for (const [part, first] of this.#parts) {
      this.size--
      if (first.next === null) this.#parts.delete(part)
      else this.#parts.set(part, first.next)
      return first
    }
    return null
  }
}

/** Whose share an event counts against: what says who it is without proof does not. */
function sourceOf(event: JournalEvent): string {
  return event.kind === 'refused' ? networkOf(event.address) : event.clientId
}

/** A word that few different events of one source have in common. */
function partOf(event: JournalEvent): string {
  switch (event.kind) {
    case 'refused':
      return `${event.clientId}\n${event.detail}`
    case 'denied':
    case 'dropped':
    case 'unsubscribed':
      return event.topic
    default:
      return event.kind
  }
}

function commonOf(event: JournalEvent): StoredEvent {
  const address = event.kind === 'refused' ? event.address : ''
  return { kind: 'others', of: event.kind, clientId: event.kind === 'refused' ? '' : event.clientId, address }
}

import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Journal, JournalEvent } from '../engine/ports.ts'
import { boundedEvent } from './bounded-event.ts'
import { Complaint } from './complaint.ts'
import { type JournalDisk, systemDisk } from './disk.ts'
import type { Share } from './folding.ts'
import { type DatedEvent, RecentJournal } from './recent.ts'
import { DrawerWriter, type drawers } from './writer.ts'

export interface JournalOptions {
  /** Bytes of all files together. */
  readonly maximumBytes: number
  /** Seconds after which an entry may be let go. */
  readonly maximumAge: number
}

export const defaultJournal: JournalOptions = { maximumBytes: 64 * 1_048_576, maximumAge: 30 * 86_400 }

export interface JournalContext {
  readonly clock: Clock
  readonly log: Log
  readonly disk?: JournalDisk
}

/** What happened, for those who ask the running broker, and on disk for those who ask later. */
export interface KeptJournal extends Journal {
  /** The latest events, oldest first. */
  recent(): readonly DatedEvent[]
  /** Calls `observer` for every event from now on, until the returned function is called. */
  observe(observer: (event: JournalEvent) => void): () => void
  /** Writes what is left. Idempotent; never rejects. What is recorded later is not written. */
  close(): Promise<void>
}

/** Events kept for `recent`. */
const capacity = 10_000
/** Milliseconds between two writes. */
const interval = 1_000
/** Entries that are not made to wait for that. */
const many = 4_096
/** Milliseconds a disk that does not answer may delay the end. */
const patience = 2_000

/** Of the clients that were let in, and of strangers: a line every quarter of a minute is 6,000 a day. */
const shares: Readonly<Record<(typeof drawers)[number], Share>> = {
  clients: { burst: 64, interval: 15_000, apart: 32 },
  strangers: { burst: 256, interval: 15_000, apart: 256 },
}
/** The part of the room that strangers have. */
const strangersPart = 1 / 4

/** The directory of the journal in that of a store. */
export function journalDirectory(store: string): string {
  return join(store, 'journal')
}

/** A journal of the latest events that is gone when the process ends. */
export function memoryJournal({ clock, log }: JournalContext): KeptJournal {
  return new MemoryJournal(recentOf(clock, log))
}

/**
 * Opens the journal in a directory, which one process may do at a time; without directory it is in memory only. A disk that
 * cannot be written is no reason not to go on: it is said in the log, and tried again every second.
 */
export async function openJournal(
  directory: string | null,
  options: JournalOptions,
  context: JournalContext,
): Promise<KeptJournal> {
  if (directory === null) return memoryJournal(context)
  const journal = new DurableJournal(directory, options, context)
  await journal.start()
  return journal
}

function recentOf(clock: Clock, log: Log): RecentJournal {
  return new RecentJournal(
    capacity,
    () => clock.wall(),
    (error) => log.error('an observer failed', { error }),
  )
}

class MemoryJournal implements KeptJournal {
  readonly #recent: RecentJournal

  constructor(recent: RecentJournal) {
    this.#recent = recent
  }

  record(event: JournalEvent): void {
    this.#recent.record(event, boundedEvent(event))
  }

  recent(): readonly DatedEvent[] {
    return this.#recent.recent()
  }

  observe(observer: (event: JournalEvent) => void): () => void {
    return this.#recent.observe(observer)
  }

  async close(): Promise<void> {}
}

class DurableJournal implements KeptJournal {
  readonly #clock: Clock
  readonly #recent: RecentJournal
  readonly #clients: DrawerWriter
  readonly #strangers: DrawerWriter
  readonly #complaint: Complaint
  #stop = () => {}
  #writing: Promise<void> | null = null
  #closed: Promise<void> | null = null

  constructor(directory: string, { maximumBytes, maximumAge }: JournalOptions, context: JournalContext) {
    const { clock, log, disk = systemDisk } = context
    const age = maximumAge * 1_000
    const forStrangers = Math.floor(maximumBytes * strangersPart)
    const drawer = (name: (typeof drawers)[number], bytes: number) =>
      new DrawerWriter(directory, name, shares[name], { bytes, age }, disk)
    this.#clock = clock
    this.#recent = recentOf(clock, log)
    this.#clients = drawer('clients', maximumBytes - forStrangers)
    this.#strangers = drawer('strangers', forStrangers)
    this.#complaint = new Complaint(log, directory)
  }

  /** Resolves when it is known whether the disk can be written. */
  async start(): Promise<void> {
    this.#clients.begin(this.#wall())
    await this.#write()
    this.#stop = this.#clock.every(interval, () => void this.#flush(false))
  }

  record(event: JournalEvent): void {
    const bounded = boundedEvent(event)
    this.#recent.record(event, bounded)
    if (this.#closed !== null) return
    const drawer = bounded.kind === 'refused' ? this.#strangers : this.#clients
    drawer.add(bounded, this.#clock.now(), this.#wall())
    if (drawer.fresh >= many) void this.#flush(false)
  }

  recent(): readonly DatedEvent[] {
    return this.#recent.recent()
  }

  observe(observer: (event: JournalEvent) => void): () => void {
    return this.#recent.observe(observer)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#stop()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, patience)
    await Promise.race([this.#finish(), late])
    clearTimeout(timer)
  }

  async #finish(): Promise<void> {
    await this.#writing
    await this.#flush(true)
    await this.#clients.close()
    await this.#strangers.close()
  }

  /** Writes go on beside the broker; what comes meanwhile is for the next. */
  async #flush(everything: boolean): Promise<void> {
    this.#clients.collect(this.#clock.now(), everything)
    this.#strangers.collect(this.#clock.now(), everything)
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      await this.#clients.write(this.#clock)
      await this.#strangers.write(this.#clock)
      this.#complaint.worked()
    } catch (error) {
      this.#complaint.failed(error)
    }
  }

  #wall(): number {
    return Math.max(0, Math.floor(this.#clock.wall()))
  }
}

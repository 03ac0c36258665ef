import type { Clock } from '../base/clock.ts'
import type { JournalEvent } from '../engine/ports.ts'
import { Backlog } from './backlog.ts'
import type { JournalDisk } from './disk.ts'
import { Entry } from './entry.ts'
import { Folding, type Share } from './folding.ts'
import { encodeLine } from './line.ts'
import { type Extent, Segments } from './segments.ts'

/**
 * The journal has two drawers, with room of their own: what is known of clients that were let in, and what strangers
 * caused, who are many and need no password to cause it.
 */
export const drawers = ['clients', 'strangers'] as const

/** Bytes of lines that are written at once. */
const batch = 32_768

/** Folds events, and writes them to a drawer of the journal while the broker goes on. One write at a time. */
export class DrawerWriter {
  readonly #folding: Folding
  readonly #backlog = new Backlog()
  readonly #segments: Segments
  /** Lines that the disk did not take. */
  #pending: Buffer | null = null

  constructor(directory: string, drawer: string, share: Share, extent: Extent, disk: JournalDisk) {
    this.#folding = new Folding(share, (entry) => this.#backlog.push(entry))
    this.#segments = new Segments(directory, drawer, extent, disk)
  }

  /** Entries that were begun since the last `collect`. */
  get fresh(): number {
    return this.#folding.fresh
  }

  add(event: JournalEvent, now: number, wall: number): void {
    this.#folding.add(event, now, wall)
  }

  /** A broker begins to write. */
  begin(wall: number): void {
    this.#backlog.push(new Entry({ kind: 'started' }, wall, wall, 1))
  }

  collect(now: number, everything: boolean): void {
    this.#folding.collect(now, everything)
  }

  /** Writes what was collected. Rejects when the disk does not take it; it is kept for the next time. */
  async write(clock: Clock): Promise<void> {
    for (let lines = this.#next(); lines !== null; lines = this.#next()) {
      this.#pending = lines
      await this.#segments.append(lines, clock.wall())
      this.#pending = null
    }
    await this.#segments.sync(clock.wall())
  }

  async close(): Promise<void> {
    await this.#segments.close()
  }

  #next(): Buffer | null {
    if (this.#pending !== null) return this.#pending
    let lines = ''
    while (lines.length < batch) {
      const entry = this.#backlog.shift()
      if (entry === undefined) break
      lines += encodeLine(entry)
    }
    return lines === '' ? null : Buffer.from(lines)
  }
}

import type { Table } from '../../src/store/records.ts'
import type { Applied, Entry, RetainedTotals, Tables } from '../../src/store/tables.ts'

/** Tables on a disk that is full, broken or slow, as the test says. */
export class FaultyTables implements Tables {
  readonly #tables: Tables
  /** Copies of the batches that got there, in order. */
  readonly batches: Buffer[] = []
  /** Batches that were tried, the same one again and again included. */
  attempts = 0
  /** Bytes of the largest batch that was tried. */
  largest = 0
  #failures = 0
  #code = ''
  #milliseconds = 0
  #gate: PromiseWithResolvers<void> | null = null

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** The next batches, all of them by default, are refused with this error. */
  fail(code: 'ENOSPC' | 'EIO' | 'EROFS', times = Number.POSITIVE_INFINITY): void {
    this.#code = code
    this.#failures = times
  }

  heal(): void {
    this.#failures = 0
  }

  /** Each batch takes so long. */
  slow(milliseconds: number): void {
    this.#milliseconds = milliseconds
  }

  /** Batches wait until `go`. */
  hang(): void {
    this.#gate ??= Promise.withResolvers()
  }

  go(): void {
    this.#gate?.resolve()
    this.#gate = null
  }

  get retained(): RetainedTotals | null {
    return this.#tables.retained
  }

  last(): { readonly position: number; readonly wall: number } {
    return this.#tables.last()
  }

  apply(batch: Buffer): Applied {
    const done = this.#apply(batch)
    done.catch(() => {})
    return { committed: done, synced: done }
  }

  get(table: Table, key: Buffer): Buffer | null {
    return this.#tables.get(table, key)
  }

  getAll(table: Table, key: Buffer): readonly Buffer[] {
    return this.#tables.getAll(table, key)
  }

  scan(table: Table, from: Buffer, after: boolean, count: number): readonly Entry[] {
    return this.#tables.scan(table, from, after, count)
  }

  async close(): Promise<void> {
    await this.#tables.close()
  }

  async #apply(batch: Buffer): Promise<void> {
    this.attempts++
    this.largest = Math.max(this.largest, batch.length)
    if (this.#gate !== null) await this.#gate.promise
    if (this.#milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, this.#milliseconds))
    if (this.#failures > 0) {
      this.#failures--
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error(`${this.#code}: the disk does not take it`)
    }
    const copy = Buffer.from(batch)
    await this.#tables.apply(batch).synced
    this.batches.push(copy)
  }
}

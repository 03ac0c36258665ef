import type { Table } from './records.ts'

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

/** How many retained messages there are, and their weights in all. */
export interface RetainedTotals {
  readonly count: number
  readonly weight: number
}

/** When a batch that was applied is how safe. */
export interface Applied {
  /** It is in the tables and survives the end of the process. Rejects when it could not be applied: nothing of it was. */
  readonly committed: Promise<void>
  /** It survives a power cut. Rejects when `committed` does. */
  readonly synced: Promise<void>
}

/** What becomes of a batch that cannot be applied. */
export function refused(error: unknown): Applied {
  const refusal = Promise.reject(error)
  refusal.catch(() => {})
  return { committed: refusal, synced: refusal }
}

/**
 * Ordered tables of bytes that change by whole batches and by nothing else. A batch whose position the tables have
 * reached already is passed over, so one of which it is unknown whether it was applied may be applied again.
 */
export interface Tables {
  /** Position and wall-clock milliseconds of the last batch that was applied; zeros when there was none. */
  last(): { readonly position: number; readonly wall: number }
  /** What the retained messages come to, if that was counted and nothing changed since. */
  readonly retained: RetainedTotals | null
  /** `batch` must stay as it is until the answer. One at a time. */
  apply(batch: Buffer): Applied
  get(table: Table, key: Buffer): Buffer | null
  /** All values of a key of a table that has several, in no particular order. */
  getAll(table: Table, key: Buffer): readonly Buffer[]
  /** Up to `count` entries with keys not before `from`, ascending; `from` itself left out when `after`. */
  scan(table: Table, from: Buffer, after: boolean, count: number): readonly Entry[]
  close(): Promise<void>
}

/** All entries of a table, ascending, `count` read at a time. */
export function* everyEntry(tables: Tables, table: Table, count: number): Generator<Entry> {
  let from: Buffer | null = null
  for (;;) {
    const entries: readonly Entry[] = tables.scan(table, from ?? nothing, from !== null, count)
    yield* entries
    const last = entries.at(-1)
    if (last === undefined) return
    from = last.key
  }
}

const nothing = Buffer.alloc(0)

import type { RetainedIndex, Store } from '../engine/store-ports.ts'
import { DurableStore, type StoreParts } from './durable-store.ts'
import { MemoryTables } from './memory-tables.ts'
import type { Tables } from './tables.ts'

/** Milliseconds from the beginning of one commit to that of the next at least. */
const commitGap = 1

/** A store whose tables outlive the process. */
export function diskStore(tables: Tables): (parts: StoreParts) => Store {
  return ({ clock, log, turn, names }) =>
    new DurableStore({ tables, clock, log, turn, names, gap: commitGap, volatile: false })
}

/** A store that is gone with the process; `retained` is where its retained messages are. */
export function memoryStore(retained: RetainedIndex): (parts: StoreParts) => Store {
  return ({ clock, log, turn, names }) =>
    new DurableStore({ tables: new MemoryTables(), clock, log, turn, names, gap: 0, volatile: true }, retained)
}

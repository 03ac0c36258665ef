import { positionOf } from './batch.ts'
import { Entries } from './entries.ts'
import { encodeLayout, metaKeys } from './meta.ts'
import { layoutVersion, Table, tableNames } from './records.ts'
import { type Applied, type Entry, refused, type Tables } from './tables.ts'

const done: Applied = { committed: Promise.resolve(), synced: Promise.resolve() }

/** Tables that end with the process. */
export class MemoryTables implements Tables {
  readonly retained = null
  readonly #tables = tableNames.map(() => new SortedTable())
  readonly #entries = new Entries()
  #last = { position: 0, wall: 0 }

  constructor() {
    this.#tables[Table.Meta].put(metaKeys.layout, encodeLayout(layoutVersion))
  }

  last(): { readonly position: number; readonly wall: number } {
    return this.#last
  }

  apply(batch: Buffer): Applied {
    if (positionOf(batch) <= this.#last.position) return done
    try {
      this.#entries.read(batch)
    } catch (error) {
      return refused(error)
    }
    this.#change()
    this.#last = { position: positionOf(batch), wall: batch.readDoubleBE(8) }
    return done
  }

  get(table: Table, key: Buffer): Buffer | null {
    return this.#tables[table].values(nameOf(key))[0] ?? null
  }

  getAll(table: Table, key: Buffer): readonly Buffer[] {
    return this.#tables[table].values(nameOf(key))
  }

  scan(table: Table, from: Buffer, after: boolean, count: number): readonly Entry[] {
    return this.#tables[table].scan(nameOf(from), after, count)
  }

  async close(): Promise<void> {}

  #change(): void {
    const { tables, keys, values } = this.#entries
    for (let index = 0; index < tables.length; index++) {
      const table = this.#tables[tables[index]]
      const value = values[index]
      if (value === null) table.drop(keys[index])
      else if (tables[index] === Table.Acknowledgements) table.add(keys[index], value)
      else table.put(keys[index], value)
    }
    this.#entries.clear()
  }
}

const none: readonly Buffer[] = []

/** Values by key; the keys are put in order when somebody asks for that. A key is kept as a string of its bytes. */
class SortedTable {
  readonly #values = new Map<string, readonly Buffer[]>()
  #sorted: string[] = []
  #stale = false
  #removed = 0

  put(key: Buffer, value: Buffer): void {
    this.#set(nameOf(key), [Buffer.from(value)])
  }

  /** One more value, unless the key has it. */
  add(key: Buffer, value: Buffer): void {
    const name = nameOf(key)
    const before = this.values(name)
    if (before.some((other) => other.equals(value))) return
    this.#set(name, [...before, Buffer.from(value)].sort(Buffer.compare))
  }

  drop(key: Buffer): void {
    if (this.#values.delete(nameOf(key))) this.#removed++
  }

  values(name: string): readonly Buffer[] {
    return this.#values.get(name) ?? none
  }

  /** `count` is one of keys, so that a scan that goes on behind a key has seen all its values. */
  scan(from: string, after: boolean, count: number): readonly Entry[] {
    this.#sort()
    const found: Entry[] = []
    let keys = 0
    for (let index = this.#search(from); index < this.#sorted.length && keys < count; index++) {
      const name = this.#sorted[index]
      if ((after && name === from) || !this.#values.has(name)) continue
      keys++
      const key = Buffer.from(name, 'latin1')
      for (const value of this.values(name)) found.push({ key, value })
    }
    return found
  }

  #set(name: string, values: readonly Buffer[]): void {
    if (!this.#values.has(name)) this.#stale = true
    this.#values.set(name, values)
  }

  #sort(): void {
    if (!this.#stale && this.#removed <= this.#sorted.length / 2) return
    this.#sorted = [...this.#values.keys()].sort(compare)
    this.#stale = false
    this.#removed = 0
  }

  /** Where the first key that is not before `from` is. */
  #search(from: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sorted[middle] < from) low = middle + 1
      else high = middle
    }
    return low
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1')
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

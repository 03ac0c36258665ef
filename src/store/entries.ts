import { type BatchReader, readBatch } from './batch.ts'
import { longestKey } from './pieces.ts'
import { Table } from './records.ts'

/** LMDB takes no longer keys, and no longer values where a key has several. */
export const longestOfLmdb = 1_978

/** The entries of a batch, all of them looked at before the first is applied. */
export class Entries implements BatchReader {
  readonly tables: Table[] = []
  readonly keys: Buffer[] = []
  /** Null where the key is dropped. */
  readonly values: (Buffer | null)[] = []

  /** Throws RangeError when the batch is cut off, or holds what no table can take. */
  read(batch: Buffer): void {
    this.clear()
    readBatch(batch, this)
  }

  put(table: Table, key: Buffer, value: Buffer): void {
    if (table === Table.Acknowledgements && value.length > longestOfLmdb)
      throw new RangeError(`a value of ${value.length} bytes`)
    this.#add(table, key, value)
  }

  drop(table: Table, key: Buffer): void {
    this.#add(table, key, null)
  }

  clear(): void {
    this.tables.length = this.keys.length = this.values.length = 0
  }

  #add(table: Table, key: Buffer, value: Buffer | null): void {
    if (key.length === 0 || key.length > longestKey) throw new RangeError(`a key of ${key.length} bytes`)
    this.tables.push(table)
    this.keys.push(key)
    this.values.push(value)
  }
}

import type { Entries } from './entries.ts'
import type { Environment } from './environment.ts'
import { headOf, pieceKey, pieceOf, piecesBehind, piecesOf } from './pieces.ts'
import { Table } from './records.ts'

/** Turns the entries of a batch into writes, and long values into pieces. */
export class PieceWriter {
  readonly #environment: Environment
  /** Pieces behind the keys that this batch changed, where there are any or were. */
  readonly #changed = new Map<string, number>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** To be called between the beginning and the end of a transaction. */
  write({ tables, keys, values }: Entries): void {
    for (let index = 0; index < tables.length; index++) {
      const value = values[index]
      if (tables[index] === Table.Acknowledgements) this.#writeOne(tables[index], keys[index], value)
      else this.#replace(tables[index], keys[index], value)
    }
    this.#changed.clear()
  }

  #replace(table: Table, key: Buffer, value: Buffer | null): void {
    const before = this.#before(table, key)
    const after = value === null ? 0 : piecesOf(value.length)
    if (before > 0 || after > 0) this.#changed.set(nameOf(table, key), after)
    this.#writeOne(table, key, value !== null && after > 0 ? headOf(value) : value)
    const { pieces } = this.#environment
    for (let number = 1; value !== null && number <= after; number++)
      void pieces.put(pieceKey(table, key, number), pieceOf(value, number))
    for (let number = after + 1; number <= before; number++) void pieces.remove(pieceKey(table, key, number))
  }

  #writeOne(table: Table, key: Buffer, value: Buffer | null): void {
    if (value === null) void this.#environment.tables[table].remove(key)
    else void this.#environment.tables[table].put(key, value)
  }

  #before(table: Table, key: Buffer): number {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(nameOf(table, key))
    if (changed !== undefined) return changed
    const head = this.#environment.tables[table].getBinaryFast(key)
    return head === undefined ? 0 : piecesBehind(head)
  }
}

function nameOf(table: Table, key: Buffer): string {
  return String.fromCharCode(table) + key.toString('latin1')
}

import { piecesPlace } from './catalog.ts'
import { longestOfLmdb } from './entries.ts'
import type { BinaryTable, Environment } from './environment.ts'
import { Table } from './records.ts'

interface Row {
  readonly place: number
  readonly key: Buffer
  readonly value: Buffer
}

/** Rows that are written together. */
const most = 2_000

/** Writes rows into the tables of an environment as they stand in its file, many at a time. */
export class Rows {
  readonly #environment: Environment
  readonly #rows: Row[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Copies a row, to be written into the tree at `place` of a catalog; one that is there stays as it is. */
  add(place: number, key: Buffer, value: Buffer): void {
    if (key.length === 0 || key.length > longestOfLmdb) return
    if (place === Table.Acknowledgements && value.length > longestOfLmdb) return
    this.#rows.push({ place, key: Buffer.from(key), value: Buffer.from(value) })
    if (this.#rows.length >= most) this.flush()
  }

  flush(): void {
    this.#environment.root.transactionSync(() => {
      for (const { place, key, value } of this.#rows) {
        const table = treeOf(this.#environment, place)
        if (place === Table.Acknowledgements || table.getBinaryFast(key) === undefined) table.putSync(key, value)
      }
    })
    this.#rows.length = 0
  }
}

/** The tree at `place` of a catalog. */
function treeOf(environment: Environment, place: number): BinaryTable {
  return place === piecesPlace ? environment.pieces : environment.tables[place]
}

import { type Catalog, everyTable, piecesPlace, readCatalog, treeKind, treeNames } from './catalog.ts'
import type { Environment } from './environment.ts'
import { examineFree } from './free-pages.ts'
import { readOrphans, searchCatalog } from './orphans.ts'
import { PageFile, type Snapshot } from './page-file.ts'
import { PageWalk } from './page-walk.ts'
import { piecesBehind } from './pieces.ts'

import { Table } from './records.ts'
import { Rows } from './rows.ts'
import type { Judge } from './verify.ts'

/** What was copied, before its long values were looked at. */
export interface Copied {
  /** How many entries each table had; null where that is not known. */
  readonly expected: readonly (number | null)[]
  /** The transaction the tables are of, 0 when nothing was found. */
  readonly transaction: number
  /** Entries that were not as they had been written: what of them could be read. */
  readonly wrong: readonly Remains[]
}

export interface Remains {
  readonly table: Table
  readonly key: Buffer
  readonly value: Buffer
}

/** Copies all that can be read of a damaged file into the tables of a new one. */
export function copyReadable(source: string, target: Environment, judge: Judge): Copied {
  const file = new PageFile(source)
  try {
    return new Copying(file, target, judge).run()
  } finally {
    file.close()
  }
}

class Copying {
  readonly #file: PageFile
  readonly #rows: Rows
  readonly #judge: Judge
  readonly #wrong: Remains[] = []

  constructor(file: PageFile, target: Environment, judge: Judge) {
    this.#file = file
    this.#judge = judge
    this.#rows = new Rows(target)
  }

  run(): Copied {
    const snapshot = this.#choose()
    if (snapshot === null) return { expected: treeNames.map(() => null), transaction: 0, wrong: [] }
    const walk = new PageWalk(this.#file, snapshot)
    const trees = readCatalog(walk, snapshot, () => {})
    const damaged = trees.flatMap((_, place) => (this.#copyTree(walk, trees, place) ? [] : [place]))
    if (damaged.length > 0) this.#complete(snapshot, walk, damaged)
    this.#rows.flush()
    // What was there after the last transaction is known only if that is the one that was found.
    const latest = this.#file.complete && snapshot === this.#file.snapshots[0]
    const expected = trees.map((tree) => (latest && tree !== null ? tree.entries : null))
    return { expected, transaction: snapshot.transaction, wrong: this.#wrong }
  }

  /** The latest state of which all trees are known, or else the one with most of them. */
  #choose(): Snapshot | null {
    let best: Snapshot | null = null
    let most = 0
    for (const snapshot of this.#states()) {
      const trees = readCatalog(new PageWalk(this.#file, snapshot), snapshot, () => {})
      const found = trees.filter((tree) => tree !== null).length
      if (found > most) [best, most] = [snapshot, found]
      if (found === treeNames.length) break
    }
    return best
  }

  *#states(): Generator<Snapshot> {
    yield* this.#file.snapshots
    const found = searchCatalog(this.#file)
    if (found !== null) yield found
  }

  /** False when a part of the tree could not be read. */
  #copyTree(walk: PageWalk, trees: Catalog, place: number): boolean {
    const tree = trees[place]
    if (tree === null) return false
    let damages = 0
    const entry = (key: Buffer, value: Buffer): void => this.#copy(place, key, value)
    walk.walk(tree, treeKind(place), { entry, damaged: () => damages++ })
    return damages === 0
  }

  #copy(place: number, key: Buffer, value: Buffer): void {
    if (key.length === 0) return
    const table = everyTable.at(place)
    // Whether a value in pieces is right is seen when all pieces are there.
    const cut = place !== Table.Acknowledgements && piecesBehind(value) > 0
    if (place === piecesPlace || table === undefined || cut || this.#judge(table, key, value))
      this.#rows.add(place, key, value)
    else if (this.#wrong.length < remembered)
      this.#wrong.push({ table, key: Buffer.from(key), value: Buffer.from(value.subarray(0, remains)) })
  }

  /** What is missing may stand in the state before, or in leaves that nothing leads to any more. */
  #complete(snapshot: Snapshot, walk: PageWalk, damaged: readonly number[]): void {
    this.#rows.flush()
    for (const earlier of this.#file.snapshots) {
      if (earlier.transaction >= snapshot.transaction) continue
      const earlierWalk = new PageWalk(this.#file, earlier)
      const trees = readCatalog(earlierWalk, earlier, () => {})
      for (const place of damaged) this.#copyTree(earlierWalk, trees, place)
    }
    const { free, whole } = examineFree(this.#file, snapshot, walk, () => {})
    if (whole) readOrphans(walk, free, damaged, this.#judge, (...row) => this.#rows.add(...row))
  }
}

/** Entries that are told of one by one, and bytes kept of each. */
const remembered = 1_000
const remains = 200

import { piecesName } from './environment.ts'
import { type Snapshot, type TreeRecord, treeRecord } from './page-file.ts'
import type { PageWalk, TreeVisitor } from './page-walk.ts'
import { Table, tableNames } from './records.ts'
import { listOfTrees, multiples, singles, type TreeKind } from './tree-kinds.ts'

/** In the order of their numbers. */
export const everyTable: readonly Table[] = Object.values(Table)

/** The names of all trees, those of the tables by their numbers. */
export const treeNames: readonly string[] = [...tableNames, piecesName]
/** Where the tree of pieces is in a catalog. */
export const piecesPlace = tableNames.length

/** What the tree at a place of a catalog is. */
export function treeKind(place: number): TreeKind {
  return place === Table.Acknowledgements ? multiples : singles
}

/** The trees of a snapshot in the order of their names; null for one that is not found. */
export type Catalog = readonly (TreeRecord | null)[]

/** Reads which trees there are, and where they begin. */
export function readCatalog(walk: PageWalk, { main }: Snapshot, damaged: TreeVisitor['damaged']): Catalog {
  const trees: (TreeRecord | null)[] = treeNames.map(() => null)
  walk.walk(main, listOfTrees, { entry: (key, value) => note(trees, key, value), damaged })
  return trees
}

/** Takes note of an entry of the list of trees; false when it is none. */
export function note(trees: (TreeRecord | null)[], key: Buffer, value: Buffer): boolean {
  const place = treeNames.indexOf(key.toString().replace(/\0$/, ''))
  if (place < 0 || value.length !== 48) return false
  trees[place] = treeRecord(value, 0)
  return true
}

import { everyTable, note, piecesPlace, treeNames } from './catalog.ts'
import type { PageFile, Snapshot, TreeRecord } from './page-file.ts'
import { wide } from './page-file.ts'
import type { PageSet } from './page-set.ts'
import { PageWalk } from './page-walk.ts'
import { pageSize, piecesBehind } from './pieces.ts'
import { Table } from './records.ts'
import type { Judge } from './verify.ts'

type Row = readonly [key: Buffer, value: Buffer]

/**
 * Reads leaves that no branch leads to any more, and tells of their rows and the tree they seem to come from: one of
 * those at `places`, which are damaged.
 */
export function readOrphans(
  walk: PageWalk,
  free: PageSet,
  places: readonly number[],
  judge: Judge,
  tell: (place: number, key: Buffer, value: Buffer) => void,
): void {
  for (let page = 2; page < walk.used.size; page++) {
    if (walk.used.has(page) || free.has(page)) continue
    const rows = rowsOf(walk, page)
    const place = rows.length === 0 ? undefined : places.find((candidate) => comeFrom(candidate, rows, judge))
    if (place !== undefined) for (const [key, value] of rows) tell(place, key, value)
  }
}

function rowsOf(walk: PageWalk, page: number): readonly Row[] {
  const rows: Row[] = []
  walk.leaf(page, { entry: (key, value) => rows.push([Buffer.from(key), Buffer.from(value)]), damaged: () => {} })
  return rows
}

function comeFrom(place: number, rows: readonly Row[], judge: Judge): boolean {
  return rows.every(([key, value]) =>
    place === piecesPlace ? isPiece(key, value) : isRow(everyTable[place], key, value, judge),
  )
}

function isPiece(key: Buffer, value: Buffer): boolean {
  return key.length > 5 && key[0] <= Table.Retained && value.length > 0 && value.length < pageSize
}

function isRow(table: Table, key: Buffer, value: Buffer, judge: Judge): boolean {
  const cut = table !== Table.Acknowledgements && piecesBehind(value) > 0
  return judge(table, key, value) || (cut && (table !== Table.Blocks || key.length === 6))
}

/** The latest list of trees among all leaves, for when nothing leads to it. */
export function searchCatalog(file: PageFile): Snapshot | null {
  const bytes = Buffer.alloc(file.pageSize)
  const walk = new PageWalk(file, { lastPage: file.pages - 1, transaction: 0 })
  let best: Snapshot | null = null
  let most = 0
  for (let page = 2; page < file.pages; page++) {
    if (walk.used.has(page)) continue
    const trees: (TreeRecord | null)[] = treeNames.map(() => null)
    let others = 0
    walk.leaf(page, {
      entry: (key, value) => void (note(trees, key, value) || others++),
      damaged: () => others++,
    })
    const found = trees.filter((tree) => tree !== null).length
    if (found === 0 || others > 0 || !file.read(page, 1, bytes)) continue
    const transaction = wide(bytes, 8)
    if (found < most || (found === most && best !== null && transaction < best.transaction)) continue
    most = found
    best = catalogAt(page, transaction, file)
  }
  return best
}

function catalogAt(page: number, transaction: number, file: PageFile): Snapshot {
  const main = { flags: 0, depth: 1, entries: treeNames.length, root: page }
  return { transaction, lastPage: file.pages - 1, free: null, main, synced: true, boot: 0 }
}

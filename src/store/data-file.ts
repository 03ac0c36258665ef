import { statSync } from 'node:fs'
import { piecesPlace, readCatalog } from './catalog.ts'
import { PageFile, type TreeRecord } from './page-file.ts'
import { PageLookup } from './page-lookup.ts'
import { PageWalk } from './page-walk.ts'
import { metaKeys, Table } from './records.ts'

/** What can be known of a file with tables before anything is done with it. */
export interface DataFile {
  /** Version of the layout; null when it cannot be read. */
  readonly layout: number | null
  /** It was closed in an orderly way, and has every page it should have. */
  readonly closed: boolean
  /** The last commit was told of before it was synced. */
  readonly early: boolean
  readonly bytes: number
}

/** Looks at a file without changing it; null when there is none. Throws what the file system says. */
export function inspect(path: string): DataFile | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return null
  if (!stats.isFile()) return { layout: null, closed: false, early: false, bytes: 0 }
  const file = new PageFile(path)
  try {
    return look(file, stats.size)
  } finally {
    file.close()
  }
}

function look(file: PageFile, bytes: number): DataFile {
  const [snapshot] = file.snapshots
  if (snapshot === undefined) return { layout: null, closed: false, early: false, bytes }
  let damages = 0
  const trees = readCatalog(new PageWalk(file, snapshot.lastPage), snapshot, () => damages++)
  const meta = trees[Table.Meta]
  const layout = read(file, meta, metaKeys.layout)
  const closed = read(file, meta, metaKeys.closed)
  const whole = file.complete && damages === 0 && trees[piecesPlace] !== null && file.pages > snapshot.lastPage
  return {
    layout: layout?.length === 4 ? layout.readUInt32BE() : null,
    closed: whole && closed !== null,
    early: !snapshot.synced,
    bytes,
  }
}

function read(file: PageFile, tree: TreeRecord | null, key: Buffer): Buffer | null {
  const value = tree === null ? undefined : new PageLookup(file, tree).get(key)
  return value === undefined ? null : Buffer.from(value)
}

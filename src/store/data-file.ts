import { statSync } from 'node:fs'
import { readCatalog } from './catalog.ts'
import { metaKeys, readLayout } from './meta.ts'
import { PageFile } from './page-file.ts'
import { PageLookup } from './page-lookup.ts'
import { PageWalk } from './page-walk.ts'
import { Table } from './records.ts'

/** What can be known of a file with tables before anything is done with it. */
export interface DataFile {
  /** Version of the layout; null when it cannot be read. */
  readonly layout: number | null
  /** The last commit was told of before it was synced. */
  readonly early: boolean
  readonly bytes: number
}

/** Looks at a file without changing it; null when there is none. Throws what the file system says. */
export function inspect(path: string): DataFile | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return null
  if (!stats.isFile()) return { layout: null, early: false, bytes: 0 }
  const file = new PageFile(path)
  try {
    return look(file, stats.size)
  } finally {
    file.close()
  }
}

function look(file: PageFile, bytes: number): DataFile {
  const [snapshot] = file.snapshots
  if (snapshot === undefined) return { layout: null, early: false, bytes }
  const trees = readCatalog(new PageWalk(file, snapshot), snapshot, () => {})
  const meta = trees[Table.Meta]
  const layout = meta === null ? undefined : new PageLookup(file, meta).get(metaKeys.layout)
  return { layout: layout === undefined ? null : readLayout(layout), early: !snapshot.synced, bytes }
}

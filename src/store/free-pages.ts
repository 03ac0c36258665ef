import { type PageFile, type Snapshot, wide } from './page-file.ts'
import { PageSet } from './page-set.ts'
import type { PageWalk } from './page-walk.ts'
import { listOfPages } from './tree-kinds.ts'

/** Which pages can be used again, after every other tree of the snapshot was walked. */
export interface FreePages {
  readonly free: PageSet
  /** Pages that are neither free nor belong to a tree. */
  readonly forgotten: number
  readonly whole: boolean
}

/** Reads the lists of free pages: none of them may belong to a tree. */
export function examineFree(
  file: PageFile,
  { free: tree, lastPage, transaction }: Snapshot,
  walk: PageWalk,
  find: (finding: string) => void,
): FreePages {
  const free = new PageSet(lastPage + 1)
  let findings = 0
  const tell = (finding: string): void => {
    findings++
    find(`free pages: ${finding}`)
  }
  if (tree === null) tell('the list is missing')
  else {
    walk.walk(tree, listOfPages, {
      entry: (key, list) => {
        if (key.length !== 8 || wide(key, 0) > transaction) tell('a list is of no transaction there was')
        readList(list, lastPage, free, tell)
      },
      damaged: (page, why) => tell(`page ${page}: ${why}`),
    })
  }
  let forgotten = 0
  for (let page = 2; page <= lastPage; page++) {
    const used = page < walk.used.size && walk.used.has(page)
    if (used && free.has(page)) tell(`page ${page} is in use`)
    if (!used && !free.has(page) && page < file.pages) forgotten++
  }
  return { free, forgotten, whole: findings === 0 }
}

/**
 *     list = entries u64, (page u64 | 0 | -pages i64, first page u64)*
 */
function readList(list: Buffer, lastPage: number, free: PageSet, tell: (finding: string) => void): void {
  const end = list.length < 8 ? 0 : 8 + wide(list, 0) * 8
  if (list.length < 8 || end > list.length) return tell('a list is cut off')
  for (let at = 8; at < end; at += 8) {
    const pages = -signed(list, at)
    if (pages === 0) continue
    if (pages > 0) at += 8
    if (at >= end) return tell('a list ends too early')
    addRun(wide(list, at), Math.max(pages, 1), lastPage, free, tell)
  }
}

function addRun(first: number, pages: number, lastPage: number, free: PageSet, tell: (finding: string) => void): void {
  if (first < 2 || first + pages > lastPage + 1) return tell(`page ${first} is not in the file`)
  for (let page = first; page < first + pages; page++) if (!free.add(page)) tell(`page ${page} is listed twice`)
}

function signed(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 0x1_0000_0000
}

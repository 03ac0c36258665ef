import { type Catalog, everyTable, piecesPlace, readCatalog, treeKind, treeNames } from './catalog.ts'
import { examineFree } from './free-pages.ts'
import { metaKeys } from './meta.ts'
import { PageFile, type Snapshot } from './page-file.ts'
import { PageLookup } from './page-lookup.ts'
import { PageWalk, type TreeVisitor } from './page-walk.ts'
import { assemble, piecesBehind } from './pieces.ts'
import { Table } from './records.ts'
import { isRight, type Judge } from './verify.ts'

/** What was found in one table. */
export interface TableAudit {
  /** How many entries the file says there are; null when that is not known. */
  readonly expected: number | null
  /** Entries that are as they were written. */
  readonly right: number
  /** Entries that are not. */
  readonly wrong: number
  /** Bytes of the keys and values that are right. */
  readonly bytes: number
}

/** What was found in a file. */
export interface Audit {
  readonly pageSize: number
  readonly pages: number
  /** Pages that can be used again. */
  readonly free: number
  /** Pages that are neither used nor free; they do no harm. */
  readonly forgotten: number
  /** By the number of the table. */
  readonly tables: readonly TableAudit[]
  /** What is wrong, the first things only; empty when all is well. */
  readonly findings: readonly string[]
}

/** Told of every entry that is right; acknowledgements before blocks. The buffers are good until the answer only. */
export type EntryObserver = (table: Table, key: Buffer, value: Buffer) => void

/** Looks at every page and every entry of a file, as it is after its last transaction. Throws what the file system says. */
export function audit(path: string, judge: Judge = isRight, observe: EntryObserver = () => {}): Audit {
  const file = new PageFile(path)
  try {
    return new Examination(file, judge, observe).result()
  } finally {
    file.close()
  }
}

/** Findings of one tree that are told. */
const mentioned = 5
const others = everyTable.filter((table) => table !== Table.Acknowledgements)
const order = [Table.Acknowledgements, ...others, piecesPlace]
const unknown: TableAudit = { expected: null, right: 0, wrong: 0, bytes: 0 }

class Examination {
  readonly judge: Judge
  readonly observe: EntryObserver
  readonly #file: PageFile
  readonly #findings: string[] = []
  readonly #counts = new Map<string, number>()

  constructor(file: PageFile, judge: Judge, observe: EntryObserver) {
    this.#file = file
    this.judge = judge
    this.observe = observe
  }

  result(): Audit {
    const { pageSize, pages, complete, snapshots } = this.#file
    if (!complete) this.find('head of the file', 'it is broken')
    const [snapshot] = snapshots
    const nothing = { tables: everyTable.map(() => unknown), free: 0, forgotten: 0 }
    const rest = snapshot === undefined ? nothing : this.#examine(snapshot)
    return { pageSize, pages, ...rest, findings: this.#findings }
  }

  find(tree: string, finding: string): void {
    const count = (this.#counts.get(tree) ?? 0) + 1
    this.#counts.set(tree, count)
    if (count <= mentioned) this.#findings.push(`${tree}: ${finding}`)
  }

  #examine(snapshot: Snapshot): Pick<Audit, 'tables' | 'free' | 'forgotten'> {
    const walk = new PageWalk(this.#file, snapshot)
    const trees = readCatalog(walk, snapshot, (page, why) => this.find('list of tables', `page ${page}: ${why}`))
    const tables = this.#tables(walk, trees)
    const { free, forgotten } = examineFree(this.#file, snapshot, walk, (why) => this.find('free pages', why))
    return { tables, free: free.count, forgotten }
  }

  #tables(walk: PageWalk, trees: Catalog): readonly TableAudit[] {
    const pieces = trees[piecesPlace]
    const lookup = pieces === null ? null : new PageLookup(this.#file, pieces)
    const visitors = everyTable.map((table) => new TableVisitor(this, table, lookup))
    const all: readonly TreeVisitor[] = [...visitors, new PieceVisitor(this)]
    for (const place of order) {
      const tree = trees[place]
      if (tree === null) this.find(treeNames[place], 'it is missing')
      else walk.walk(tree, treeKind(place), all[place])
    }
    const { versioned, positioned } = visitors[Table.Meta]
    if (!versioned) this.find('meta', 'it does not tell the version of the layout')
    if (!positioned && visitors.some(({ right }, table) => table !== Table.Meta && right > 0))
      this.find('meta', 'it does not tell the position')
    return visitors.map(({ right, wrong, bytes }, table) => ({
      expected: trees[table]?.entries ?? null,
      right,
      wrong,
      bytes,
    }))
  }
}

class TableVisitor implements TreeVisitor {
  right = 0
  wrong = 0
  bytes = 0
  versioned = false
  positioned = false
  readonly #examination: Examination
  readonly #table: Table
  readonly #pieces: PageLookup | null

  constructor(examination: Examination, table: Table, pieces: PageLookup | null) {
    this.#examination = examination
    this.#table = table
    this.#pieces = pieces
  }

  entry(key: Buffer, head: Buffer): void {
    const value = this.#whole(key, head)
    if (value === null || !this.#examination.judge(this.#table, key, value)) {
      this.wrong++
      this.#find(`the entry ${key.toString('hex', 0, 40)} is not as it was written`)
      return
    }
    this.right++
    this.bytes += key.length + value.length
    this.#examination.observe(this.#table, key, value)
    if (this.#table !== Table.Meta) return
    if (key.equals(metaKeys.layout)) this.versioned = true
    else if (key.equals(metaKeys.position)) this.positioned = true
  }

  damaged(page: number, why: string): void {
    this.#find(`page ${page}: ${why}`)
  }

  #whole(key: Buffer, head: Buffer): Buffer | null {
    if (this.#table === Table.Acknowledgements || piecesBehind(head) === 0) return head
    return assemble(this.#table, key, head, (piece) => this.#pieces?.get(piece))
  }

  #find(finding: string): void {
    this.#examination.find(treeNames[this.#table], finding)
  }
}

class PieceVisitor implements TreeVisitor {
  readonly #examination: Examination

  constructor(examination: Examination) {
    this.#examination = examination
  }

  entry(): void {}

  damaged(page: number, why: string): void {
    this.#examination.find(treeNames[piecesPlace], `page ${page}: ${why}`)
  }
}

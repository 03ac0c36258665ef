import { type PageFile, PageKind, pageHeader, type Snapshot, type TreeRecord, treeRecord, wide } from './page-file.ts'
import {
  branchLength,
  Flag,
  isFilled,
  keyAt,
  kindOf,
  leafLength,
  nodeAt,
  nodeHeader,
  nodesOf,
  overflowLength,
} from './page-nodes.ts'
import { PageSet } from './page-set.ts'
import { anything, type TreeKind, valuesOfKey } from './tree-kinds.ts'

/** Told of what a walk through a tree finds. Keys and values are good until the answer only. */
export interface TreeVisitor {
  entry(key: Buffer, value: Buffer): void
  /** A part of the tree cannot be read, or is not what it should be. */
  damaged(page: number, why: string): void
}

const nothing = Buffer.alloc(0)
const valuesPage = PageKind.Leaf | PageKind.SubPage
const notFilled = 'its nodes do not fill it'

/** What a walk knows of the tree it is in. */
class Course {
  readonly visitor: TreeVisitor
  readonly kind: TreeKind
  /** The transaction the tree is of: no page may be of a later one. */
  readonly transaction: number
  /** No key to come may be before this one; nor equal to it, when it was a key and not what divides pages. */
  floor = nothing
  divider = true
  entries = 0
  damages = 0

  constructor(visitor: TreeVisitor, kind: TreeKind, transaction: number) {
    this.visitor = visitor
    this.kind = kind
    this.transaction = transaction
  }

  /** Takes note of a key, or of what divides two pages; false when it is out of order. */
  pass(key: Buffer, divider: boolean): boolean {
    const order = this.kind.integers ? compareIntegers(key, this.floor) : key.compare(this.floor)
    if (order < 0 || (order === 0 && !this.divider)) return false
    this.floor = Buffer.from(key)
    this.divider = divider
    return true
  }

  damaged(page: number, why: string): void {
    this.damages++
    this.visitor.damaged(page, why)
  }
}

/** Goes through trees of pages in the order of their keys, and takes note of every page that belongs to one. */
export class PageWalk {
  readonly used: PageSet
  readonly #file: PageFile
  readonly #transaction: number
  readonly #levels: Buffer[] = []
  #overflow = nothing

  /** Of trees as they were after `transaction`. */
  constructor(file: PageFile, { lastPage, transaction }: Pick<Snapshot, 'lastPage' | 'transaction'>) {
    this.#file = file
    this.#transaction = transaction
    this.used = new PageSet(Math.min(lastPage + 1, file.pages))
  }

  walk(tree: TreeRecord, kind: TreeKind, visitor: TreeVisitor): void {
    if (tree.root === null) return
    const course = new Course(visitor, kind, this.#transaction)
    if (kind.flags !== null && kind.flags !== tree.flags)
      course.damaged(tree.root, 'its tree is said to be another kind')
    this.#descend(course, tree.root, tree.depth, 0)
    if (course.damages === 0 && course.entries !== tree.entries)
      course.damaged(tree.root, `${course.entries} entries, not ${tree.entries}`)
  }

  /** One page of a tree by itself, such as one that nothing leads to any more. */
  leaf(page: number, visitor: TreeVisitor): void {
    this.#descend(new Course(visitor, anything, Number.POSITIVE_INFINITY), page, 1, 0)
  }

  #descend(course: Course, page: number, depth: number, level: number): void {
    const bytes = this.#read(course, page, level)
    if (bytes === null) return
    const kind = kindOf(bytes)
    const nodes = nodesOf(bytes)
    if (kind !== (depth > 1 ? PageKind.Branch : PageKind.Leaf)) course.damaged(page, `it is of the kind ${kind}`)
    else if (nodes === null) course.damaged(page, 'its nodes overlap')
    else if (depth > 1) this.#branch(course, page, bytes, nodes, depth, level)
    else this.#leaf(course, page, bytes, nodes, level)
  }

  #branch(course: Course, page: number, bytes: Buffer, nodes: number, depth: number, level: number): void {
    let length = 0
    for (let index = 0; index < nodes; index++) {
      const at = nodeAt(bytes, index)
      if (at >= 0) length += branchLength(bytes, at)
      if (at < 0) course.damaged(page, `node ${index} is not in it`)
      else if (index > 0 && !course.pass(keyAt(bytes, at), true)) course.damaged(page, `node ${index} is out of order`)
      else this.#descend(course, bytes.readUIntLE(at, 6), depth - 1, level + 1)
    }
    if (!isFilled(bytes, length)) course.damaged(page, notFilled)
  }

  #leaf(course: Course, page: number, bytes: Buffer, nodes: number, level: number): void {
    let length = 0
    for (let index = 0; index < nodes; index++) {
      const at = nodeAt(bytes, index)
      if (at >= 0) length += leafLength(bytes, at)
      if (at < 0) course.damaged(page, `node ${index} is not in it`)
      else if (!course.pass(keyAt(bytes, at), false)) course.damaged(page, `node ${index} is out of order`)
      else this.#node(course, page, bytes, at, level)
    }
    if (!isFilled(bytes, length)) course.damaged(page, notFilled)
  }

  #node(course: Course, page: number, bytes: Buffer, at: number, level: number): void {
    const key = keyAt(bytes, at)
    const flags = bytes.readUInt16LE(at + 4)
    const start = at + nodeHeader + key.length
    const length = bytes.readUInt32LE(at)
    const inPage = (flags & Flag.Overflow) === 0 ? length : overflowLength
    if (start + inPage > bytes.length || !course.kind.nodes.includes(flags))
      return course.damaged(page, 'a value is not in it')
    const data = bytes.subarray(start, start + inPage)
    if (flags === (Flag.Several | Flag.Tree)) return this.#severalInTree(course, page, key, data, level)
    if (flags === Flag.Several) return severalInPage(course, page, key, data)
    const value = (flags & Flag.Overflow) === 0 ? data : this.#overflowing(course, page, data, length)
    if (value === null) return
    course.entries++
    course.visitor.entry(key, value)
  }

  #severalInTree(course: Course, page: number, key: Buffer, data: Buffer, level: number): void {
    const tree = data.length === 48 ? treeRecord(data, 0) : null
    if (tree === null || tree.root === null || tree.flags !== valuesOfKey.flags)
      return course.damaged(page, 'a tree of values has no root')
    const inner = new Course(
      {
        entry: (value) => course.visitor.entry(key, value),
        damaged: (where, why) => course.damaged(where, why),
      },
      valuesOfKey,
      course.transaction,
    )
    this.#descend(inner, tree.root, tree.depth, level + 1)
    course.entries += inner.entries
    if (inner.entries !== tree.entries) course.damaged(tree.root, `${inner.entries} values, not ${tree.entries}`)
  }

  #overflowing(course: Course, page: number, record: Buffer, length: number): Buffer | null {
    const first = wide(record, 0)
    const count = Math.floor((pageHeader - 1 + length) / this.#file.pageSize) + 1
    const refuse = (why: string): null => {
      course.damaged(page, `a value of ${length} bytes ${why}`)
      return null
    }
    if (wide(record, 16) !== count) return refuse('takes another number of pages')
    for (let next = first; next < first + count; next++) if (!this.#claim(next)) return refuse('has pages of others')
    const size = count * this.#file.pageSize
    if (this.#overflow.length < size) this.#overflow = Buffer.allocUnsafeSlow(size * 2)
    if (!this.#file.read(first, count, this.#overflow)) return refuse('cannot be read')
    const header = this.#overflow
    const right = isPage(course, header, first) && kindOf(header) === PageKind.Overflow
    if (!right || header.readUInt32LE(20) !== count) return refuse('is not where it should be')
    return header.subarray(pageHeader, pageHeader + length)
  }

  #read(course: Course, page: number, level: number): Buffer | null {
    this.#levels[level] ??= Buffer.allocUnsafeSlow(this.#file.pageSize)
    const bytes = this.#levels[level]
    if (page < 2 || page >= this.used.size) course.damaged(page, 'it is not in the file')
    else if (!this.#claim(page)) course.damaged(page, 'it belongs to more than one')
    else if (!this.#file.read(page, 1, bytes)) course.damaged(page, 'it cannot be read')
    else if (!isPage(course, bytes, page)) course.damaged(page, 'it says it is another')
    else return bytes
    return null
  }

  #claim(page: number): boolean {
    return page >= 2 && page < this.used.size && this.used.add(page)
  }
}

/** It says so itself, and is not of a transaction to come: LMDB would change it where it stands. */
function isPage({ transaction }: Course, bytes: Buffer, page: number): boolean {
  return wide(bytes, 0) === page && wide(bytes, 8) <= transaction
}

/** A few values of one key are a page in the page. */
function severalInPage(course: Course, page: number, key: Buffer, data: Buffer): void {
  const nodes = data.length < pageHeader || kindOf(data) !== valuesPage ? null : nodesOf(data)
  if (nodes === null) return course.damaged(page, 'the values of a key overlap')
  let length = 0
  let last: Buffer = nothing
  for (let index = 0; index < nodes; index++) {
    const at = nodeAt(data, index)
    const value = at < 0 ? nothing : keyAt(data, at)
    if (at >= 0) length += leafLength(data, at)
    if (value.compare(last) <= 0) course.damaged(page, 'one of several values is not in it, or out of order')
    else {
      course.entries++
      course.visitor.entry(key, value)
      last = value
    }
  }
  if (!isFilled(data, length)) course.damaged(page, notFilled)
}

function compareIntegers(one: Buffer, other: Buffer): number {
  if (other.length === 0) return 1
  return one.length === 8 && other.length === 8 ? wide(one, 0) - wide(other, 0) : -1
}

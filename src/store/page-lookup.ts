import { type PageFile, PageKind, pageHeader, type TreeRecord, wide } from './page-file.ts'
import { Flag, keyAt, kindOf, nodeAt, nodeHeader, nodesOf, overflowLength } from './page-nodes.ts'

/** Branch pages that are remembered. */
const remembered = 1_000

/** Finds single entries of a tree of pages. What is damaged is not found. */
export class PageLookup {
  readonly #file: PageFile
  readonly #tree: TreeRecord
  readonly #branches = new Map<number, Buffer>()
  readonly #leaf: Buffer
  #leafPage = -1
  readonly #overflow: Buffer

  constructor(file: PageFile, tree: TreeRecord) {
    this.#file = file
    this.#tree = tree
    this.#leaf = Buffer.allocUnsafeSlow(file.pageSize)
    this.#overflow = Buffer.allocUnsafeSlow(file.pageSize)
  }

  /** The value, which is good until the next call. Values of more than a page are not found. */
  get(key: Buffer): Buffer | undefined {
    let page = this.#tree.root
    for (let depth = this.#tree.depth; depth > 1 && page !== null; depth--) page = this.#below(page, key)
    const leaf = page === null ? null : this.#readLeaf(page)
    const at = leaf === null ? -1 : find(leaf, key)
    return leaf === null || at < 0 ? undefined : this.#value(leaf, at)
  }

  #below(page: number, key: Buffer): number | null {
    const branch = this.#readBranch(page)
    const nodes = branch === null ? null : nodesOf(branch)
    if (branch === null || nodes === null || nodes === 0) return null
    let low = 1
    for (let high = nodes; low < high; ) {
      const middle = (low + high) >> 1
      const at = nodeAt(branch, middle)
      if (at < 0) return null
      if (keyAt(branch, at).compare(key) <= 0) low = middle + 1
      else high = middle
    }
    const at = nodeAt(branch, low - 1)
    return at < 0 ? null : branch.readUIntLE(at, 6)
  }

  #value(leaf: Buffer, at: number): Buffer | undefined {
    const start = at + nodeHeader + leaf.readUInt16LE(at + 6)
    const length = leaf.readUInt32LE(at)
    const flags = leaf.readUInt16LE(at + 4)
    if (flags === 0) return start + length > leaf.length ? undefined : leaf.subarray(start, start + length)
    if (flags !== Flag.Overflow || start + overflowLength > leaf.length) return undefined
    const page = wide(leaf, start)
    if (pageHeader + length > this.#file.pageSize || !this.#file.read(page, 1, this.#overflow)) return undefined
    if (wide(this.#overflow, 0) !== page || kindOf(this.#overflow) !== PageKind.Overflow) return undefined
    return this.#overflow.subarray(pageHeader, pageHeader + length)
  }

  #readBranch(page: number): Buffer | null {
    const known = this.#branches.get(page)
    if (known !== undefined) return known
    const bytes = Buffer.allocUnsafeSlow(this.#file.pageSize)
    if (!this.#file.read(page, 1, bytes) || !isPage(bytes, page, PageKind.Branch)) return null
    if (this.#branches.size >= remembered) this.#branches.clear()
    this.#branches.set(page, bytes)
    return bytes
  }

  #readLeaf(page: number): Buffer | null {
    if (page === this.#leafPage) return this.#leaf
    this.#leafPage = -1
    if (!this.#file.read(page, 1, this.#leaf) || !isPage(this.#leaf, page, PageKind.Leaf)) return null
    this.#leafPage = page
    return this.#leaf
  }
}

function isPage(bytes: Buffer, page: number, kind: number): boolean {
  return wide(bytes, 0) === page && kindOf(bytes) === kind
}

/** Where the node with this key begins in a leaf, -1 when there is none. */
function find(leaf: Buffer, key: Buffer): number {
  let low = 0
  for (let high = nodesOf(leaf) ?? 0; low < high; ) {
    const middle = (low + high) >> 1
    const at = nodeAt(leaf, middle)
    const order = at < 0 ? 0 : keyAt(leaf, at).compare(key)
    if (order === 0) return at
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}

const smallest = 64
/** Rows in use before the table is made larger, of ten. */
const fullness = 6
/** Numbers a node. */
const stride = 4

/** What is kept of a node, as offsets into its numbers. */
export const Field = { Parent: 0, Hash: 1, Single: 2, State: 3 } as const
/** No child. */
export const nowhere = 0

/**
 * The nodes of a topic tree as numbers, and the way from a node to its child by the hash of the child's level. Open
 * addressing in one array of keys and nodes: one look in memory for most questions, nothing for the garbage collector
 * to follow, and no text at all. Node numbers begin at 1, the root.
 */
export class LevelTable {
  #nodes = new Int32Array(16 * stride)
  #rows = new Int32Array(smallest * 2)
  #mask = smallest - 1
  #count = 0

  field(node: number, field: number): number {
    return this.#nodes[node * stride + field]
  }

  setField(node: number, field: number, value: number): void {
    this.#nodes[node * stride + field] = value
  }

  /** Begins a node. */
  create(node: number, parent: number, hash: number): void {
    if ((node + 1) * stride > this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    const at = node * stride
    this.#nodes[at + Field.Parent] = parent
    this.#nodes[at + Field.Hash] = hash
    this.#nodes[at + Field.Single] = nowhere
    this.#nodes[at + Field.State] = 0
  }

  /** The child of `parent`, or `nowhere`. */
  get(parent: number, hash: number): number {
    const rows = this.#rows
    const nodes = this.#nodes
    const key = keyOf(parent, hash)
    for (let row = key & this.#mask; ; row = (row + 1) & this.#mask) {
      const node = rows[row * 2 + 1]
      if (node === nowhere) return nowhere
      if (rows[row * 2] !== key) continue
      if (nodes[node * stride + Field.Parent] === parent && nodes[node * stride + Field.Hash] === hash) return node
    }
  }

  /** Makes a node findable from its parent. */
  link(node: number): void {
    this.#count++
    if (this.#count * 10 > (this.#mask + 1) * fullness) this.#grow()
    this.#place(this.#keyOfNode(node), node)
  }

  /** Undoes `link`. */
  unlink(node: number): void {
    const rows = this.#rows
    let hole = this.#keyOfNode(node) & this.#mask
    while (rows[hole * 2 + 1] !== node) hole = (hole + 1) & this.#mask
    this.#count--
    // What was placed behind the hole because of it moves up, so that no search ends at it too early.
    for (let row = (hole + 1) & this.#mask; rows[row * 2 + 1] !== nowhere; row = (row + 1) & this.#mask) {
      const wanted = rows[row * 2] & this.#mask
      if (((row - wanted) & this.#mask) < ((row - hole) & this.#mask)) continue
      rows[hole * 2] = rows[row * 2]
      rows[hole * 2 + 1] = rows[row * 2 + 1]
      hole = row
    }
    rows[hole * 2 + 1] = nowhere
  }

  #keyOfNode(node: number): number {
    return keyOf(this.field(node, Field.Parent), this.field(node, Field.Hash))
  }

  #place(key: number, node: number): void {
    const rows = this.#rows
    let row = key & this.#mask
    while (rows[row * 2 + 1] !== nowhere) row = (row + 1) & this.#mask
    rows[row * 2] = key
    rows[row * 2 + 1] = node
  }

  #grow(): void {
    const old = this.#rows
    this.#rows = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== nowhere) this.#place(old[at], old[at + 1])
  }
}

/** Spreads parents and hashes over the rows; the low bits are used. */
function keyOf(parent: number, hash: number): number {
  let mixed = Math.imul(parent ^ (hash >>> 16), 0x7feb352d) ^ hash
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}

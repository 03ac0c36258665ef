const stride = 4
const smallest = 64
/** Rows in use before the table is made larger, of ten. */
const fullness = 6

/**
 * Finds the child of a tree node by the hash of its topic level. Open addressing in one array of numbers, in rows of
 * parent, hash, child: one look in memory for most questions, nothing for the garbage collector to follow, and no text
 * at all. Node numbers begin at 1.
 */
export class LevelTable {
  #rows = new Int32Array(smallest * stride)
  #mask = smallest - 1
  #count = 0

  /** The child, 0 for none. */
  get(parent: number, hash: number): number {
    const rows = this.#rows
    let row = home(parent, hash) & this.#mask
    for (;;) {
      const at = row * stride
      const child = rows[at + 2]
      if (child === 0 || (rows[at] === parent && rows[at + 1] === hash)) return child
      row = (row + 1) & this.#mask
    }
  }

  /** Adds a child that is not there yet. */
  add(parent: number, hash: number, child: number): void {
    this.#count++
    if (this.#count * 10 > (this.#mask + 1) * fullness) this.#grow()
    this.#place(parent, hash, child)
  }

  /** Removes a child that is there. */
  delete(parent: number, hash: number): void {
    const rows = this.#rows
    let hole = home(parent, hash) & this.#mask
    while (rows[hole * stride] !== parent || rows[hole * stride + 1] !== hash) hole = (hole + 1) & this.#mask
    this.#count--
    // What was placed behind the hole because of it moves up, so that no search ends at it too early.
    for (let row = (hole + 1) & this.#mask; rows[row * stride + 2] !== 0; row = (row + 1) & this.#mask) {
      const wanted = home(rows[row * stride], rows[row * stride + 1]) & this.#mask
      if (((row - wanted) & this.#mask) < ((row - hole) & this.#mask)) continue
      rows.copyWithin(hole * stride, row * stride, row * stride + stride)
      hole = row
    }
    rows.fill(0, hole * stride, hole * stride + stride)
  }

  #place(parent: number, hash: number, child: number): void {
    const rows = this.#rows
    let row = home(parent, hash) & this.#mask
    while (rows[row * stride + 2] !== 0) row = (row + 1) & this.#mask
    rows[row * stride] = parent
    rows[row * stride + 1] = hash
    rows[row * stride + 2] = child
  }

  #grow(): void {
    const old = this.#rows
    this.#rows = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += stride)
      if (old[at + 2] !== 0) this.#place(old[at], old[at + 1], old[at + 2])
  }
}

/** Spreads parents and hashes over the rows; the low bits are used. */
function home(parent: number, hash: number): number {
  let mixed = Math.imul(parent ^ (hash >>> 16), 0x7feb352d) ^ hash
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}

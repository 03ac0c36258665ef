import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/**
 * The file of the tables, read without LMDB, which trusts what it reads and takes the process with it when that is wrong.
 * Nothing here follows a number that was not looked at. Numbers are little-endian, those of pages and transactions u64.
 *
 *     file   = page*, all of the same length; the first two begin with a meta record, transaction n being told of in n mod 2
 *     page   = number, transaction, unused u16, kind u16, (lower u16, upper u16) or how many pages it goes on for u32
 *     meta   = page header, magic u32, version u32, address u64, map size u64, free tree, main tree, last page, transaction,
 *              boot i64
 *     tree   = page size or unused u32, flags u16, depth u16, branches u64, leaves u64, overflow pages u64, entries u64, root
 *     branch = page header, where each node is u16*, free space, node*: number of the page below in the first 6 bytes, key
 *              length u16, key
 *     leaf   = page header, where each node is u16*, free space, node*: value length u32, flags u16, key length u16, key,
 *              and the value, or number, transaction and count of the pages where it stands
 */
export const pageHeader = 24
const metaLength = 168
const magic = 0xbeefc0de
const dataVersion = 2
const maximumDepth = 32
/** Pages that a file which was cut off may lack, so that what is left of it is worth a look. */
const missing = 16_777_216

export const PageKind = { Branch: 1, Leaf: 2, Overflow: 4, Meta: 8, SubPage: 0x40 } as const

const treeLength = 48
/** A commit that was told of before it was synced. */
const unsynced = 0x1000

/** Where a tree of pages begins, and what is to be found in it. */
export interface TreeRecord {
  /** What LMDB is to know of it, see tree-kinds.ts. */
  readonly flags: number
  readonly depth: number
  readonly entries: number
  /** Null for a tree without pages. */
  readonly root: number | null
}

/** The state of all tables after a transaction. */
export interface Snapshot {
  readonly transaction: number
  readonly lastPage: number
  /** Null when only the tables are known, not what is free. */
  readonly free: TreeRecord | null
  readonly main: TreeRecord
  readonly synced: boolean
  readonly boot: number
}

/** The file was written on a machine like this one, as far as can be known. */
export const readable = endianness() === 'LE' && !['arm', 'ia32', 'mips', 'mipsel', 'ppc'].includes(process.arch)

export class PageFile {
  readonly pageSize: number
  readonly pages: number
  /** Those of the meta pages that make sense, the one to be used first. */
  readonly snapshots: readonly Snapshot[]
  /** Both meta pages make sense, by themselves and side by side: LMDB asks for that. */
  readonly complete: boolean
  readonly #descriptor: number

  /** Throws what the file system says when the file cannot be opened. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r')
    const size = fstatSync(this.#descriptor).size
    this.pageSize = this.#findPageSize(size)
    this.pages = Math.floor(size / this.pageSize)
    const [first, second, synced] = this.#metas(size)
    this.complete = first !== null && second !== null && this.#fit(first, second)
    this.snapshots = inOrder(this.#corrected(first, second), this.#corrected(second, first), synced)
  }

  /** Reads pages into `target`; false when they are not in the file, or cannot be read. */
  read(page: number, count: number, target: Buffer): boolean {
    if (page < 0 || page + count > this.pages) return false
    try {
      const length = count * this.pageSize
      return readSync(this.#descriptor, target, 0, length, page * this.pageSize) === length
    } catch {
      return false
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** The first page tells; when it is broken the second does, at one of the places where it can be. */
  #findPageSize(size: number): number {
    for (const place of [0, 4_096, 16_384, 8_192, 32_768, 65_536]) {
      const bytes = this.#bytes(place, size)
      const pageSize = bytes === null || !isMeta(bytes) ? 0 : bytes.readUInt32LE(48)
      if (pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0) return pageSize
    }
    return 4_096
  }

  /** True for the meta pages of two transactions in a row. */
  #fit(first: Snapshot, second: Snapshot): boolean {
    const flags = [first, second].map(({ free }) => (free?.flags ?? 0) & ~unsynced)
    if (flags[0] !== flags[1] || first.main.flags !== second.main.flags) return false
    return [first, second].every((snapshot) => this.#rootTransaction(snapshot) === snapshot.transaction)
  }

  /** Each transaction writes the root of the main tree, which tells of it as well; null when it cannot be read. */
  #rootTransaction({ main, transaction, synced, boot }: Snapshot): number | null {
    // What was not synced before a power cut may be there without it.
    if (main.root === null || (!synced && !isThisBoot(boot))) return transaction
    const bytes = Buffer.alloc(this.pageSize)
    return this.read(main.root, 1, bytes) && wide(bytes, 0) === main.root ? wide(bytes, 8) : null
  }

  /** With the number of its transaction, if that was spoilt and can be known. */
  #corrected(snapshot: Snapshot | null, other: Snapshot | null): Snapshot | null {
    if (snapshot === null || other === null || areNext(snapshot.transaction, other.transaction)) return snapshot
    const transaction = this.#rootTransaction(snapshot)
    return transaction !== null && areNext(transaction, other.transaction) ? { ...snapshot, transaction } : snapshot
  }

  /** The third is that of the last commit known to be synced, when commits are told of earlier. */
  #metas(size: number): readonly (Snapshot | null)[] {
    return [0, this.pageSize, this.pageSize / 2].map((place) => {
      const bytes = this.#bytes(place, size)
      if (bytes === null || (place !== this.pageSize / 2 && !isMeta(bytes))) return null
      if (bytes.readUInt32LE(48) !== this.pageSize) return null
      const snapshot = snapshotOf(bytes)
      return snapshot === null || snapshot.lastPage > size / this.pageSize + missing ? null : snapshot
    })
  }

  #bytes(place: number, size: number): Buffer | null {
    const bytes = Buffer.alloc(metaLength)
    try {
      return place + metaLength <= size && readSync(this.#descriptor, bytes, 0, metaLength, place) === metaLength
        ? bytes
        : null
    } catch {
      return null
    }
  }
}

function areNext(one: number, other: number): boolean {
  return Math.abs(one - other) === 1
}

function isMeta(bytes: Buffer): boolean {
  return (
    bytes.readUInt16LE(18) === PageKind.Meta &&
    bytes.readUInt32LE(24) === magic &&
    (bytes.readUInt32LE(28) & 0xffff) === dataVersion
  )
}

function snapshotOf(bytes: Buffer): Snapshot | null {
  const free = treeRecord(bytes, 48)
  const main = treeRecord(bytes, 96)
  const transaction = wide(bytes, 152)
  const lastPage = wide(bytes, 144)
  if (free === null || main === null || !Number.isSafeInteger(transaction) || lastPage < 1) return null
  return {
    transaction,
    lastPage,
    free,
    main,
    synced: (bytes.readUInt16LE(52) & unsynced) === 0,
    boot: bytes.readInt32LE(160),
  }
}

/** The order in which LMDB would use them, the last synced one first after a power cut. */
function inOrder(first: Snapshot | null, second: Snapshot | null, synced: Snapshot | null): readonly Snapshot[] {
  const latest = [first, second].filter((snapshot) => snapshot !== null)
  latest.sort((one, other) => other.transaction - one.transaction)
  if (latest.length === 0 || latest[0].synced || isThisBoot(latest[0].boot)) return latest
  if (synced === null || synced.transaction === 0) return latest.reverse()
  return [synced, ...latest.filter(({ transaction }) => transaction < synced.transaction)]
}

/** The pages of a commit that was not synced are there if the machine ran ever since. */
function isThisBoot(boot: number): boolean {
  try {
    const [id] = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').split('-')
    return boot !== 0 && boot === (Number.parseInt(id, 16) | 0)
  } catch {
    return false
  }
}

/** The record of a tree at `at`; null when it cannot be one. */
export function treeRecord(bytes: Buffer, at: number): TreeRecord | null {
  if (bytes.length < at + treeLength) return null
  const flags = bytes.readUInt16LE(at + 4)
  const depth = bytes.readUInt16LE(at + 6)
  const entries = wide(bytes, at + 32)
  const none = bytes.readUInt32LE(at + 40) === 0xffff_ffff && bytes.readUInt32LE(at + 44) === 0xffff_ffff
  if (none) return depth === 0 ? { flags, depth, entries, root: null } : null
  const root = wide(bytes, at + 40)
  return depth > 0 && depth <= maximumDepth && root > 1 ? { flags, depth, entries, root } : null
}

/** A u64; those that are too large for a number are not exact, and larger than any that is allowed. */
export function wide(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000
}

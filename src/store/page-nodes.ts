import { pageHeader } from './page-file.ts'

/** What the value of a leaf's node is, bit by bit. */
export const Flag = { Overflow: 1, Tree: 2, Several: 4 } as const
/** What stands in a node for a value that is on pages of its own: number, transaction and count of the pages, each u64. */
export const overflowLength = 24
export const nodeHeader = 8

export function kindOf(page: Buffer): number {
  return page.readUInt16LE(18)
}

/** How many nodes a page has; null when they do not fit in. */
export function nodesOf(bytes: Buffer): number | null {
  const lower = bytes.readUInt16LE(20)
  const upper = bytes.readUInt16LE(22)
  return lower > upper || pageHeader + upper > bytes.length || lower % 2 === 1 ? null : lower / 2
}

/** Where a node begins, -1 when it does not fit in. */
export function nodeAt(bytes: Buffer, index: number): number {
  const at = pageHeader + bytes.readUInt16LE(pageHeader + index * 2)
  if (at + nodeHeader > bytes.length) return -1
  return at + nodeHeader + bytes.readUInt16LE(at + 6) > bytes.length ? -1 : at
}

/** Bytes that a node of a branch takes. */
export function branchLength(bytes: Buffer, at: number): number {
  return even(nodeHeader + bytes.readUInt16LE(at + 6))
}

/** Bytes that a node of a leaf takes, or of a page in a page. */
export function leafLength(bytes: Buffer, at: number): number {
  const flags = bytes.readUInt16LE(at + 4)
  const length = (flags & Flag.Overflow) === 0 ? bytes.readUInt32LE(at) : overflowLength
  return even(nodeHeader + bytes.readUInt16LE(at + 6) + length)
}

/** True when nodes that take so many bytes fill a page to its end. */
export function isFilled(bytes: Buffer, length: number): boolean {
  return pageHeader + bytes.readUInt16LE(22) + length === bytes.length
}

function even(length: number): number {
  return length + (length & 1)
}

export function keyAt(bytes: Buffer, at: number): Buffer {
  const start = at + nodeHeader
  return bytes.subarray(start, start + bytes.readUInt16LE(at + 6))
}

import type { Table } from './records.ts'

/**
 * A value of more than a page is cut into pieces of exactly a page: LMDB then never has to find several free pages in a
 * row, which takes it ever longer the more pieces its free space is in.
 *
 *     key                               value, when it is longer than 4,071 bytes
 *     as given, in the table            the first 4,068 bytes, length of the whole u32
 *     table u8, key, number u32         each following 4,072 bytes, numbered from 1, in a table of their own
 */
export const pageSize = 4_096
/** What fits into a page with its header. */
const pieceLength = pageSize - 24
const headLength = pieceLength - 4

/** The longest key of a value that can be cut. */
export const longestKey = 1_973

/** How many pieces follow the first for a value of this length. */
export function piecesOf(length: number): number {
  return length < pieceLength ? 0 : Math.ceil((length - headLength) / pieceLength)
}

/** How many pieces follow what was read from the table. */
export function piecesBehind(head: Buffer): number {
  return head.length === pieceLength ? piecesOf(head.readUInt32BE(headLength)) : 0
}

export function pieceKey(table: Table, key: Buffer, number: number): Buffer {
  const piece = Buffer.allocUnsafe(key.length + 5)
  piece[0] = table
  key.copy(piece, 1)
  piece.writeUInt32BE(number, key.length + 1)
  return piece
}

/** The first piece of a value that is cut. */
export function headOf(value: Buffer): Buffer {
  const head = Buffer.allocUnsafe(pieceLength)
  value.copy(head, 0, 0, headLength)
  head.writeUInt32BE(value.length, headLength)
  return head
}

export function pieceOf(value: Buffer, number: number): Buffer {
  const start = headLength + (number - 1) * pieceLength
  return value.subarray(start, start + pieceLength)
}

/** Puts a value together that begins with `head`; null when a piece is missing. `find` gets a piece by its key. */
export function assemble(
  table: Table,
  key: Buffer,
  head: Buffer,
  find: (pieceKey: Buffer) => Buffer | undefined,
): Buffer | null {
  const pieces = piecesBehind(head)
  if (pieces === 0) return head
  const length = head.readUInt32BE(headLength)
  // A length that is wrong must not take memory.
  if (find(pieceKey(table, key, pieces)) === undefined) return null
  const value = Buffer.allocUnsafe(length)
  head.copy(value, 0, 0, headLength)
  for (let number = 1, at = headLength; number <= pieces; number++, at += pieceLength) {
    const piece = find(pieceKey(table, key, number))
    if (piece === undefined || piece.length !== Math.min(pieceLength, length - at)) return null
    piece.copy(value, at, 0, piece.length)
  }
  return value
}

import { crc32 } from 'node:zlib'
import type { Table } from './records.ts'

/**
 * Every value ends with a sum, the CRC-32 of its table, its key and what is before: so it is also noticed when it stands
 * at the place of another.
 */
export const sumLength = 4

/** Writes the sum of [0, end) behind it. */
export function writeSum(table: Table, key: Buffer, value: Buffer, end: number): void {
  value.writeUInt32BE(sumOf(table, key, value, end), end)
}

/** True when the value ends with its sum. */
export function isWhole(table: Table, key: Buffer, value: Buffer): boolean {
  const end = value.length - sumLength
  return end >= 0 && value.readUInt32BE(end) === sumOf(table, key, value, end)
}

function sumOf(table: Table, key: Buffer, value: Buffer, end: number): number {
  return crc32(value.subarray(0, end), crc32(key, table))
}

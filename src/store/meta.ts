import { Table } from './records.ts'
import { isWhole, sumLength, writeSum } from './sums.ts'

export const metaKeys = { position: Buffer.from('position'), layout: Buffer.from('layout') } as const

/** How far the tables have come: position and wall-clock milliseconds of the last batch. */
export interface Last {
  readonly position: number
  readonly wall: number
}

export const positionLength = 16 + sumLength
const layoutLength = 4 + sumLength

/** Writes the value of `position` to the beginning of `to`. */
export function writePosition(to: Buffer, position: number, wall: number): void {
  to.writeDoubleBE(position, 0)
  to.writeDoubleBE(wall, 8)
  writeSum(Table.Meta, metaKeys.position, to, positionLength - sumLength)
}

/** Null when the value is not as it was written. */
export function readPosition(value: Buffer): Last | null {
  if (value.length !== positionLength || !isWhole(Table.Meta, metaKeys.position, value)) return null
  return { position: value.readDoubleBE(0), wall: value.readDoubleBE(8) }
}

export function encodeLayout(version: number): Buffer {
  const value = Buffer.allocUnsafe(layoutLength)
  value.writeUInt32BE(version)
  writeSum(Table.Meta, metaKeys.layout, value, layoutLength - sumLength)
  return value
}

/** Null when the value is not as it was written. */
export function readLayout(value: Buffer): number | null {
  if (value.length !== layoutLength || !isWhole(Table.Meta, metaKeys.layout, value)) return null
  return value.readUInt32BE()
}

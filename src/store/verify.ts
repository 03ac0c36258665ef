import { openBlock, trailerLength } from './block.ts'
import { metaKeys, readLayout, readPosition } from './meta.ts'
import { Step, Table } from './records.ts'
import { payloadLength } from './retained-record.ts'
import { decodeSession, decodeWill } from './session-record.ts'
import { isWhole, sumLength } from './sums.ts'

/** Says whether an entry of a table can be one that was put into it. */
export type Judge = (table: Table, key: Buffer, value: Buffer) => boolean

/** True when an entry can be one that was put into `table`: its sum is right, and it can be taken apart. */
export function isRight(table: Table, key: Buffer, value: Buffer): boolean {
  try {
    return table === Table.Meta ? isMeta(key, value) : isWhole(table, key, value) && judges[table](key, value)
  } catch {
    // It says that it goes on where there is nothing.
    return false
  }
}

/** What later versions note down there is none of our business. */
function isMeta(key: Buffer, value: Buffer): boolean {
  if (key.equals(metaKeys.position)) return readPosition(value) !== null
  return !key.equals(metaKeys.layout) || readLayout(value) !== null
}

type TableJudge = (key: Buffer, value: Buffer) => boolean

const judges: Readonly<Record<Exclude<Table, typeof Table.Meta>, TableJudge>> = {
  [Table.Sessions]: (key, value) => key.length === 4 && decodeSession(key, value).leftAt >= 0,
  [Table.Subscriptions]: (key, value) => key.length >= 4 && value.length >= 5 + sumLength,
  [Table.Wills]: (key, value) => key.length === 4 && decodeWill(key, value).delay >= 0,
  [Table.Received]: (key, value) => key.length === 6 && value.length === sumLength,
  [Table.Blocks]: isBlock,
  [Table.Acknowledgements]: (key, value) => key.length === 6 && isProgress(value),
  [Table.Retained]: (_, value) => payloadLength(value) >= 0,
}

function isBlock(key: Buffer, value: Buffer): boolean {
  if (key.length !== 6 || value.length < trailerLength) return false
  openBlock(value)
  return true
}

function isProgress(value: Buffer): boolean {
  const end = value.length - sumLength
  let at = 0
  while (at < end) {
    const step = value.readUInt16BE(at) >> 14
    if (step === 0) return false
    at += step === Step.Sent ? 4 : 2
  }
  return at === end && at > 0
}

import { openBlock, trailerLength } from './block.ts'
import {
  batchHeader,
  decodeSession,
  decodeSubscription,
  isWhole,
  metaKeys,
  retainedKey,
  Step,
  subscriptionKey,
  sumLength,
  Table,
} from './records.ts'
import { topicOf } from './retained-record.ts'

/** Says whether an entry of a table can be one that was put into it. */
export type Judge = (table: Table, key: Buffer, value: Buffer) => boolean

/** True when an entry can be one that was put into `table`: its sum is right, and its key is that of its value. */
export function isRight(table: Table, key: Buffer, value: Buffer): boolean {
  try {
    return judges[table](key, value)
  } catch {
    // It says that it goes on where there is nothing.
    return false
  }
}

type TableJudge = (key: Buffer, value: Buffer) => boolean

const judges: Readonly<Record<Table, TableJudge>> = {
  [Table.Meta]: isMetaEntry,
  [Table.Sessions]: (key, value) => key.length === 4 && isWhole(value) && decodeSession(key, value).leftAt >= 0,
  [Table.Subscriptions]: isSubscription,
  [Table.Wills]: (key, value) => key.length === 4 && isWill(value) && isWhole(value),
  [Table.Received]: (key, value) => key.length === 6 && value.length === 0,
  [Table.Blocks]: isBlock,
  [Table.Acknowledgements]: (key, value) => key.length === 6 && isProgress(value),
  [Table.Retained]: (key, value) => isWhole(value) && key.equals(retainedKey(topicOf(value))),
}

const metaLengths = new Map<string, number>([
  [metaKeys.position.toString(), batchHeader],
  [metaKeys.layout.toString(), 4],
  [metaKeys.closed.toString(), 0],
])

/** What later versions note down there is none of our business. */
function isMetaEntry(key: Buffer, value: Buffer): boolean {
  const length = metaLengths.get(key.toString())
  return length === undefined || length === value.length
}

function isSubscription(key: Buffer, value: Buffer): boolean {
  if (key.length < 5 || !isWhole(value)) return false
  return key.equals(subscriptionKey(key.readUInt32BE(), decodeSubscription(value).filter))
}

const willHeader = 17

function isWill(value: Buffer): boolean {
  let at = willHeader
  for (let piece = 0; piece < 4; piece++) at += 4 + value.readUInt32BE(at)
  return at + sumLength === value.length
}

function isBlock(key: Buffer, value: Buffer): boolean {
  if (key.length !== 6 || value.length < trailerLength || !isWhole(value)) return false
  openBlock(value)
  return true
}

function isProgress(value: Buffer): boolean {
  let at = 0
  while (at < value.length) {
    const step = value.readUInt16BE(at) >> 14
    if (step === 0) return false
    at += step === Step.Sent ? 4 : 2
  }
  return at === value.length && at > 0
}

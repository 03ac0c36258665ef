import { crc32 } from 'node:zlib'
import { escapedControls } from '../base/log-text.ts'
import type { JournalEntry } from './entry.ts'
import { readEvent } from './read-event.ts'

/**
 * An entry on a line: the CRC-32 of the rest in hexadecimal, a space, one JSON object.
 *
 *     9d1c04b7 {"last":1700000000000,"kind":"connected","clientId":"pump-7",…}
 *
 * `first` is left out when it is the same as `last`, `count` when it is 1.
 */
const sumLength = 8

/** The line of an entry, with its end. No text of it can end the line, or move a terminal's cursor. */
export function encodeLine({ event, first, last, count }: JournalEntry): string {
  const times = first === last ? { last } : { last, first }
  const fields = count === 1 && event.kind !== 'dropped' ? event : { ...event, count }
  const json = escapedControls(JSON.stringify({ ...times, ...fields }))
  return `${sumOf(json)} ${json}\n`
}

/** The entry on a line without its end; null when it is not as it was written, or of a kind that is not known. */
export function decodeLine(line: Buffer): JournalEntry | null {
  const json = line.subarray(sumLength + 1)
  if (line.toString('latin1', 0, sumLength + 1) !== `${sumOf(json)} `) return null
  return readEntry(json.toString())
}

/** What the line of everything about a client has in it. */
export function markOf(clientId: string): Buffer {
  return Buffer.from(`"clientId":${escapedControls(JSON.stringify(clientId))}`)
}

function sumOf(json: string | Buffer): string {
  return crc32(json).toString(16).padStart(sumLength, '0')
}

function readEntry(json: string): JournalEntry | null {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const fields: Readonly<Record<string, unknown>> = { ...value }
    const { last, first = last, count = 1 } = fields
    if (!isWhole(last) || !isWhole(first) || !isWhole(count)) return null
    const event = readEvent(fields, count)
    return event === null ? null : { event, first, last, count }
  } catch {
    return null
  }
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { boundedText } from './bounded-event.ts'
import type { JournalEntry, StoredEvent } from './entry.ts'
import { decodeLine, markOf } from './line.ts'
import { isMissing, readLines } from './read-lines.ts'
import { segmentNumber } from './segments.ts'
import { drawers } from './writer.ts'

/** Milliseconds by which the clock of the broker, which is never set, may be ahead of that of its files. */
const slack = 86_400_000

/** Which entries are wanted. */
export interface JournalCriteria {
  /** Of this client; null for everything, the journal's own notes included. */
  readonly clientId: string | null
  /** Wall-clock milliseconds; the last of the events of an entry is not before `since` and not after `until`. */
  readonly since: number
  readonly until: number
  /** Null for all kinds. */
  readonly kinds: ReadonlySet<StoredEvent['kind']> | null
}

/** What is found, and how many lines were not as they were written. */
export interface JournalReading {
  /** The latest, oldest first. */
  readonly entries: readonly JournalEntry[]
  /** There are older ones. */
  readonly more: boolean
  readonly damaged: number
}

/** The entries a journal has, from the newest file to the oldest, also while a broker writes. */
export async function readJournal(
  directory: string,
  criteria: JournalCriteria,
  limit: number,
): Promise<JournalReading> {
  const found: JournalEntry[] = []
  let more = false
  let damaged = 0
  for (const drawer of drawers) {
    const reading = await readDrawer(directory, drawer, criteria, limit)
    found.push(...reading.entries)
    damaged += reading.damaged
    more ||= reading.more
  }
  found.sort((a, b) => a.last - b.last || a.first - b.first)
  return { entries: found.slice(-limit), more: more || found.length > limit, damaged }
}

/** Calls `take` for every entry, in no order. Returns how many lines were not as they were written. */
export async function scanJournal(
  directory: string,
  criteria: JournalCriteria,
  take: (entry: JournalEntry) => void,
): Promise<number> {
  let damaged = 0
  for (const drawer of drawers) {
    for (const path of await segmentsOf(directory, drawer, criteria.since)) {
      damaged += await readSegment(path, criteria, take)
    }
  }
  return damaged
}

async function readDrawer(
  directory: string,
  drawer: string,
  criteria: JournalCriteria,
  limit: number,
): Promise<JournalReading> {
  let entries: JournalEntry[] = []
  let more = false
  let damaged = 0
  for (const path of await segmentsOf(directory, drawer, criteria.since)) {
    if (entries.length >= limit) return { entries, more: true, damaged }
    const latest: JournalEntry[] = []
    damaged += await readSegment(path, criteria, (entry) => {
      latest.push(entry)
      if (latest.length < 2 * limit) return
      latest.splice(0, latest.length - limit)
      more = true
    })
    entries = [...latest, ...entries]
    more ||= entries.length > limit
    entries = entries.slice(-limit)
  }
  return { entries, more, damaged }
}

/** The paths of the segments that may have something since then, newest first. */
async function segmentsOf(directory: string, drawer: string, since: number): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const numbers = names.flatMap((name) => {
    const number = segmentNumber(drawer, name)
    return number === null ? [] : { name, number }
  })
  const paths: string[] = []
  for (const { name } of numbers.sort((a, b) => b.number - a.number)) {
    const path = join(directory, name)
    const stats = await stat(path).catch(() => null)
    if (stats?.isFile() === true && stats.mtimeMs >= since - slack) paths.push(path)
  }
  return paths
}

async function readSegment(
  path: string,
  criteria: JournalCriteria,
  take: (entry: JournalEntry) => void,
): Promise<number> {
  const clientId = criteria.clientId === null ? null : boundedText(criteria.clientId)
  const mark = clientId === null ? null : markOf(clientId)
  let damaged = 0
  await readLines(path, (line) => {
    if (line === null) {
      damaged++
      return
    }
    // Most lines are about others: they need not be understood.
    if (mark !== null && !line.includes(mark)) return
    const entry = decodeLine(line)
    if (entry === null) damaged++
    else if (isWanted(entry, clientId, criteria)) take(entry)
  })
  return damaged
}

function isWanted({ event, last }: JournalEntry, clientId: string | null, criteria: JournalCriteria): boolean {
  if (last < criteria.since || last > criteria.until) return false
  if (criteria.kinds !== null && !criteria.kinds.has(event.kind)) return false
  return clientId === null || ('clientId' in event && event.clientId === clientId)
}

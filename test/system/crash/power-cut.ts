import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Random } from '../../fuzz/random.ts'
import type { FileSync, FileWrite, TraceEvent } from './trace.ts'

// What a power cut can leave of files whose writes are known. What a sync covers that has returned is there. Of what was
// written later each sector, which a disk writes whole or not at all, has what was in memory at some moment since.
//
//     write 1 ▇▇▇▇▇▇▇▇            sync returns
//     write 2         ▇▇▇▇▇▇▇▇    sync returns
//     write 3     ▇▇▇▇▇▇▇▇        not synced: any of its sectors may be new or old
//     ─────── power cut

// The names of files are like that, too: a folder must be synced itself.

const sector = 512

/** How much of what was not synced reached the disk. */
export type Luck = 'nothing' | 'everything' | 'some writes' | 'beginnings' | 'some sectors'
export const lucks: readonly [Luck, ...Luck[]] = ['nothing', 'everything', 'some writes', 'beginnings', 'some sectors']

/** Writes the files as a power cut at this line of the trace could leave them into a new folder. */
export async function leave(
  events: readonly TraceEvent[],
  line: number,
  luck: Luck,
  random: Random,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const begun = events.filter((event) => event.begun < line)
  for (const [path, file] of namesOf(begun, line, luck, random)) {
    const writes = begun.filter((event) => event.kind === 'write').filter((write) => write.file === file)
    const safe = writes.map((write) => isSafe(write, begun, line))
    await writeFile(join(folder, basename(path)), imageOf(writes, safe, luck, random), { mode: 0o600 })
  }
}

/** Which file has which name. The changes that were not synced are there up to one of them. */
function namesOf(events: readonly TraceEvent[], line: number, luck: Luck, random: Random): ReadonlyMap<string, number> {
  const changes = events.filter((event) => event.kind === 'name')
  const syncs = events.filter((event) => event.kind === 'names synced').filter(({ ended }) => ended < line)
  const safe = changes.filter((change) => syncs.some((sync) => sync.begun > change.ended)).length
  const most = changes.length - safe
  const more = luck === 'nothing' ? 0 : luck === 'everything' ? most : random.below(most + 1)
  const names = new Map<string, number>()
  for (const { gained, lost, file } of changes.slice(0, safe + more)) {
    if (lost !== null) names.delete(lost)
    if (gained !== null) names.set(gained, file)
  }
  return names
}

/** The write is on the disk whatever happens after this line. */
export function isSafe(write: FileWrite, events: readonly TraceEvent[], line: number): boolean {
  if (write.lasting && write.ended < line) return true
  const covers = (sync: FileSync) => sync.file === write.file && sync.begun > write.ended && sync.ended < line
  return events.some((event) => event.kind === 'sync' && covers(event))
}

/** One file. `safe[i]` says that write i is on the disk. */
export function imageOf(writes: readonly FileWrite[], safe: readonly boolean[], luck: Luck, random: Random): Buffer {
  const latest = new Map<number, number>()
  for (const [index, { offset, bytes }] of writes.entries()) {
    const first = Math.floor(offset / sector)
    const after = Math.max(first + 1, Math.ceil((offset + bytes.length) / sector))
    const kept = first + sectorsKept(luck, after - first, random)
    for (let at = first; at < after; at++) {
      const there = safe[index] === true || (luck === 'some sectors' ? random.once(2) : at < kept)
      if (there) latest.set(at, index)
    }
  }
  const pieces = writes.flatMap((write, index) => piecesOf(write).filter(({ at }) => index <= (latest.get(at) ?? -1)))
  const image = Buffer.alloc(Math.max(0, ...pieces.map(({ offset, bytes }) => offset + bytes.length)))
  for (const { offset, bytes } of pieces) bytes.copy(image, offset)
  return image
}

/** How many sectors of a write that was not synced are there, from its beginning. */
function sectorsKept(luck: Luck, sectors: number, random: Random): number {
  if (luck === 'everything') return sectors
  if (luck === 'some writes') return random.once(2) ? sectors : 0
  return luck === 'beginnings' ? random.below(sectors + 1) : 0
}

interface Piece {
  /** The sector it is in. */
  readonly at: number
  readonly offset: number
  readonly bytes: Buffer
}

/** A write cut at the borders of sectors; one without bytes, which only makes the file longer, is one piece. */
function piecesOf({ offset, bytes }: FileWrite): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  do {
    const at = Math.floor((offset + from) / sector)
    const to = Math.min((at + 1) * sector - offset, bytes.length)
    pieces.push({ at, offset: offset + from, bytes: bytes.subarray(from, to) })
    from = to
  } while (from < bytes.length)
  return pieces
}

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './median.ts'
import { monotonic } from './time.ts'

const page = Buffer.alloc(4_096)
const writes = 50

// What statfs says of tmpfs and of ramfs on Linux.
const memoryKinds: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

/** The disk under `folder`, for the reader of numbers that depend on it. */
export function describeDisk(folder: string): string {
  if (memoryKinds.has(statfsSync(folder).type)) {
    return `${folder} is in memory, where syncing costs nothing: set TMPDIR to a folder on a disk`
  }
  return `${folder}, where a synced write of 4 KiB takes ${median(syncTimes(folder)).toFixed(2)} ms`
}

/** Milliseconds that each of some writes took until it was synced. */
function syncTimes(folder: string): number[] {
  const inside = mkdtempSync(join(folder, 'petaltail-bench-'))
  const file = openSync(join(inside, 'probe'), 'w')
  try {
    return Array.from({ length: writes }, () => syncedWrite(file))
  } finally {
    closeSync(file)
    rmSync(inside, { recursive: true, force: true })
  }
}

function syncedWrite(file: number): number {
  const begun = monotonic()
  writeSync(file, page)
  fdatasyncSync(file)
  return monotonic() - begun
}

import { type FileHandle, open } from 'node:fs/promises'

const chunk = 262_144
const lineEnd = 0x0a

/** The longest line that is looked at; those that are written are shorter. */
const maximumLine = 65_536

/**
 * Calls `take` for every line of a file that has an end, without it; for one that is too long with null. What another
 * process adds meanwhile may be left out. A file that is gone has no lines.
 */
export async function readLines(path: string, take: (line: Buffer | null) => void): Promise<void> {
  const file = await openOrNull(path)
  if (file === null) return
  try {
    await readAll(file, take)
  } finally {
    await file.close()
  }
}

async function readAll(file: FileHandle, take: (line: Buffer | null) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(chunk)
  let kept = 0
  let skipping = false
  for (;;) {
    const { bytesRead } = await file.read(buffer, kept, chunk - kept)
    if (bytesRead === 0) return
    const bytes = buffer.subarray(0, kept + bytesRead)
    let start = 0
    for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd, start)) {
      if (skipping || end - start > maximumLine) take(null)
      else if (end > start) take(bytes.subarray(start, end))
      skipping = false
      start = end + 1
    }
    kept = bytes.length - start
    if (kept > maximumLine) {
      kept = 0
      skipping = true
    } else buffer.copyWithin(0, start, bytes.length)
  }
}

/** The journal lets go of its oldest file while others read. */
async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

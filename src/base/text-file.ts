import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileProblem, tooLarge } from './bounded-file.ts'

const byteOrderMark = 0xfeff

/** The text of a file, or why there is none: it cannot be read, or is not what can be used. */
export type TextFile =
  | { readonly text: string }
  | { readonly problem: 'unreadable' | 'unusable'; readonly cause: string }

/** Reads a file of at most `maximum` bytes that is UTF-8; a byte order mark is left out. Never rejects. */
export async function readTextFile(path: string, maximum: number): Promise<TextFile> {
  try {
    // Opening a pipe must not wait for somebody who writes into it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (stat.isDirectory()) return { problem: 'unreadable', cause: 'this is a directory, not a file' }
    if (!stat.isFile()) return { problem: 'unreadable', cause: 'this is not a file' }
    const bytes = stat.size <= maximum ? await file.readFile() : null
    if (bytes === null || bytes.length > maximum) return { problem: 'unusable', cause: tooLarge(maximum) }
    return textOf(bytes)
  } catch (error) {
    return { problem: 'unreadable', cause: fileProblem(error) }
  }
}

function textOf(bytes: Buffer): TextFile {
  if (!isUtf8(bytes)) return { problem: 'unusable', cause: 'the file is not UTF-8 text' }
  const whole = bytes.toString()
  return { text: whole.charCodeAt(0) === byteOrderMark ? whole.slice(1) : whole }
}

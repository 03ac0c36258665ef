import { closeSync, openSync, readSync } from 'node:fs'
import { BrokerError, type ErrorCode } from './errors.ts'

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read this file',
  EISDIR: 'this is a directory, not a file',
}

/** The text of a file, pipe or device, or null when it has more than `maximum` bytes, of which no more are read. */
export function readBoundedFile(file: string, maximum: number): string | null {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.allocUnsafe(maximum + 1)
    let length = 0
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null)
      length += read
      if (length > maximum) return null
      if (read === 0) return buffer.toString('utf8', 0, length)
    }
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The text of a file that is needed.
 *
 * @throws BrokerError with the code `unreadable` when it cannot be read, `unusable` when it is larger than `maximum` bytes.
 */
export function readNeededFile(file: string, maximum: number, unreadable: ErrorCode, unusable = unreadable): string {
  let text: string | null
  try {
    text = readBoundedFile(file, maximum)
  } catch (cause) {
    throw new BrokerError(unreadable, `${file}: ${fileProblem(cause)}`, { cause })
  }
  if (text === null) throw new BrokerError(unusable, `${file}: ${tooLarge(maximum)}`)
  return text
}

/** Why a file could not be read, in words. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return causes[code] ?? `it cannot be read (${code})`
}

/** What is said of a file with more than `maximum` bytes. */
export function tooLarge(maximum: number): string {
  const size = maximum % 1_048_576 === 0 ? `${maximum / 1_048_576} MiB` : `${maximum / 1_024} KiB`
  return `the file is larger than ${size}`
}

import { setTimeout } from 'node:timers/promises'
import { BrokerError } from '../base/errors.ts'
import { readTextFile } from '../base/text-file.ts'
import type { SourceTexts } from './policy/source.ts'

const maximumBytes = 64 * 1_048_576

/**
 * Reads the files of a source.
 *
 * @throws BrokerError ACCESS_FILE_UNREADABLE or ACCESS_INVALID, with a line for each file that cannot be used.
 */
export async function readTexts(files: readonly string[]): Promise<SourceTexts> {
  const found = await Promise.all(files.map((file) => readTextFile(file, maximumBytes)))
  const texts = new Map<string, string>()
  const unreadable: string[] = []
  const unusable: string[] = []
  found.forEach((each, index) => {
    const file = files[index] ?? ''
    if ('text' in each) texts.set(file, each.text)
    else (each.problem === 'unreadable' ? unreadable : unusable).push(`${file}: ${each.cause}`)
  })
  if (unreadable.length > 0) throw new BrokerError('ACCESS_FILE_UNREADABLE', [...unreadable, ...unusable].join('\n'))
  if (unusable.length > 0) throw new BrokerError('ACCESS_INVALID', unusable.join('\n'))
  return texts
}

/** Milliseconds in which files that were changed must stay as they are: whoever writes one may have begun by emptying it. */
const quiet = 50
const mostReadings = 20

/** Reads files that have just changed: as soon as two readings find the same. @throws BrokerError as `readTexts` */
export async function settledTexts(files: readonly string[]): Promise<SourceTexts> {
  let texts = await readTexts(files)
  for (let readings = 1; readings < mostReadings; readings++) {
    await setTimeout(quiet)
    const before = texts
    texts = await readTexts(files)
    if (sameTexts(before, texts)) break
  }
  return texts
}

/** Two readings found the same. */
export function sameTexts(one: SourceTexts, other: SourceTexts): boolean {
  if (one.size !== other.size) return false
  for (const [file, text] of one) if (other.get(file) !== text) return false
  return true
}

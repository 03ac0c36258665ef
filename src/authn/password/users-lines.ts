import { setImmediate as turn } from 'node:timers/promises'
import { BrokerError } from '../../base/errors.ts'
import { isHashed } from './hash.ts'
import { type UserTable, UserTableBuilder } from './users.ts'
import { flawOfName, shownName } from './users-name.ts'

/** One line of a password file: a user, a comment or blank line, or one that is neither. */
export type PasswordLine =
  | { readonly kind: 'user'; readonly name: string; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly why: string }

const maximumMistakes = 20
/** Lines after which others get their turn. */
const atOnce = 1_000

/** Reads `name:hash`, as Mosquitto does: blanks around both do not count, and `#` is a comment in the first column. */
export function readLine(line: string): PasswordLine {
  if (line.startsWith('#') || line.trim() === '') return { kind: 'none' }
  const colon = line.indexOf(':')
  if (colon < 0) return { kind: 'wrong', why: 'a line must be a user name, ":" and a hash' }
  const name = line.slice(0, colon).trim()
  const value = line.slice(colon + 1).trim()
  const flaw = flawOfName(name)
  if (flaw !== null) return { kind: 'wrong', why: flaw }
  return value === ''
    ? { kind: 'wrong', why: `the user ${shownName(name)} has no password` }
    : { kind: 'user', name, value }
}

/**
 * Reads a password file of lines. A user may have a line with a hash, and one with a SCRAM verifier for each method.
 * Works in slices, so that a large file does not hold anybody up.
 *
 * @throws BrokerError USERS_FILE_INVALID with every mistake on a line of its own.
 */
export async function readPasswordLines(text: string, file: string): Promise<UserTable> {
  const builder = new UserTableBuilder()
  const mistakes: string[] = []
  let number = 0
  for (const line of linesOf(text)) {
    number++
    const mistake = take(builder, readLine(line), file)
    if (mistake !== null) mistakes.push(`${file}:${number}: ${mistake}`)
    if (mistakes.length >= maximumMistakes) break
    if (number % atOnce === 0) await turn()
  }
  if (mistakes.length > 0) throw new BrokerError('USERS_FILE_INVALID', mistakes.join('\n'))
  return builder.table()
}

function take(builder: UserTableBuilder, line: PasswordLine, file: string): string | null {
  if (line.kind === 'none') return null
  if (line.kind === 'wrong') return line.why
  const { name, value } = line
  if (value.startsWith('SCRAM-SHA-')) return builder.addVerifier(name, value)
  if (isHashed(value)) return builder.addHash(name, value)
  return notHashed(name, file)
}

/** What is wrong with a password that stands in a file as it is, and what to do. */
export function notHashed(name: string, file: string): string {
  return `the password of ${shownName(name)} is not hashed: run petaltail passwd -U ${file}`
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    yield end < 0 ? text.slice(start) : text.slice(start, end)
    start = end < 0 ? text.length : end + 1
  }
}

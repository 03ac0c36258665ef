import { shown } from '../../config/problem.ts'
import { didYouMean } from '../../config/suggest.ts'
import { isPattern } from '../../topic/filter.ts'
import { readBits, writeBits } from '../policy/rule.ts'

/** A line that begins the section of a user, or one that is a rule. */
export type AclLine =
  | { readonly kind: 'user'; readonly name: string }
  | {
      readonly kind: 'topic' | 'pattern'
      /** The word as it is written, null where there is none: then it is reading and writing. */
      readonly access: Access | null
      readonly filter: string
    }

export type Access = keyof typeof accessBits

/** Why a line means nothing, and where in it. */
export interface LineMistake {
  readonly kind: 'mistake'
  /** From 1. */
  readonly column: number
  readonly message: string
}

/** What an access word lets its client do; a denial is about all of it. */
export const accessBits = {
  read: readBits,
  write: writeBits,
  readwrite: readBits | writeBits,
  deny: readBits | writeBits,
} as const

/** What C calls white space. */
export function isBlank(char: number): boolean {
  return char === space || (char >= 0x09 && char <= 0x0d)
}

const kinds = ['topic', 'pattern', 'user'] as const
const maximumBytes = 65_535

/**
 * Reads one line, which has no white space at its end: `topic [access] filter`, `pattern [access] filter` or `user name`.
 * Words stand apart by spaces, not tabs; a filter has spaces only behind an access word. Null for a line that says nothing.
 */
export function readLine(line: string): AclLine | LineMistake | null {
  const start = skipSpaces(line, 0)
  if (start === line.length || line.startsWith('#')) return null
  const foreign = foreignCharacter(line)
  if (foreign !== null) return foreign
  const end = wordEnd(line, start)
  const word = line.slice(start, end)
  if (word === 'user') return readUser(line, end)
  if (word === 'topic' || word === 'pattern') return readRule(word, line, end)
  return mistake(start, unknownWord(word))
}

function readUser(line: string, end: number): AclLine | LineMistake {
  let start = end
  while (start < line.length && isBlank(line.charCodeAt(start))) start++
  if (start === line.length) return mistake(end, 'a user name is missing, write "user NAME"')
  return { kind: 'user', name: line.slice(start) }
}

function readRule(kind: 'topic' | 'pattern', line: string, end: number): AclLine | LineMistake {
  const first = skipSpaces(line, end)
  if (first >= line.length) return mistake(end, `a topic filter is missing, write "${kind} [access] FILTER"`)
  const firstEnd = wordEnd(line, first)
  const second = skipSpaces(line, firstEnd)
  if (second >= line.length) return ruleOf(kind, null, line.slice(first, firstEnd), first)
  const access = line.slice(first, firstEnd)
  if (!isAccess(access)) return mistake(first, unknownAccess(access))
  return ruleOf(kind, access, line.slice(second), second)
}

function ruleOf(kind: 'topic' | 'pattern', access: Access | null, filter: string, at: number): AclLine | LineMistake {
  if (Buffer.byteLength(filter) > maximumBytes) return mistake(at, 'the topic filter has more than 65535 bytes')
  if (!isPattern(filter)) return mistake(at + misplaced(filter), `${shown(filter)} is no topic filter: ${wildcardRule}`)
  return { kind, access, filter }
}

const wildcardRule = '+ must be a whole level, and # the whole last level'

/** Where the first wildcard stands that may not be there. */
function misplaced(filter: string): number {
  for (let at = 0; at < filter.length; at++) {
    const char = filter[at]
    if (char !== '+' && char !== '#') continue
    const next = filter[at + 1]
    const alone = (at === 0 || filter[at - 1] === '/') && (next === undefined || (next === '/' && char === '+'))
    if (!alone) return at
  }
  return 0
}

function unknownWord(word: string): string {
  if (word.startsWith('#')) return 'a comment has its # in the first column'
  if (word.includes('\t')) return `${shown(word)} has a tab: write spaces between the words`
  return `${shown(word)} is not known, a line begins with topic, pattern, user or #${didYouMean(word, kinds)}`
}

function unknownAccess(word: string): string {
  const words = Object.keys(accessBits)
  const guess = didYouMean(word, words)
  return `${shown(word)} is no access: write read, write, readwrite or deny before a topic filter with spaces${guess}`
}

function isAccess(word: string): word is Access {
  return Object.hasOwn(accessBits, word)
}

/** Characters that no name and no topic can have: the file is something else, or in another encoding. */
function foreignCharacter(line: string): LineMistake | null {
  const nul = line.indexOf('\0')
  if (nul >= 0) return mistake(nul, 'there is a NUL character')
  const broken = line.indexOf('\ufffd')
  return broken < 0 ? null : mistake(broken, 'this is not UTF-8, save the file in that encoding')
}

function skipSpaces(line: string, from: number): number {
  let at = from
  while (at < line.length && line.charCodeAt(at) === space) at++
  return at
}

function wordEnd(line: string, from: number): number {
  const end = line.indexOf(' ', from)
  return end < 0 ? line.length : end
}

function mistake(at: number, message: string): LineMistake {
  return { kind: 'mistake', column: at + 1, message }
}

const space = 0x20

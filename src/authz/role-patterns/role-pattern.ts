import { isPattern } from '../../topic/filter.ts'
import { type Level, type Pattern, patternOf, rest, single, type Variable } from '../policy/pattern.ts'

const maximumBytes = 65_535
const identifier = /:id(?!\w)/

const subject: Variable = { text: ':id', values: ({ user }) => (user === null ? [] : [user]) }

/** Turns a pattern with `+`, `#` and `:id` into one of ours. A text says what is wrong with it. */
export function parseRolePattern(text: string): Pattern | string {
  if (text === '') return 'a pattern must not be empty'
  const shown = JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
  if (Buffer.byteLength(text) > maximumBytes) return `the pattern ${shown} is longer than a topic filter can be`
  if (text.includes('\u0000')) return `the pattern ${shown} has the character NUL`
  if (!isPattern(text)) return `the pattern ${shown} is no topic filter: + stands alone in its level, and # in the last`
  return patternOf(text, text.split('/').map(levelOf))
}

/** A word in a pattern that looks like `:id`, or null. */
export function unknownWord(text: string): string | null {
  return text.match(/(?<=^|\/):(?!id(?!\w))[A-Za-z]\w*/)?.[0] ?? null
}

function levelOf(text: string): Level {
  if (text === '+') return single
  if (text === '#') return rest
  const texts = text.split(identifier)
  if (texts.length === 1) return text
  return texts.flatMap((piece, index) => (index === 0 ? [piece] : [subject, piece])).filter((piece) => piece !== '')
}

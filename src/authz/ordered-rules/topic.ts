import type { OrderedMatch } from '../../config/ordered-rules.ts'
import { shown } from '../../config/problem.ts'
import { isPattern } from '../../topic/filter.ts'
import { type Level, type Pattern, patternOf, rest, single, type Variable } from '../policy/pattern.ts'

const variable = '{%client%}'
const maximumBytes = 65_535

/** The topics of a rule, null for all. What is wrong is the text that is returned. */
export function topicsOf({ kind, text }: OrderedMatch): readonly Pattern[] | null | string {
  if (kind === 'all') return null
  const filled = kind === 'pattern'
  if (!isPattern(filled ? text.replaceAll(variable, 'x') : text))
    return `${shown(text)} is no topic filter: + must be a whole level, and # the whole last level`
  if (text.includes('\0')) return 'there is a NUL character'
  if (Buffer.byteLength(text) > maximumBytes) return 'the topic filter has more than 65535 bytes'
  const other = filled ? /\{%(?!client%\}).*?%\}/.exec(text) : null
  if (other !== null) return `${shown(other[0])} is not known, there is only ${variable}`
  return [
    patternOf(
      text,
      text.split('/').map((level) => levelOf(level, filled)),
    ),
  ]
}

/** What the operator may have meant otherwise, or null. */
export function topicRemark({ kind, text }: OrderedMatch): string | null {
  const hasVariable = text.includes(variable)
  if (kind === 'specific' && hasVariable)
    return `${variable} stands for itself here: write "pattern" to have it filled in`
  return kind === 'pattern' && !hasVariable ? `the pattern is the same for all clients: it has no ${variable}` : null
}

/** A level, or the pieces it is put together from. */
function levelOf(text: string, filled: boolean): Level {
  if (text === '+') return single
  if (text === '#') return rest
  if (!filled || !text.includes(variable)) return text
  const pieces: (string | Variable)[] = []
  for (const [index, piece] of text.split(variable).entries()) {
    if (index > 0) pieces.push(client)
    if (piece !== '') pieces.push(piece)
  }
  return pieces
}

const client: Variable = { text: variable, values: ({ user }) => (user === null ? [] : [user]) }

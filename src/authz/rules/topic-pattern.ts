import { countLevels, isPattern } from '../../topic/filter.ts'
import { type Level, type Pattern, patternOf, rest, single, type Variable } from '../policy/pattern.ts'
import { variableOf } from './variables.ts'

const maximumBytes = 65_535
const maximumLevels = 1_024

/**
 * Reads a topic filter with variables in braces, such as `dt/{user}/site-{attributes.site}/#`; `{{` and `}}` are braces.
 * Answers what is wrong with it in words when it has a mistake.
 */
export function parseTopic(text: string): Pattern | string {
  const mistake = mistakeIn(text)
  if (mistake !== null) return `${mistake}: ${shortened(text)}`
  const levels: Level[] = []
  // What stands in for a variable, so that the rest can be looked at as a filter.
  let plain = ''
  for (const part of splitLevels(text)) {
    const level = parseLevel(part)
    if ('mistake' in level) return `${level.mistake}: ${shortened(text)}`
    plain += `${plain === '' && levels.length === 0 ? '' : '/'}${level.plain}`
    levels.push(level.level)
  }
  return isPattern(plain) ? patternOf(text, levels) : `${filterMistake(plain)}: ${shortened(text)}`
}

function mistakeIn(text: string): string | null {
  if (text === '$share' || text.startsWith('$share/'))
    return 'rules are about the topics of shared subscriptions, too: leave "$share/…/" out'
  if (text.includes('\0')) return 'a topic may not have the character NUL'
  if (Buffer.byteLength(text) > maximumBytes) return 'a topic may have 65,535 bytes at most'
  if (countLevels(text) > maximumLevels) return 'a topic filter of a rule may have 1,024 levels at most'
  return null
}

function filterMistake(plain: string): string {
  return /#./s.test(plain) || /[^/]#/.test(plain)
    ? 'no topic filter: # stands for the rest of a topic, alone in the last level'
    : 'no topic filter: + stands for a level, alone in it'
}

/** The levels, a slash in braces being none. */
function splitLevels(text: string): string[] {
  return text.includes('{') ? (text.match(/(?:\{\{|\{[^{}]*\}|[^/])+|(?<=^|\/)(?=\/|$)/g) ?? ['']) : text.split('/')
}

type ParsedLevel = { readonly level: Level; readonly plain: string } | { readonly mistake: string }

function parseLevel(text: string): ParsedLevel {
  if (text === '+') return { level: single, plain: text }
  if (text === '#') return { level: rest, plain: text }
  if (!/[{}]/.test(text)) return { level: text, plain: text }
  const pieces: (string | Variable)[] = []
  let plain = ''
  for (const piece of text.match(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g) ?? []) {
    if (piece === '{' || piece === '}')
      return { mistake: 'a brace that belongs to no variable is written twice, {{ or }}' }
    const literal = piece === '{{' ? '{' : piece === '}}' ? '}' : piece
    const variable = literal === piece && piece.startsWith('{') ? variableOf(piece) : null
    if (typeof variable === 'string') return { mistake: variable }
    addPiece(pieces, variable ?? literal)
    plain += variable === null ? literal : 'x'
  }
  const [only] = pieces
  return { level: pieces.length === 1 && typeof only === 'string' ? only : pieces, plain }
}

function addPiece(pieces: (string | Variable)[], piece: string | Variable): void {
  const last = pieces.at(-1)
  if (typeof piece === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + piece
  else pieces.push(piece)
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
}

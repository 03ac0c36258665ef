import { didYouMean } from '../../config/suggest.ts'
import { type Level, type Pattern, patternOf, rest, single, type Variable } from '../policy/pattern.ts'
import type { Subject } from '../policy/subject.ts'

const open = '$' + '{'
const maximumBytes = 65_535
const none: readonly string[] = []
const attributePrefix = 'client.attributes.'
/** What all generations call the name of the client. */
const names = ['client.authenticationName', 'client.name', 'principal.deviceId']
const named: ReadonlyMap<string, Variable> = new Map(
  names.map((word) => [word, { text: `\${${word}}`, values: ({ user }: Subject) => (user === null ? none : [user]) }]),
)

/** `${client.attributes.area|-1}`: what stands for the client, and a text behind it. */
const variable = /\$\{([^{}|]*)(?:\|([^{}]*))?\}/g

const slashInBraces = /\$\{[^{}]*\//

/** Turns a topic template into a pattern. A text says what is wrong with it. */
export function parseTemplate(text: string): Pattern | string {
  if (Buffer.byteLength(text) > maximumBytes) return 'is longer than a topic filter can be'
  if (text.includes('\u0000')) return 'has the character NUL'
  const texts = levelTexts(text)
  const levels: Level[] = []
  for (const [index, level] of texts.entries()) {
    const parsed = parseLevel(level, index === texts.length - 1)
    if (!parsed.good) return parsed.flaw
    levels.push(parsed.level)
  }
  return patternOf(text, levels)
}

/** The levels of a template; a slash in braces does not end one, so that it can be said what is wrong with it. */
function levelTexts(text: string): string[] {
  if (!slashInBraces.test(text)) return text.split('/')
  const marked = text.replace(variable, (whole) => whole.replaceAll('/', '\u0000'))
  return marked.split('/').map((level) => level.replaceAll('\u0000', '/'))
}

type Parsed = { readonly good: true; readonly level: Level } | { readonly good: false; readonly flaw: string }

function parseLevel(text: string, isLast: boolean): Parsed {
  if (text === '+') return { good: true, level: single }
  if (text === '#') return isLast ? { good: true, level: rest } : bad('has # before its last level')
  if (!text.includes(open)) return isPlain(text) ? { good: true, level: text } : bad(`has ${text}: + and # stand alone`)
  const pieces: (string | Variable)[] = []
  let from = 0
  for (const match of text.matchAll(variable)) {
    const [whole, word = '', suffix = ''] = match
    const found = variableOf(word)
    if (typeof found === 'string') return bad(found)
    if (!isPlain(suffix) || suffix.includes('/')) return bad(`has ${whole}: behind | there may be no + # or /`)
    pieces.push(text.slice(from, match.index), found, suffix)
    from = match.index + whole.length
  }
  pieces.push(text.slice(from))
  const literals = pieces.filter((piece) => typeof piece === 'string')
  if (literals.some((literal) => literal.includes(open))) return bad(`has ${open} without }`)
  if (!literals.every(isPlain)) return bad(`has ${text}: + and # stand alone`)
  return { good: true, level: pieces.filter((piece) => piece !== '') }
}

function bad(flaw: string): Parsed {
  return { good: false, flaw }
}

function isPlain(text: string): boolean {
  return !text.includes('+') && !text.includes('#')
}

/** A text says why there is no such variable. */
function variableOf(word: string): Variable | string {
  const name = named.get(word)
  if (name !== undefined) return name
  const text = `\${${word}}`
  const attribute = word.startsWith(attributePrefix) ? word.slice(attributePrefix.length) : ''
  if (/^\w+$/.test(attribute)) return { text, values: (subject) => subject.attributeTexts(attribute) }
  const hint = didYouMean(word, [...names, `${attributePrefix}name`])
  return `has ${text}, which stands for nothing${hint}`
}

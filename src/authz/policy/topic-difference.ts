import { fullLevels, isGuarded } from '../../topic/cover.ts'
import { carriedFilters } from './carried.ts'
import { type Level, type Pattern, plainPattern, rest, single, type Variable } from './pattern.ts'
import type { Request, Rule } from './rule.ts'
import type { Subject } from './subject.ts'
import { isUsable, levelIs, type Pieces } from './substitution.ts'

/** How a pattern differs from a topic, or from a filter that it does not match all of. */
export interface Difference {
  /** The pattern of the rule that differs least; null for a rule about no topic in particular. */
  readonly pattern: Pattern | null
  /** Levels that differ; a different number of them counts as one. */
  readonly levels: number
  /** Levels that are the same, before the first that differs. */
  readonly same: number
}

const noDifference: Difference = { pattern: null, levels: 0, same: 0 }
const noPattern: Difference = { pattern: null, levels: 99, same: 0 }

/** The topic or filter of a request, taken apart. */
export class AskedTopic {
  readonly request: Request
  readonly levels: readonly string[]
  readonly wildcards: boolean

  constructor(request: Request) {
    this.request = request
    this.wildcards = request.action === 'subscribe'
    this.levels = this.wildcards ? fullLevels(request.topic) : request.topic.split('/')
  }
}

/** How the topics of a rule differ from that of a request, by the pattern that differs least. */
export function topicDifference(rule: Rule, subject: Subject, asked: AskedTopic): Difference {
  if (rule.topics === null || asked.request.action === 'connect') return noDifference
  const patterns = typeof rule.topics === 'string' ? carriedPatterns(rule.topics, subject) : rule.topics
  let least = noPattern
  for (const pattern of patterns) {
    const difference = compare(pattern, asked, subject)
    if (difference.levels < least.levels || (difference.levels === least.levels && difference.same > least.same)) {
      least = difference
    }
  }
  return least
}

/** What differs first, in words. */
export function differenceText({ pattern, same }: Difference, rule: Rule, subject: Subject, asked: AskedTopic): string {
  if (pattern !== null) return levelDifference(pattern.levels, asked, same, subject)
  return typeof rule.topics === 'string' ? 'no topics came with the identity' : 'it is about no topic'
}

function carriedPatterns(topics: 'carried publish' | 'carried subscribe', subject: Subject): readonly Pattern[] {
  return carriedFilters(topics, subject.identity).map(plainPattern)
}

function compare(pattern: Pattern, asked: AskedTopic, subject: Subject): Difference {
  const own = pattern.levels
  let levels = 0
  let same = 0
  for (let at = 0; at < own.length || at < asked.levels.length; at++) {
    if (!isSame(own[at], asked, at, subject)) levels++
    else if (levels === 0) same++
    if (own[at] === rest || at >= own.length || at >= asked.levels.length) break
  }
  return { pattern, levels, same }
}

function isSame(own: Level | undefined, { levels, wildcards }: AskedTopic, at: number, subject: Subject): boolean {
  const level = levels[at]
  if (own === rest) return at > 0 || !isGuarded(level)
  if (own === undefined || level === undefined) return false
  if (own === single) return !(at === 0 && isGuarded(level)) && !(wildcards && level === '#')
  if (wildcards && (level === '+' || level === '#')) return false
  return typeof own === 'string' ? own === level : levelIs(own, level, subject)
}

/** The words for a level that is known to differ. */
function levelDifference(
  pattern: readonly Level[],
  { levels, wildcards }: AskedTopic,
  at: number,
  subject: Subject,
): string {
  const own = pattern[at]
  const level = levels[at]
  if (own === rest) return guardedText
  if (own === undefined || level === undefined) return lengthText(pattern, levels)
  if (own === single) return level === '#' ? `level ${at + 1} is "#", which is more than "+"` : guardedText
  const relation = wildcards && (level === '+' || level === '#') ? 'which is more than' : 'not'
  const start = `level ${at + 1} is ${quoted(level)}, ${relation}`
  return typeof own === 'string' ? `${start} ${quoted(own)}` : piecesDifference(own, start, subject)
}

function piecesDifference(own: Pieces, start: string, subject: Subject): string {
  const missing = own.find((piece): piece is Variable => typeof piece !== 'string' && !hasValue(piece, subject))
  if (missing !== undefined) return missingText(missing, subject)
  const texts = own.map((piece) => (typeof piece === 'string' ? piece : valuesText(piece, subject)))
  return `${start} ${quoted(texts.join(''))}`
}

function hasValue(variable: Variable, subject: Subject): boolean {
  return variable.values(subject).some(isUsable)
}

function missingText(variable: Variable, subject: Subject): string {
  const [value] = variable.values(subject)
  if (value === undefined || value === '') return `the client has nothing for ${variable.text}`
  return `${variable.text} is ${quoted(value)} for this client, and +, # and / never stand for a level`
}

function valuesText(variable: Variable, subject: Subject): string {
  const values = variable.values(subject).filter(isUsable)
  return values.length === 1 ? values[0] : `{${shortened(values).join('|')}}`
}

function shortened(values: readonly string[]): readonly string[] {
  return values.length > 5 ? [...values.slice(0, 5), '…'] : values
}

function lengthText(pattern: readonly Level[], asked: readonly string[]): string {
  return `it has ${asked.length} ${asked.length === 1 ? 'level' : 'levels'}, not ${pattern.length}`
}

const guardedText = 'what begins with "$" is not matched by a wildcard in the first level'

/** A text of a client may be long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

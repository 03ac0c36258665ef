import type { Level, Pattern, Variable } from './pattern.ts'
import { rest, single } from './pattern.ts'
import type { Subject } from './subject.ts'

export type Pieces = readonly (string | Variable)[]

/** Values of one variable that count. */
const mostValues = 1_000

/** True when the pieces can be put together to this text. */
export function levelIs(pieces: Pieces, text: string, subject: Subject): boolean {
  const only = pieces.length === 1 ? pieces[0] : ''
  if (typeof only !== 'string') return hasText(only.values(subject), text)
  let reached = start
  for (const piece of pieces) {
    reached =
      typeof piece === 'string' ? behindText(piece, text, reached) : behindVariable(piece, text, reached, subject)
    if (reached.length === 0) return false
  }
  return reached.includes(text.length)
}

/** True when there is any text the pieces can be put together to; `plain`: one that does not begin with `$`. */
export function hasLevel(pieces: Pieces, subject: Subject, plain: boolean): boolean {
  let first = plain
  for (const piece of pieces) {
    if (piece === '') continue
    if (typeof piece === 'string') {
      if (first && piece.startsWith('$')) return false
    } else if (!hasUsable(piece.values(subject), first)) return false
    first = false
  }
  return true
}

/** A value never stands for more than its place. */
export function isUsable(value: string): boolean {
  if (value === '') return false
  for (let at = 0; at < value.length; at++) {
    const char = value.charCodeAt(at)
    if (char === 0x2b || char === 0x23 || char === 0x2f || char === 0) return false
  }
  return true
}

/** The pattern with the values of a client. Of several values the first is shown, and a variable without one as it is written. */
export function filterText(pattern: Pattern, subject: Subject): string {
  return pattern.levels.map((level) => levelText(level, subject)).join('/')
}

function levelText(level: Level, subject: Subject): string {
  if (level === single) return '+'
  if (level === rest) return '#'
  if (typeof level === 'string') return level
  return level.map((piece) => (typeof piece === 'string' ? piece : valueText(piece, subject))).join('')
}

function valueText(variable: Variable, subject: Subject): string {
  return variable.values(subject).find(isUsable) ?? variable.text
}

function hasText(values: readonly string[], text: string): boolean {
  const count = Math.min(values.length, mostValues)
  for (let at = 0; at < count; at++) if (values[at] === text) return isUsable(text)
  return false
}

function hasUsable(values: readonly string[], plain: boolean): boolean {
  const count = Math.min(values.length, mostValues)
  for (let at = 0; at < count; at++) {
    if (isUsable(values[at]) && !(plain && values[at].startsWith('$'))) return true
  }
  return false
}

const start: readonly number[] = [0]

function behindText(piece: string, text: string, reached: readonly number[]): readonly number[] {
  const ends: number[] = []
  for (const at of reached) if (text.startsWith(piece, at)) ends.push(at + piece.length)
  return ends
}

function behindVariable(
  piece: Variable,
  text: string,
  reached: readonly number[],
  subject: Subject,
): readonly number[] {
  const values = piece.values(subject)
  const count = Math.min(values.length, mostValues)
  const ends = new Set<number>()
  for (let index = 0; index < count; index++) {
    const value = values[index]
    for (const at of reached) if (text.startsWith(value, at) && isUsable(value)) ends.add(at + value.length)
  }
  return [...ends]
}

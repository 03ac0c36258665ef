import type { Subject } from './subject.ts'

/** A word in a pattern that stands for something of the client. */
export interface Variable {
  /**
   * As it is written in its source, such as `%u` or `${client.attributes.area}`. Variables of the same text stand for the
   * same in the same level of all patterns of one file.
   */
  readonly text: string
  /** What it stands for: several values where any of them will do, none where the client has nothing of the kind. */
  values(subject: Subject): readonly string[]
}

/**
 * One level of a pattern: a text, `+`, `#` (the last only), or pieces that are put together from texts and variables.
 * A variable never stands for more than its place: a value with `+`, `#`, `/` or NUL, or an empty one, matches nothing.
 */
export type Level = string | typeof single | typeof rest | readonly (string | Variable)[]

export const single: unique symbol = Symbol('+')
export const rest: unique symbol = Symbol('#')

/** A topic filter [MQTT 4.7] with variables. */
export interface Pattern {
  /** As it is written. */
  readonly text: string
  readonly levels: readonly Level[]
}

/** Makes a pattern of a topic filter without variables, which must be valid. */
export function plainPattern(filter: string): Pattern {
  return { text: filter, levels: plainLevels(filter) }
}

/** The levels of such a pattern. */
export function plainLevels(filter: string): Level[] {
  return filter.split('/').map((level) => (level === '+' ? single : level === '#' ? rest : level))
}

/** A pattern of a topic filter with variables. One that does not begin with `$` is about no topic that does, whatever the client is called. */
export function patternOf(text: string, levels: readonly Level[]): Pattern {
  const [first, ...others] = levels
  if (!Array.isArray(first)) return { text, levels }
  return { text, levels: [guardedLevel(first), ...others] }
}

function guardedLevel(pieces: readonly (string | Variable)[]): Level {
  const [first, ...others] = pieces
  if (first === undefined || typeof first === 'string') return pieces
  const values = (subject: Subject) => first.values(subject).filter((value) => !value.startsWith('$'))
  return [{ text: first.text, values }, ...others]
}

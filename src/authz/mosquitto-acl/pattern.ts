import { type Level, type Pattern, patternOf, plainPattern, rest, single, type Variable } from '../policy/pattern.ts'
import type { Subject } from '../policy/subject.ts'

/**
 * The filter of a `pattern` line, in which a level `%c` is the client identifier and a level `%u` the user name. Inside
 * of a level they mean nothing, as in Mosquitto 2.1.
 */
export function variablePattern(filter: string): Pattern {
  if (!filter.includes('%')) return plainPattern(filter)
  return patternOf(filter, filter.split('/').map(levelOf))
}

function levelOf(text: string): Level {
  if (text === '+') return single
  if (text === '#') return rest
  if (text === '%c') return clientId
  if (text === '%u') return user
  return text
}

/** The filter has `%c` or `%u` as part of a level, where it stands for itself. */
export function hasIdleVariable(filter: string): boolean {
  return filter.split('/').some((level) => /%[cu]/.test(level) && level.length > 2)
}

const values = {
  '%c': ({ clientId }: Subject) => [clientId],
  '%u': (subject: Subject) => (subject.user === null ? [] : [subject.user]),
} as const

const clientId = variable('%c')
const user = variable('%u')

function variable(text: '%c' | '%u'): readonly Variable[] {
  return [{ text, values: values[text] }]
}

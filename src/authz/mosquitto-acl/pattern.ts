import { type Level, type Pattern, plainPattern, rest, single, type Variable } from '../policy/pattern.ts'
import type { Subject } from '../policy/subject.ts'

/**
 * The filter of a `pattern` line, in which a level `%c` is the client identifier and a level `%u` the user name. Inside
 * of a level they mean nothing, as in Mosquitto 2.1.
 */
export function variablePattern(filter: string): Pattern {
  if (!filter.includes('%')) return plainPattern(filter)
  return { text: filter, levels: filter.split('/').map(levelOf) }
}

function levelOf(text: string, index: number): Level {
  if (text === '+') return single
  if (text === '#') return rest
  if (text === '%c') return index === 0 ? firstClientId : clientId
  if (text === '%u') return index === 0 ? firstUser : user
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
const firstClientId = firstVariable('%c')
const firstUser = firstVariable('%u')

function variable(text: '%c' | '%u'): readonly Variable[] {
  return [{ text, values: values[text] }]
}

/** A filter that does not begin with `$` is about no topic that does, whatever the name of the client is. */
function firstVariable(text: '%c' | '%u'): readonly Variable[] {
  return [{ text, values: (subject) => values[text](subject).filter((value) => !value.startsWith('$')) }]
}

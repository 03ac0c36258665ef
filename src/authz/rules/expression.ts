import { RE2JS } from 're2js'
import type { MatchFact } from '../../config/rule-spec.ts'
import type { Condition } from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'
import { certificateValues } from './certificate-values.ts'

const longestExpression = 1_024
/** Answers that are remembered, and the longest name that one is remembered of. */
const remembered = 1_000
const longestRemembered = 256

/** The whole of a name matches a regular expression; or what is wrong with the expression. */
export function expressionCondition(fact: MatchFact, expression: string): Condition | string {
  const compiled = compile(expression)
  if (typeof compiled === 'string') return compiled
  const answers = new Map<string, boolean>()
  const matches = (name: string): boolean => {
    const known = answers.get(name)
    if (known !== undefined) return known
    const answer = compiled.matches(name)
    if (answers.size >= remembered) answers.clear()
    if (name.length <= longestRemembered) answers.set(name, answer)
    return answer
  }
  const text = `${fact === 'common_name' ? 'common name of the certificate' : fact} matches ${expression}`
  return { text, holds: (subject) => namesOf(subject, fact).some(matches) }
}

function namesOf(subject: Subject, fact: MatchFact): readonly string[] {
  if (fact === 'client') return [subject.clientId]
  if (fact === 'user') return subject.user === null ? [] : [subject.user]
  return certificateValues(subject, fact)
}

/** Takes time in proportion to the length of the name, whatever the expression. */
function compile(expression: string): RE2JS | string {
  if (expression.length > longestExpression) return 'a regular expression may have 1,024 characters at most'
  try {
    return RE2JS.compile(expression)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `no regular expression this broker knows (${cause}); it has no back references and does not look ahead or behind`
  }
}

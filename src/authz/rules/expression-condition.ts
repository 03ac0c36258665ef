import type { MatchFact } from '../../config/rule-spec.ts'
import type { Expressions } from '../expression/expressions.ts'
import type { Condition } from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'
import { certificateValues } from './certificate-values.ts'

/** The whole of a name matches a regular expression; or what is wrong with the expression. `whenLong` as there. */
export function expressionCondition(
  expressions: Expressions,
  { fact, text }: { readonly fact: MatchFact; readonly text: string },
  whenLong: boolean,
): Condition | string {
  const expression = expressions.of(text)
  if (typeof expression === 'string') return expression
  return {
    text: `${fact === 'common_name' ? 'common name of the certificate' : fact} matches ${text}`,
    holds: (subject) => namesOf(subject, fact).some((name) => expression.matches(name, whenLong)),
  }
}

function namesOf(subject: Subject, fact: MatchFact): readonly string[] {
  if (fact === 'client') return [subject.clientId]
  if (fact === 'user') return subject.user === null ? [] : [subject.user]
  return certificateValues(subject, fact)
}

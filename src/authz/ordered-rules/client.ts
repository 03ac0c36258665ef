import type { OrderedMatch } from '../../config/ordered-rules.ts'
import { onlyName } from '../expression/expression.ts'
import { Expressions, type NameExpression } from '../expression/expressions.ts'
import { HasFact } from '../policy/has-fact.ts'
import type { Condition } from '../policy/rule.ts'
import { shared } from '../policy/shared.ts'

/** The conditions on the clients of one file: those that say the same are one. */
export class ClientConditions {
  readonly #named = new Map<string, readonly Condition[]>()
  readonly #like = new Map<string, readonly Condition[]>()
  readonly #expressions = new Expressions()

  /** What is wrong is the text that is returned. `denies`: the rule is for those with names too long to be compared. */
  of({ kind, text }: OrderedMatch, denies: boolean): readonly Condition[] | string {
    if (kind === 'all') return everybody
    const name = kind === 'specific' ? text : onlyName(text)
    if (name !== null) return shared(this.#named, name, () => [new HasFact('user', name, 'client')])
    const expression = this.#expressions.of(text)
    if (typeof expression === 'string') return expression
    return shared(this.#like, `${denies} ${text}`, () => [nameLike(text, expression, denies)])
  }
}

const everybody: readonly Condition[] = []

function nameLike(text: string, expression: NameExpression, denies: boolean): Condition {
  return {
    text: `client is like ${JSON.stringify(text)}`,
    holds: ({ user }) => user !== null && expression.matches(user, denies),
  }
}

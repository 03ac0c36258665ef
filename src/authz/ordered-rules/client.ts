import type { OrderedMatch } from '../../config/ordered-rules.ts'
import type { Condition } from '../policy/rule.ts'
import { compileExpression, type Expression, onlyName } from './expression.ts'
import { matched, NameResults, unmatched } from './name-results.ts'

/** Names over this length are not compared with expressions: no grant is for them, and every denial is. */
const longestName = 1_024
const maximumExpressions = 10_000

/** The conditions on the clients of one file: those that say the same are one. */
export class ClientConditions {
  readonly #named = new Map<string, readonly Condition[]>()
  readonly #expressions = new Map<string, Expression | string>()
  readonly #like = new Map<string, readonly Condition[]>()
  readonly #results = new NameResults()
  #compiled = 0

  /** What is wrong is the text that is returned. */
  of({ kind, text }: OrderedMatch, denies: boolean): readonly Condition[] | string {
    if (kind === 'all') return everybody
    const name = kind === 'specific' ? text : onlyName(text)
    if (name !== null) return shared(this.#named, name, () => [nameIs(name)])
    const expression = shared(this.#expressions, text, () => this.#compile(text))
    if (typeof expression === 'string') return expression
    return shared(this.#like, `${denies} ${text}`, () => [nameLike(expression, denies)])
  }

  #compile(text: string): Expression | string {
    if (this.#compiled >= maximumExpressions)
      return `there are more than ${maximumExpressions} different regular expressions: write names with "specific"`
    const expression = compileExpression(text)
    if (typeof expression !== 'string' && expression.simple) return expression
    this.#compiled++
    return typeof expression === 'string' ? expression : remembering(expression, this.#results)
  }
}

const everybody: readonly Condition[] = []

function shared<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key)
  if (value === undefined) {
    value = make()
    known.set(key, value)
  }
  return value
}

function remembering(expression: Expression, results: NameResults): Expression {
  const place = results.add()
  return {
    ...expression,
    matches: (name) => {
      const known = results.of(name)
      if (known[place] === 0) known[place] = expression.matches(name) ? matched : unmatched
      return known[place] === matched
    },
  }
}

function nameIs(name: string): Condition {
  return {
    text: `client is ${JSON.stringify(name)}`,
    holds: ({ user }) => user === name,
    among: { fact: 'user', values: [name] },
  }
}

function nameLike(expression: Expression, denies: boolean): Condition {
  return {
    text: `client is like ${JSON.stringify(expression.text)}`,
    holds: ({ user }) => user !== null && (user.length > longestName ? denies : expression.matches(user)),
  }
}

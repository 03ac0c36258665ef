import { compileExpression, type Expression } from './expression.ts'
import { matched, NameResults, unmatched } from './name-results.ts'

/** Names over this length are not compared with expressions. */
const longestName = 1_024
const maximumExpressions = 10_000

/** A regular expression of a file, which must match a whole name. */
export interface NameExpression {
  /** `whenLong` is the answer for names that are too long to be compared. */
  matches(name: string, whenLong: boolean): boolean
}

/**
 * The regular expressions of one file: those that say the same are one, and what was found out about a name is remembered
 * for a while. All of them are made before the first is asked.
 */
export class Expressions {
  readonly #made = new Map<string, NameExpression | string>()
  readonly #results = new NameResults()
  #compiled = 0

  /** What is wrong with it is the text that is returned. */
  of(text: string): NameExpression | string {
    let made = this.#made.get(text)
    if (made === undefined) {
      made = this.#make(text)
      this.#made.set(text, made)
    }
    return made
  }

  #make(text: string): NameExpression | string {
    if (this.#compiled >= maximumExpressions)
      return `there are more than ${maximumExpressions} different regular expressions: where a name is meant, write the name`
    const expression = compileExpression(text)
    if (typeof expression === 'string') return expression
    if (expression.simple) return { matches: bounded((name) => expression.matches(name)) }
    this.#compiled++
    return { matches: bounded(this.#remembering(expression)) }
  }

  #remembering(expression: Expression): (name: string) => boolean {
    const place = this.#results.add()
    return (name) => {
      const known = this.#results.of(name)
      if (known[place] === 0) known[place] = expression.matches(name) ? matched : unmatched
      return known[place] === matched
    }
  }
}

function bounded(matches: (name: string) => boolean): NameExpression['matches'] {
  return (name, whenLong) => (name.length > longestName ? whenLong : matches(name))
}

// The query of a client group:
//
//     (attributes.sensors = "motion" or attributes.floor <= 5) and authenticationName IN ['a', 'b']
//
//     either     = all { "or" all }                         "and" binds tighter
//     all        = one { "and" one }
//     one        = "(" either ")" | operand comparison
//     comparison = "IN" "[" literal { "," literal } "]" | ( "=" | "<>" | "!=" ) literal
//                | ( "<" | ">" | "<=" | ">=" ) number
//     operand    = "attributes." name | "authenticationName" | "name"

import { didYouMean } from '../../config/suggest.ts'
import type { AttributeValue } from '../../engine/ports.ts'
import type { Subject } from '../policy/subject.ts'
import { QueryMistake, type Token, tokensOf } from './query-tokens.ts'

/** Which clients are in a group. */
export interface Query {
  holds(subject: Subject): boolean
  /** The client is in it exactly when its name is one of these; null when that is not all there is to it. */
  readonly names: readonly string[] | null
}

/** What of a client is looked at; null where it has nothing of the kind, and then no comparison holds. */
type Operand = (subject: Subject) => AttributeValue | null

type Literal = string | number

const maximumDepth = 32
const comparisons = ['=', '<>', '!=', '<', '>', '<=', '>=', 'IN']
const operands = ['attributes', 'authenticationName', 'name']

/** @throws QueryMistake */
export function parseQuery(text: string): Query {
  return new QueryParser(tokensOf(text)).parse()
}

class QueryParser {
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Query {
    const query = this.#either()
    const { kind, text, at } = this.#next
    if (kind !== 'end')
      throw new QueryMistake(at, `"and", "or" or the end must stand here, not ${JSON.stringify(text)}`)
    return query
  }

  #either(): Query {
    const queries = [this.#all()]
    while (this.#takeWord('or')) queries.push(this.#all())
    const [first] = queries
    return queries.length === 1 && first !== undefined ? first : anyOf(queries)
  }

  #all(): Query {
    const queries = [this.#one()]
    while (this.#takeWord('and')) queries.push(this.#one())
    const [first] = queries
    if (queries.length === 1 && first !== undefined) return first
    return { names: null, holds: (subject) => queries.every((query) => query.holds(subject)) }
  }

  #one(): Query {
    const { at } = this.#next
    if (!this.#takeMark('(')) return this.#comparison()
    if (++this.#depth > maximumDepth)
      throw new QueryMistake(at, `there are more than ${maximumDepth} brackets in brackets`)
    const query = this.#either()
    if (!this.#takeMark(')')) throw new QueryMistake(this.#next.at, `the bracket at character ${at} is not closed`)
    this.#depth--
    return query
  }

  #comparison(): Query {
    const subject = this.#take()
    const operand = operandOf(subject)
    const isName = !subject.text.includes('.')
    const { text, at, kind } = this.#take()
    const word = kind === 'word' || kind === 'mark' ? text.toUpperCase() : ''
    if (word === 'IN') return equals(operand, this.#list(isName), isName)
    if (word === '=') return equals(operand, [this.#literal(isName)], isName)
    if (word === '<>' || word === '!=') return differs(operand, this.#literal(isName))
    if (!comparisons.includes(word)) {
      const hint = text === '' ? '' : `, not ${JSON.stringify(text)}`
      throw new QueryMistake(at, `one of ${comparisons.join(' ')} must stand here${hint}`)
    }
    if (isName) throw new QueryMistake(at, `a name cannot be compared with ${word}: that is for numbers`)
    return ordered(operand, word, this.#number(word))
  }

  #list(isName: boolean): readonly Literal[] {
    if (!this.#takeMark('[')) throw new QueryMistake(this.#next.at, 'a list such as ["a", "b"] must stand here')
    const literals = [this.#literal(isName)]
    while (this.#takeMark(',')) literals.push(this.#literal(isName))
    if (!this.#takeMark(']')) throw new QueryMistake(this.#next.at, 'a comma or ] must stand here')
    return literals
  }

  #literal(isName: boolean): Literal {
    const { kind, text, at } = this.#take()
    if (kind === 'text') return text
    if (kind === 'number' && !isName) return numberOf(text, at)
    const wanted = isName ? 'a text in quotes' : 'a text in quotes or a whole number'
    throw new QueryMistake(at, `${wanted} must stand here`)
  }

  #number(comparison: string): number {
    const { kind, text, at } = this.#take()
    if (kind === 'number') return numberOf(text, at)
    throw new QueryMistake(at, `a whole number must stand behind ${comparison}`)
  }

  get #next(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', text: '', at: 0 }
  }

  #take(): Token {
    const next = this.#next
    if (next.kind !== 'end') this.#index++
    return next
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#next
    if (kind !== 'word' || text.toLowerCase() !== word) return false
    this.#index++
    return true
  }

  #takeMark(mark: string): boolean {
    const { kind, text } = this.#next
    if (kind !== 'mark' || text !== mark) return false
    this.#index++
    return true
  }
}

function operandOf({ kind, text, at }: Token): Operand {
  if (kind === 'word' && (text === 'authenticationName' || text === 'name')) return ({ user }) => user
  const attribute = kind === 'word' && text.startsWith('attributes.') ? text.slice('attributes.'.length) : ''
  if (/^\w+$/.test(attribute)) return attributeOperand(attribute)
  const hint = kind === 'word' ? didYouMean(text.split('.')[0] ?? '', operands) : ''
  throw new QueryMistake(at, `attributes.…, authenticationName or name must stand here${hint}`)
}

/** One for all queries that ask for the attribute. */
function attributeOperand(name: string): Operand {
  const known = attributeOperands.get(name)
  if (known !== undefined) return known
  const operand: Operand = (subject) => subject.attribute(name)
  if (attributeOperands.size < mostOperands) attributeOperands.set(name, operand)
  return operand
}

const attributeOperands = new Map<string, Operand>()
const mostOperands = 1_000

/** Integers of 64 bits. Those beyond 2⁵³ are rounded: no attribute is that large. */
function numberOf(text: string, at: number): number {
  const value = BigInt(text)
  if (value !== BigInt.asIntN(64, value)) throw new QueryMistake(at, `${text} is no integer of 64 bits`)
  return Number(value)
}

function anyOf(queries: readonly Query[]): Query {
  const names = queries.map((query) => query.names)
  return {
    names: names.includes(null) ? null : names.flatMap((list) => list ?? []),
    holds: (subject) => queries.some((query) => query.holds(subject)),
  }
}

function equals(operand: Operand, literals: readonly Literal[], isName: boolean): Query {
  const names = isName ? literals.map(String) : null
  const [only] = literals
  if (literals.length === 1) return { names, holds: (subject) => isOne(operand(subject), only) }
  const wanted = new Set<unknown>(literals)
  return { names, holds: (subject) => isAmong(operand(subject), wanted) }
}

function differs(operand: Operand, literal: Literal): Query {
  return {
    names: null,
    holds: (subject) => {
      const value = operand(subject)
      return value !== null && !isOne(value, literal)
    },
  }
}

function isOne(value: AttributeValue | null, wanted: Literal | undefined): boolean {
  return typeof value === 'object' && value !== null ? value.some((item) => item === wanted) : value === wanted
}

/** Of a list, any item will do. */
function isAmong(value: AttributeValue | null, wanted: ReadonlySet<unknown>): boolean {
  return typeof value === 'object' && value !== null ? value.some((item) => wanted.has(item)) : wanted.has(value)
}

function ordered(operand: Operand, comparison: string, bound: number): Query {
  const compare = orders[comparison] ?? (() => false)
  return {
    names: null,
    holds: (subject) => {
      const value = operand(subject)
      return typeof value === 'number' && compare(value, bound)
    },
  }
}

const orders: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '<': (value, bound) => value < bound,
  '>': (value, bound) => value > bound,
  '<=': (value, bound) => value <= bound,
  '>=': (value, bound) => value >= bound,
}

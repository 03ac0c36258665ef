import type { AttributeSpec } from '../../config/rule-spec.ts'
import type { AttributeValue } from '../../engine/ports.ts'
import { Globs } from './glob.ts'

/** What must be true of the value of an attribute. */
export interface AttributeTest {
  /** To follow "is". */
  readonly text: string
  holds(value: AttributeValue): boolean
}

const comparisons = {
  '<': (value: number, than: number) => value < than,
  '<=': (value: number, than: number) => value <= than,
  '>': (value: number, than: number) => value > than,
  '>=': (value: number, than: number) => value >= than,
} as const

/**
 * Understands `north`, `5`, `dev-*`, `[motion, humidity]`, `= <b>`, `!= north` and `<= 5`; answers what is wrong in words.
 * Of a value that is a list, one item that fits is enough, and for `!=` none may be it.
 */
export function attributeTest(test: AttributeSpec['test']): AttributeTest | string {
  if (typeof test !== 'string') return among(typeof test === 'number' ? [test] : test)
  const [, operator = '', operand = ''] = /^(<=|>=|!=|<>|=|<|>)(?=\s|-?\d|$)\s*(.*)$/s.exec(test) ?? []
  if (operator === '') return among([test])
  if (operand === '') return `has nothing behind ${operator}; a text that begins with it is written "= ${test}"`
  if (operator === '=') return { text: JSON.stringify(operand), holds: (value) => textsOf(value).includes(operand) }
  if (operator === '!=' || operator === '<>')
    return { text: `not ${JSON.stringify(operand)}`, holds: (value) => !textsOf(value).includes(operand) }
  return comparison(operator, operand)
}

function among(items: readonly (string | number)[]): AttributeTest {
  const globs = new Globs(items.map(String))
  const text = items.map((item) => JSON.stringify(item)).join(' or ')
  return { text, holds: (value) => textsOf(value).some((item) => globs.match(item)) }
}

function comparison(operator: string, operand: string): AttributeTest | string {
  const than = wholeNumber(operand)
  if (than === null || !isComparison(operator))
    return `needs a whole number behind ${operator}, not ${JSON.stringify(operand)}`
  const compare = comparisons[operator]
  return {
    text: `${operator} ${operand}`,
    holds: (value) =>
      textsOf(value).some((item) => {
        const number = wholeNumber(item)
        return number !== null && compare(number, than)
      }),
  }
}

function textsOf(value: AttributeValue): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

function wholeNumber(text: string): number | null {
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}

function isComparison(operator: string): operator is keyof typeof comparisons {
  return Object.hasOwn(comparisons, operator)
}

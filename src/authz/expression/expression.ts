import { RE2JS, RE2JSException } from 're2js'

/** A regular expression that must match a whole name. */
export interface Expression {
  /** Matching takes so little that it need not be remembered. */
  readonly simple: boolean
  matches(name: string): boolean
}

const maximumCharacters = 1_024
/** Matching takes as many steps as the name has characters times the expression has instructions, at most. */
const maximumInstructions = 1_000

const literal = /^[^\\^$.|?*+()[\]{}]*$/

/** What is wrong with the expression is the text that is returned. */
export function compileExpression(text: string): Expression | string {
  if (text.length > maximumCharacters) return `the regular expression has over ${maximumCharacters} characters`
  if (literal.test(text)) return { simple: true, matches: (name) => name === text }
  const prefix = text.slice(0, -2)
  return text.endsWith('.*') && literal.test(prefix) ? beginsWith(prefix) : compile(text)
}

/** The name when the expression matches this name only, else null. */
export function onlyName(text: string): string | null {
  return literal.test(text) ? text : null
}

function beginsWith(prefix: string): Expression {
  // The dot is any character but the end of a line.
  return { simple: true, matches: (name) => name.startsWith(prefix) && !name.includes('\n', prefix.length) }
}

function compile(text: string): Expression | string {
  const expression = parse(text)
  if (typeof expression === 'string') return expression
  const size = expression.programSize()
  if (size > maximumInstructions)
    return `the regular expression makes ${size} instructions, more than ${maximumInstructions}: repeat less in it`
  // A matcher that keeps groups needs no automaton, which could take megabytes for each expression.
  return { simple: false, matches: (name) => expression.matcher(name).matches() }
}

function parse(text: string): RE2JS | string {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const message = error.message.replace(/^error parsing regexp: /, '')
    return `the regular expression cannot be used: ${message}${hint(text)}`
  }
}

/** Why what other languages know is not known here. */
function hint(text: string): string {
  if (/\\[1-9]|\\k[<{']|\(\?P=/.test(text)) return '; there are no back references, which could take for ever'
  if (/\(\?<?[=!]/.test(text)) return '; there is no looking ahead or back, which could take for ever'
  if (/\(\?>|[*+?}]\+/.test(text)) return '; nothing is tried twice here, so leave out what says so'
  return ''
}

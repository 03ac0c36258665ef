/** A word, mark or literal of a query. */
export interface Token {
  readonly kind: 'word' | 'mark' | 'text' | 'number' | 'end'
  /** A word or mark as it is written, a text without its quotes. */
  readonly text: string
  /** Where it begins, from 1. */
  readonly at: number
}

/** Says where in a query a mistake is. */
export class QueryMistake extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

const space = /\s*/y
const token = /(?<word>[A-Za-z_][\w.]*)|(?<number>-?\d+)(?![\w.])|(?<mark><>|!=|<=|>=|[=<>()[\],])/y
const maximumLength = 8_192

/** Takes a query apart. The last token is its end. @throws QueryMistake */
export function tokensOf(query: string): readonly Token[] {
  if (query.length > maximumLength) throw new QueryMistake(1, `a query may have ${maximumLength} characters at most`)
  const tokens: Token[] = []
  let at = after(space, query, 0)
  while (at < query.length) {
    const [next, end] = query[at] === '"' || query[at] === "'" ? textAt(query, at) : plainAt(query, at)
    tokens.push(next)
    at = after(space, query, end)
  }
  tokens.push({ kind: 'end', text: '', at: query.length + 1 })
  return tokens
}

function after(pattern: RegExp, query: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(query)
  return pattern.lastIndex
}

function plainAt(query: string, at: number): [Token, number] {
  token.lastIndex = at
  const { word, number, mark } = token.exec(query)?.groups ?? {}
  const text = word ?? number ?? mark
  if (text === undefined)
    throw new QueryMistake(at + 1, `${JSON.stringify(query.slice(at, at + 12))} cannot stand here`)
  const kind = word !== undefined ? 'word' : number !== undefined ? 'number' : 'mark'
  return [{ kind, text, at: at + 1 }, at + text.length]
}

/** A quote in a text in such quotes is written twice. */
function textAt(query: string, at: number): [Token, number] {
  const quote = query[at] ?? ''
  let text = ''
  let from = at + 1
  for (;;) {
    const end = query.indexOf(quote, from)
    if (end < 0) throw new QueryMistake(at + 1, `the text that begins here does not end with ${quote}`)
    text += query.slice(from, end)
    if (query[end + 1] !== quote) return [{ kind: 'text', text, at: at + 1 }, end + 1]
    text += quote
    from = end + 2
  }
}

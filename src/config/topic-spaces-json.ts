import { type Members, Misplaced, type Node, type Scalar } from './topic-spaces-node.ts'

const maximumDepth = 64
const maximumValues = 3_000_000
const scalar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** The value of a JSON text, of several values a list of them. @throws Misplaced */
export function parseJson(text: string): Node {
  return new JsonReader(text).read()
}

/** Like JSON.parse, but it remembers where every value begins, and does not take a name twice. */
class JsonReader {
  readonly #text: string
  #at = 0
  #values = 0
  #line = 1
  /** Where the line begins. */
  #start = 0

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\uFEFF')) this.#at = this.#start = 1
  }

  read(): Node {
    const values: Node[] = []
    this.#skipSpace()
    while (this.#at < this.#text.length) {
      values.push(this.#value(0))
      this.#skipSpace()
    }
    const [first] = values
    if (first === undefined) return { line: 1, column: 1, content: null }
    return values.length === 1 ? first : { line: 1, column: 1, content: values }
  }

  #value(depth: number): Node {
    this.#skipSpace()
    if (depth > maximumDepth) throw this.#misplaced('too deeply nested')
    if (++this.#values > maximumValues) throw this.#misplaced(`the file has more than ${maximumValues} values`)
    const line = this.#line
    const column = this.#at - this.#start + 1
    return { line, column, content: this.#content(depth) }
  }

  #content(depth: number): Node['content'] {
    const char = this.#text[this.#at]
    if (char === '{') return this.#members(depth)
    if (char === '[') return this.#items(depth)
    if (char === '"') return this.#string()
    scalar.lastIndex = this.#at
    const [found] = scalar.exec(this.#text) ?? []
    if (found === undefined)
      throw this.#misplaced(char === undefined ? 'the file breaks off' : 'a JSON value must stand here')
    return this.#scalar(found)
  }

  #members(depth: number): Members {
    const members = new Map<string, Node>()
    this.#at++
    if (this.#take('}')) return members
    do {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') throw this.#misplaced('a name in double quotes must stand here')
      const before = this.#at
      const name = this.#string()
      if (members.has(name)) {
        this.#at = before
        throw this.#misplaced('this name is given twice')
      }
      if (!this.#take(':')) throw this.#misplaced('a colon must stand here')
      members.set(name, this.#value(depth + 1))
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#misplaced('a comma or } must stand here')
    return members
  }

  #items(depth: number): readonly Node[] {
    const items: Node[] = []
    this.#at++
    if (this.#take(']')) return items
    do items.push(this.#value(depth + 1))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#misplaced('a comma or ] must stand here')
    return items
  }

  #string(): string {
    let end = this.#at + 1
    for (let char = this.#text[end]; char !== '"'; char = this.#text[end]) {
      if (char === undefined || char === '\n') throw this.#misplaced('this text does not end')
      end += char === '\\' ? 2 : 1
    }
    return String(this.#scalar(this.#text.slice(this.#at, end + 1)))
  }

  #scalar(text: string): Scalar {
    try {
      const value: unknown = JSON.parse(text)
      this.#at += text.length
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
      return null
    } catch {
      throw this.#misplaced('this is not valid JSON')
    }
  }

  #take(char: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #skipSpace(): void {
    for (;;) {
      const char = this.#text[this.#at]
      if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') return
      this.#at++
      if (char !== '\n') continue
      this.#line++
      this.#start = this.#at
    }
  }

  #misplaced(message: string): Misplaced {
    return new Misplaced(this.#line, this.#at - this.#start + 1, message)
  }
}

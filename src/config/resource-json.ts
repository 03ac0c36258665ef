import { type Members, Misplaced, type Node, type Scalar, type Take, type Taken } from './resource-node.ts'

const maximumDepth = 64
const maximumValues = 3_000_000
const scalar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
/** A name as most are: what it says is what is written. */
const plainName = /"([\w$.-]*)"/y

/** The value of a JSON text, of several values a list of them. @throws Misplaced */
export function parseJson(text: string, taken: Taken): Node {
  return new JsonReader(text, taken).read()
}

/** Like JSON.parse, but it remembers where every value begins, and does not take a name twice. */
class JsonReader {
  readonly #text: string
  readonly #taken: Taken
  #at = 0
  #values = 0
  #line = 1
  /** Where the line begins. */
  #start = 0
  /** The name of the section that is being read in the outermost one. */
  #outer: string | null = null

  constructor(text: string, taken: Taken) {
    this.#text = text
    this.#taken = taken
    if (text.startsWith('\uFEFF')) this.#at = this.#start = 1
  }

  read(): Node {
    this.#skipSpace()
    if (this.#atEnd) return { line: 1, column: 1, content: null }
    const { entries } = this.#taken
    const first = this.#value(0, entries)
    this.#skipSpace()
    if (this.#atEnd) return first
    const values: Node[] = []
    const take: Take = entries ?? ((value) => values.push(value))
    take(first)
    for (; !this.#atEnd; this.#skipSpace()) take(this.#value(0, null))
    return { line: 1, column: 1, content: values }
  }

  get #atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** Of a list the items are handed over, if there is somebody to take them. */
  #value(depth: number, take: Take | null): Node {
    this.#skipSpace()
    if (depth > maximumDepth) throw this.#misplaced('too deeply nested')
    if (++this.#values > maximumValues) throw this.#misplaced(`the file has more than ${maximumValues} values`)
    const line = this.#line
    const column = this.#at - this.#start + 1
    return { line, column, content: this.#content(depth, take) }
  }

  #content(depth: number, take: Take | null): Node['content'] {
    const char = this.#text.charCodeAt(this.#at)
    if (char === quotationMark) return this.#string()
    if (char === openBrace) return this.#members(depth)
    if (char === openBracket) return this.#items(depth, take)
    scalar.lastIndex = this.#at
    const [found] = scalar.exec(this.#text) ?? []
    if (found !== undefined) return this.#scalar(found)
    throw this.#misplaced(this.#atEnd ? 'the file breaks off' : 'a JSON value must stand here')
  }

  #members(depth: number): Members {
    const members = new Map<string, Node>()
    this.#at++
    if (this.#take(closeBrace)) return members
    do {
      this.#skipSpace()
      const before = this.#at
      const name = this.#name()
      if (members.has(name)) {
        this.#at = before
        throw this.#misplaced('this name is given twice')
      }
      if (!this.#take(colon)) throw this.#misplaced('a colon must stand here')
      members.set(name, depth > 1 ? this.#value(depth + 1, null) : this.#outerMember(name, depth))
    } while (this.#take(comma))
    if (!this.#take(closeBrace)) throw this.#misplaced('a comma or } must stand here')
    return members
  }

  /** A member of an outermost section, or of a section in one. */
  #outerMember(name: string, depth: number): Node {
    this.#skipSpace()
    const isList = this.#text.charCodeAt(this.#at) === openBracket
    const take = isList ? this.#taken.list(name, this.#outer) : null
    if (depth === 0) this.#outer = name
    const value = this.#value(depth + 1, take)
    if (depth === 0) this.#outer = null
    return value
  }

  #items(depth: number, take: Take | null): readonly Node[] {
    const items: Node[] = []
    this.#at++
    if (this.#take(closeBracket)) return items
    do {
      const item = this.#value(depth + 1, null)
      if (take === null) items.push(item)
      else take(item)
    } while (this.#take(comma))
    if (!this.#take(closeBracket)) throw this.#misplaced('a comma or ] must stand here')
    return items
  }

  #name(): string {
    if (this.#text.charCodeAt(this.#at) !== quotationMark)
      throw this.#misplaced('a name in double quotes must stand here')
    plainName.lastIndex = this.#at
    const name = plainName.exec(this.#text)?.[1]
    if (name === undefined) return this.#string()
    this.#at += name.length + 2
    return name
  }

  #string(): string {
    let end = this.#at + 1
    for (let char = this.#text.charCodeAt(end); char !== quotationMark; char = this.#text.charCodeAt(end)) {
      if (end >= this.#text.length || char === lineFeed) throw this.#misplaced('this text does not end')
      end += char === backslash ? 2 : 1
    }
    return String(this.#scalar(this.#text.slice(this.#at, end + 1)))
  }

  #scalar(text: string): Scalar {
    try {
      // A text is one of its own this way: a part of that of the file would keep all of that in memory.
      const value: unknown = JSON.parse(text)
      this.#at += text.length
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
      return null
    } catch {
      throw this.#misplaced('this is not valid JSON')
    }
  }

  /** Goes behind a character, if it is the next. */
  #take(char: number): boolean {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#at) !== char) return false
    this.#at++
    return true
  }

  #skipSpace(): void {
    for (;;) {
      const char = this.#text.charCodeAt(this.#at)
      if (char !== space && char !== lineFeed && char !== carriageReturn && char !== tab) return
      this.#at++
      if (char !== lineFeed) continue
      this.#line++
      this.#start = this.#at
    }
  }

  #misplaced(message: string): Misplaced {
    return new Misplaced(this.#line, this.#at - this.#start + 1, message)
  }
}

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const quotationMark = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

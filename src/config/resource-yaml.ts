import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { type Members, Misplaced, type Node, type Scalar } from './resource-node.ts'

const maximumDepth = 64
const maximumAliases = 100
/** Aliases can make a short text say a lot. */
const maximumNodes = 500_000

/** The value of a YAML text. @throws Misplaced */
export function parseYaml(text: string): Node {
  const lines = new LineCounter()
  let document: Document
  try {
    // The parser's own check of repeated keys takes quadratic time; ours does not.
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  } catch (error) {
    if (error instanceof RangeError) throw new Misplaced(1, 1, 'too deeply nested')
    throw error
  }
  const [mistake] = [...document.errors, ...document.warnings]
  const reader = new YamlReader(document, lines)
  if (mistake === undefined) return reader.node(document.contents, 0, 0)
  // The parser goes as deep as the text does.
  const message = mistake.message.includes('call stack') ? 'too deeply nested' : mistake.message
  throw reader.misplaced(mistake.pos[0], (message.split('\n')[0] ?? '').slice(0, 200))
}

class YamlReader {
  readonly #document: Document
  readonly #lines: LineCounter
  #aliases = 0
  #nodes = 0

  constructor(document: Document, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  /** `offset` is where the value would stand if the text has none. */
  node(value: unknown, offset: number, depth: number): Node {
    const from =
      (isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)) && value.range ? value.range[0] : offset
    if (depth > maximumDepth) throw this.misplaced(from, 'too deeply nested')
    if (++this.#nodes > maximumNodes) throw this.misplaced(from, 'the aliases make too much of it')
    if (isAlias(value)) {
      if (++this.#aliases > maximumAliases) throw this.misplaced(from, `there are more than ${maximumAliases} aliases`)
      return this.node(value.resolve(this.#document), from, depth + 1)
    }
    return { ...this.#position(from), content: this.#content(value, from, depth) }
  }

  misplaced(offset: number, message: string): Misplaced {
    const { line, column } = this.#position(offset)
    return new Misplaced(line, column, message)
  }

  #content(value: unknown, offset: number, depth: number): Node['content'] {
    if (isSeq(value)) return value.items.map((item) => this.node(item, offset, depth + 1))
    if (!isMap(value)) return isScalar(value) ? plain(value.value) : null
    const members = new Map<string, Node>()
    for (const { key, value: member } of value.items) {
      const from = isScalar(key) ? (key.range?.[0] ?? offset) : offset
      if (!isScalar(key)) throw this.misplaced(from, 'a name must be a text')
      const name = String(key.value)
      if (members.has(name)) throw this.misplaced(from, 'this name is given twice')
      members.set(name, this.node(member, from, depth + 1))
    }
    const result: Members = members
    return result
  }

  #position(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return line === 0 ? { line: 1, column: 1 } : { line, column: col }
  }
}

function plain(value: unknown): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : String(value)
}

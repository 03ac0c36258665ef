import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { fileName, type Path } from './names.ts'

/** A YAML text, its value, and where in the text each part of the value stands. */
export interface ConfigDocument {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** Where the value at `path` begins, or the key `key` in the section at `path`. */
  position(path: Path, key: string | null): Position
}

export interface Position {
  readonly line: number
  readonly column: number
}

interface Mistake {
  readonly position: Position
  readonly message: string
}

const maximumAliases = 100

export function parseConfigDocument(text: string): ConfigDocument {
  const lines = new LineCounter()
  const mistakes: Mistake[] = []
  const start = { line: 1, column: 1 }
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return line === 0 ? start : { line, column: col }
  }
  let value: unknown = null
  let contents: Document | null = null
  try {
    // The parser's own check of repeated keys takes quadratic time; ours below does not.
    contents = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
    const found = [...contents.errors, ...contents.warnings].slice(0, 20)
    for (const { pos, message } of found) mistakes.push({ position: positionOf(pos[0]), message: firstLine(message) })
    for (const { offset, key } of repeatedKeys(contents)) {
      mistakes.push({ position: positionOf(offset), message: `the option "${key}" is given twice` })
    }
    if (mistakes.length === 0) value = contents.toJS({ maxAliasCount: maximumAliases })
  } catch (error) {
    // Too many aliases, or nested deeper than the stack.
    const message = firstLine(error instanceof Error ? error.message : String(error))
    mistakes.push({ position: start, message })
  }
  return {
    value,
    mistakes,
    position: (path, key) => (contents === null ? start : positionOf(offsetAt(contents, path, key))),
  }
}

function repeatedKeys(document: Document): { offset: number; key: string }[] {
  const found: { offset: number; key: string }[] = []
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) found.push({ offset: key.range?.[0] ?? 0, key: String(key.value) })
        seen.add(key.value)
      }
    },
  })
  return found.slice(0, 20)
}

/** The offset of the deepest part of `path` that the text has: a missing option is looked for in its section. */
function offsetAt(document: Document, path: Path, key: string | null): number {
  let node: unknown = document.contents
  let offset = rangeStart(node)
  for (const step of path) {
    const next = childOf(document, node, typeof step === 'number' ? step : fileName(step))
    if (next === null) return offset
    offset = rangeStart(next.node, next.keyOffset)
    node = next.node
  }
  return key === null ? offset : (childOf(document, node, key)?.keyOffset ?? offset)
}

function childOf(
  document: Document,
  parent: unknown,
  step: string | number,
): { node: unknown; keyOffset: number } | null {
  const node: unknown = isAlias(parent) ? parent.resolve(document) : parent
  if (isSeq<Node>(node) && typeof step === 'number') {
    const item = node.items[step]
    return item === undefined ? null : { node: item, keyOffset: rangeStart(item) }
  }
  if (!isMap(node)) return null
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
  return pair === undefined ? null : { node: pair.value, keyOffset: rangeStart(pair.key) }
}

function rangeStart(node: unknown, otherwise = 0): number {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0] ?? otherwise
  return otherwise
}

function firstLine(text: string): string {
  // The parser goes as deep as the text does.
  if (text.includes('call stack')) return 'too deeply nested'
  return (text.split('\n')[0] ?? '').slice(0, 200)
}

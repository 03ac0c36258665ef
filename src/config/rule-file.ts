import { type ConfigDocument, type Position, parseConfigDocument } from './document.ts'
import { readJsonItem } from './json-item.ts'
import type { Path } from './names.ts'
import { readPlainItem } from './plain-item.ts'
import type { RuleItem } from './rule-item.ts'
import { splitRules } from './rule-items.ts'
import type { RuleMistakes } from './rule-mistakes.ts'

/** A value in a file, and where its parts stand. */
export interface Placed {
  readonly value: unknown
  /** The line it begins in, from 1. */
  readonly line: number
  /** Where the value at `path` begins, or the key `key` in the section at `path`. */
  position(path: Path, key: string | null): Position
}

/** What a file with a long list, such as one of rules, has at its outermost: the list, and the rest without it. */
export interface RuleFile {
  readonly head: Placed
  /** One after the other, so that not all of them are in memory at once; null when there is no list. */
  readonly items: Iterable<Placed> | null
}

const maximumRuleFileBytes = 33_554_432

/**
 * The YAML parser takes quadratic time for some senseless texts, and a microsecond and more for a byte of any other: what
 * it is given is bounded, in one piece and in all.
 */
const maximumPiece = 16_384
const maximumDocument = 131_072
const maximumParsed = 2_097_152
const maximumItem = 131_072

/** Reads the outermost of a YAML or JSON text; what is wrong with it is added to `mistakes`. */
export function readRuleFile(text: string, list: string, file: string, mistakes: RuleMistakes): RuleFile {
  const plain = (text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text).replaceAll('\r\n', '\n')
  const start = { line: 1, column: 1 }
  if (plain.length > maximumRuleFileBytes) {
    mistakes.add(file, start, `the file is larger than ${maximumRuleFileBytes / 1_048_576} MiB`)
    return { head: nothing, items: null }
  }
  const split = splitRules(plain, list)
  const head = split?.head ?? plain
  if (head.trim().length > maximumDocument) {
    const what =
      split === null
        ? `a file that is not JSON, and whose list is not one of "- " below "${list}:",`
        : `what does not belong to "${list}"`
    mistakes.add(file, start, `${what} may have 128 KiB at most`)
    return { head: nothing, items: null }
  }
  const document = parseConfigDocument(head)
  const whole = ({ line, column }: Position) => ({
    line: split !== null && line > split.before ? line + split.missing : line,
    column,
  })
  for (const { position, message } of document.mistakes) mistakes.add(file, whole(position), message)
  const position = (path: Path, key: string | null) => whole(document.position(path, key))
  const placed = { value: document.value, line: 1, position }
  if (split === null) return { head: placed, items: itemsOf(document, list) }
  return { head: placed, items: new ItemReader(file, mistakes).read(split.items) }
}

function itemsOf(document: ConfigDocument, name: string): Placed[] | null {
  const { value } = document
  const list: unknown =
    typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : null
  if (!Array.isArray(list)) return null
  return list.map((rule: unknown, index) => ({
    value: rule,
    line: document.position([name, index], null).line,
    position: (path, key) => document.position([name, index, ...path], key),
  }))
}

class ItemReader {
  readonly #file: string
  readonly #mistakes: RuleMistakes
  #parsed = 0

  constructor(file: string, mistakes: RuleMistakes) {
    this.#file = file
    this.#mistakes = mistakes
  }

  *read(items: readonly RuleItem[]): Iterable<Placed> {
    for (const item of items) {
      if (this.#mistakes.enough || this.#parsed > maximumParsed) break
      const rule = this.#readItem(item)
      if (rule !== null) yield rule
    }
  }

  #readItem(item: RuleItem): Placed | null {
    const start = { line: item.line, column: item.offset + 1 }
    const isShort = item.text.length <= maximumItem
    const json = isShort ? readJsonItem(item.text) : null
    if (json?.repeats === true && item.text.length > maximumPiece) {
      this.#mistakes.add(this.#file, start, 'an option is given twice')
      return null
    }
    const simple = json?.repeats === false ? json : isShort ? readPlainItem(item.text) : null
    if (simple !== null) return new Item(item, simple.value, null)
    this.#parsed += item.text.length
    if (item.text.length > maximumPiece || this.#parsed > maximumParsed) {
      this.#mistakes.add(this.#file, start, tooMuch(item))
      return null
    }
    const document = parseConfigDocument(item.text)
    for (const { position, message } of document.mistakes) {
      this.#mistakes.add(this.#file, positionIn(item, position), message)
    }
    if (document.mistakes.length > 0) return null
    const { value } = document
    return new Item(item, isJson(item) ? value : Array.isArray(value) ? value[0] : null, document)
  }
}

class Item implements Placed {
  readonly value: unknown
  readonly #item: RuleItem
  #document: ConfigDocument | null

  constructor(item: RuleItem, value: unknown, document: ConfigDocument | null) {
    this.value = value
    this.#item = item
    this.#document = document
  }

  get line(): number {
    return this.#item.line
  }

  position(path: Path, key: string | null): Position {
    // Where nothing is wrong, nobody asks: what was read without the parser is parsed only now.
    const { text } = this.#item
    this.#document ??= parseConfigDocument(text.length <= maximumPiece ? text : '')
    return positionIn(this.#item, this.#document.position(isJson(this.#item) ? path : [0, ...path], key))
  }
}

function isJson({ text }: RuleItem): boolean {
  return /^[^\s-]/.test(text)
}

function positionIn(item: RuleItem, { line, column }: Position): Position {
  return { line: item.line + line - 1, column: line === 1 ? item.offset + column : column }
}

function tooMuch({ text }: RuleItem): string {
  if (text.length > maximumItem) return 'each may have 128 KiB at most; long lists belong under "sets"'
  if (text.length > maximumPiece)
    return 'what has over 16 KiB must be JSON or simple YAML: no anchors, no escapes, no texts over several lines'
  return 'the file has over 2 MiB that are neither JSON nor simple YAML: no anchors, no escapes, no texts over several lines'
}

const nothing: Placed = { value: null, line: 1, position: () => ({ line: 1, column: 1 }) }
const byteOrderMark = 0xfeff

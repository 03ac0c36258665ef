import { splitJsonRules } from './json-items.ts'
import type { RuleItem, SplitRules } from './rule-item.ts'

/** `list` is the name of the list, `rules` above. Null for a text of another form. */
export function splitRules(text: string, list: string): SplitRules | null {
  return /^\s*\{/.test(text) ? splitJsonRules(text, list) : splitYaml(text, list)
}

function splitYaml(text: string, list: string): SplitRules | null {
  const line = new Lines(text)
  while (!(line.startsWith(`${list}:`) && isBlank(line.rest(list.length + 1)))) if (!line.next()) return null
  do if (!line.next()) return null
  while (isBlank(line.rest(0)))
  const column = line.dash
  if (column < 0) return null
  const first = line.start
  const items: RuleItem[] = []
  let item = { from: line.start, line: line.number }
  const add = (end: number) => items.push({ text: text.slice(item.from, end), line: item.line, offset: 0 })
  while (line.next()) {
    // A line that begins with a tab belongs to the item before it, whose parser says what is wrong with it.
    if (line.indent > column || isBlank(line.rest(0))) continue
    if (line.dash !== column) break
    add(line.start - 1)
    item = { from: line.start, line: line.number }
  }
  add(line.start < text.length ? line.start - 1 : text.length)
  const before = (items[0]?.line ?? 1) - 1
  return { head: text.slice(0, first) + text.slice(line.start), before, missing: line.number - before - 1, items }
}

function isBlank(text: string): boolean {
  return /^[ \t]*(?:#|$)/.test(text)
}

/** Goes from line to line without making a text of each. */
class Lines {
  readonly #text: string
  start = 0
  number = 1

  constructor(text: string) {
    this.#text = text
  }

  /** False at the end of the text, which counts as a line of its own. */
  next(): boolean {
    const end = this.#text.indexOf('\n', this.start)
    if (end < 0) {
      if (this.start < this.#text.length) this.number++
      this.start = this.#text.length
      return false
    }
    this.start = end + 1
    this.number++
    return true
  }

  /** How many spaces it begins with; infinitely many when a tab follows. */
  get indent(): number {
    let at = this.start
    while (this.#text.charCodeAt(at) === 0x20) at++
    return this.#text.charCodeAt(at) === 0x09 ? Number.POSITIVE_INFINITY : at - this.start
  }

  /** The column of a dash that begins an item; -1 when there is none. */
  get dash(): number {
    const { indent } = this
    return /^-(?:[ \t\n]|$)/.test(this.#text.slice(this.start + indent, this.start + indent + 2)) ? indent : -1
  }

  startsWith(word: string): boolean {
    return this.#text.startsWith(word, this.start)
  }

  /** What it has behind so many characters; of a long one only what it begins with. */
  rest(from: number): string {
    const end = this.#text.indexOf('\n', this.start)
    const text = this.#text.slice(this.start + from, end < 0 ? this.#text.length : end)
    return text.length > 1_000 ? text.trimStart().slice(0, 1) : text
  }
}

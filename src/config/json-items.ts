import type { RuleItem, SplitRules } from './rule-item.ts'

/** Takes a JSON text with a list of this name apart; null for what is no JSON, or has no such list. */
export function splitJsonRules(text: string, list: string): SplitRules | null {
  const scan = new Scan(text)
  if (!scan.findList(list)) return null
  const open = scan.at
  const before = scan.line
  const items: RuleItem[] = []
  while (!scan.isAt(']')) {
    const item = scan.item()
    if (item === null) return null
    items.push(item)
  }
  const lines = scan.line - before
  const removed = blank(text.slice(open, scan.at))
  return { head: text.slice(0, open) + removed + text.slice(scan.at), before, missing: Math.max(0, lines - 1), items }
}

/** One end of line for many, and what follows in the same column as long as that is not far to the right. */
function blank(text: string): string {
  const end = text.lastIndexOf('\n')
  const last = text.length - (end + 1)
  return (end < 0 ? '' : '\n') + ' '.repeat(last <= longestIndent ? last : 0)
}

const longestIndent = 1_000

/** Knows the brackets and strings of JSON, and gives up where it sees what JSON has not. */
class Scan {
  readonly #text: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
    this.#space()
  }

  get at(): number {
    return this.#at
  }

  get line(): number {
    return this.#line
  }

  isAt(character: string): boolean {
    return this.#text[this.#at] === character
  }

  /** Goes to the first item of the list of this name in the outermost object. */
  findList(name: string): boolean {
    while (this.#at < this.#text.length) {
      this.#step()
      const from = this.#at
      if (!this.isAt('"') || !this.#value()) return false
      const key = this.#text.slice(from, this.#at).trimEnd().slice(1, -1)
      if (!this.isAt(':')) return false
      this.#step()
      if (key === name && this.isAt('[')) {
        this.#step()
        return true
      }
      if (!this.#value() || !this.isAt(',')) return false
    }
    return false
  }

  /** The item here; goes to the next, or to the end of the list. */
  item(): RuleItem | null {
    const from = this.#at
    const place = { line: this.#line, offset: from - this.#lineStart }
    if (!this.#value()) return null
    const item = { text: this.#text.slice(from, this.#at).trimEnd(), ...place }
    if (this.isAt(',')) this.#step()
    else if (!this.isAt(']')) return null
    return item
  }

  /** Goes to what follows a value; false where there is none, or no end of it. */
  #value(): boolean {
    let depth = 0
    const from = this.#at
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? ''
      if (depth === 0 && ',:]}'.includes(character)) return this.#at > from
      if (character === '#' || character === "'") return false
      if (character === '"' && !this.#string()) return false
      if ('[{'.includes(character)) depth++
      if (']}'.includes(character)) depth--
      this.#step()
    }
    return false
  }

  /** Goes to the quotation mark that ends the string here. */
  #string(): boolean {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charCodeAt(this.#at)
      if (character === quotationMark) return true
      if (character === lineFeed) return false
      if (character === backslash) this.#at++
    }
    return false
  }

  #step(): void {
    this.#at++
    this.#space()
  }

  #space(): void {
    for (;;) {
      const character = this.#text.charCodeAt(this.#at)
      if (character === lineFeed) {
        this.#line++
        this.#lineStart = this.#at + 1
      } else if (character !== 0x20 && character !== 0x09 && character !== 0x0d) return
      this.#at++
    }
  }
}

const quotationMark = 0x22
const backslash = 0x5c
const lineFeed = 0x0a

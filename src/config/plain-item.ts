/**
 * Reads the text of one rule where it has nothing but the simplest forms of YAML: keys and words, quoted texts without
 * escapes, whole numbers, true and false, lists and sections. This takes a twentieth of the time of the parser that knows
 * all of YAML; what has any other form, or a mistake, is left to that.
 */
export function readPlainItem(text: string): { readonly value: unknown } | null {
  if (text.includes('\r')) return null
  const reader = new PlainReader(text)
  const value = text.startsWith('{') ? reader.flow(true) : reader.item()
  return value === none || !reader.atEnd ? null : { value }
}

/** There is no value here that is simple enough. */
const none: unique symbol = Symbol('none')

const key = /(?:"([A-Za-z_]\w*)"|([A-Za-z_]\w*)):(?=[ \n]|$)/y
/** Behind a name in quotes the value may follow the colon at once. */
const flowKey = /(?:"([A-Za-z_]\w*)" *:|([A-Za-z_]\w*) *:(?=[ \n]))/y
/** Quoted; or a word without what means something in YAML, and which no number begins with. */
const blockScalar =
  /'([^'\n]*)'(?!')|"([^"\\\n]*)"|((?:[A-Za-z_/$]|\+\/)[\w./{}+#$*<>=-]*(?: [\w./{}+$*<>=-][\w./{}+#$*<>=-]*)*)|(-?(?:0|[1-9]\d{0,14}))/y
const flowScalar =
  /'([^'\n]*)'(?!')|"([^"\\\n]*)"|((?:[A-Za-z_/$]|\+\/)[\w./+#$*<>=-]*(?: [\w./+$*<>=-][\w./+#$*<>=-]*)*)|(-?(?:0|[1-9]\d{0,14}))/y
const endOfLine = /(?: +#[^\n]*| *)(?:\n|$)(?: *(?:#[^\n]*)?\n)*/y
const endOfScalar = /(?= *(?:\n|$)| +#| *[,\]}])/y
const reserved = /^(?:true|false|null)$/i
const deepest = 8

class PlainReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return /^\s*$/.test(this.#text.slice(this.#at))
  }

  /** `- ` and what follows. */
  item(): unknown {
    this.#spaces()
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] !== ' ') return none
    this.#at++
    this.#spaces()
    if (this.#text[this.#at] === '{') return this.flow(false)
    return this.#section(this.#column())
  }

  /** A value on one line, or, when `lines`, on several. */
  flow(lines: boolean): unknown {
    const character = this.#text[this.#at]
    if (character !== '[' && character !== '{') return this.#scalar(flowScalar)
    if (this.#depth === deepest) return none
    this.#depth++
    this.#at++
    const value = character === '[' ? this.#flowList(lines) : this.#flowSection(lines)
    this.#depth--
    return value
  }

  #flowList(lines: boolean): unknown {
    const list: unknown[] = []
    for (;;) {
      this.#gap(lines)
      if (this.#take(']')) return list
      const value = this.flow(lines)
      this.#gap(lines)
      if (value === none || (!this.#take(',') && this.#text[this.#at] !== ']')) return none
      list.push(value)
    }
  }

  #flowSection(lines: boolean): unknown {
    const section: [string, unknown][] = []
    for (;;) {
      this.#gap(lines)
      if (this.#take('}')) return sectionOf(section)
      const name = this.#match(flowKey)
      if (name === null) return none
      this.#gap(lines)
      const value = this.flow(lines)
      this.#gap(lines)
      if (value === none || (!this.#take(',') && this.#text[this.#at] !== '}')) return none
      section.push([name, value])
    }
  }

  /** Keys and values on lines that begin at `column`. */
  #section(column: number): unknown {
    const section: [string, unknown][] = []
    if (++this.#depth > deepest) return none
    for (;;) {
      const name = this.#match(key)
      if (name === null) return none
      const value = this.#valueOf(column)
      if (value === none) return none
      section.push([name, value])
      if (this.#nextColumn() !== column) break
      this.#at += column
    }
    this.#depth--
    return sectionOf(section)
  }

  /** What follows a key of a section at `column`. */
  #valueOf(column: number): unknown {
    if (this.#endsLine()) {
      const next = this.#nextColumn()
      const dash = this.#text[this.#at + next] === '-' && this.#text[this.#at + next + 1] === ' '
      if (dash) return next >= column ? this.#list(next) : none
      if (next <= column) return none
      this.#at += next
      return this.#section(next)
    }
    this.#spaces()
    const flow = this.#text[this.#at] === '[' || this.#text[this.#at] === '{'
    const value = flow ? this.flow(false) : this.#scalar(blockScalar)
    return this.#endsLine() ? value : none
  }

  /** Words, numbers and lists after dashes at `column`. */
  #list(column: number): unknown {
    const list: unknown[] = []
    while (this.#nextColumn() === column && this.#text[this.#at + column] === '-') {
      this.#at += column + 1
      if (this.#text[this.#at] !== ' ') return none
      this.#spaces()
      const value = this.#text[this.#at] === '[' ? this.flow(false) : this.#scalar(blockScalar)
      if (value === none || !this.#endsLine()) return none
      list.push(value)
    }
    return list
  }

  #scalar(form: RegExp): unknown {
    form.lastIndex = this.#at
    const match = form.exec(this.#text)
    if (match === null) return none
    const [whole, single, double, word, number] = match
    endOfScalar.lastIndex = this.#at + whole.length
    if (!endOfScalar.test(this.#text)) return none
    this.#at += whole.length
    if (word !== undefined && reserved.test(word)) return word === 'true' ? true : word === 'false' ? false : none
    return number === undefined ? (single ?? double ?? word) : Number(number)
  }

  #match(form: RegExp): string | null {
    form.lastIndex = this.#at
    const match = form.exec(this.#text)
    if (match === null) return null
    this.#at += match[0].length
    const [, quoted, word] = match
    return quoted ?? (word === undefined || reserved.test(word) ? null : word)
  }

  /** Goes behind the rest of a line without a value, and behind lines that are empty. */
  #endsLine(): boolean {
    endOfLine.lastIndex = this.#at
    if (!endOfLine.test(this.#text)) return false
    this.#at = endOfLine.lastIndex
    return true
  }

  #nextColumn(): number {
    let at = this.#at
    while (this.#text[at] === ' ') at++
    return at === this.#text.length ? -1 : at - this.#at
  }

  #column(): number {
    return this.#at - (this.#text.lastIndexOf('\n', this.#at) + 1)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #spaces(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }

  #gap(lines: boolean): void {
    for (;;) {
      const character = this.#text[this.#at]
      if (character !== ' ' && !(lines && (character === '\n' || character === '\t'))) return
      this.#at++
    }
  }
}

/** Keys that are given twice are for the other parser to complain about. */
function sectionOf(entries: readonly [string, unknown][]): unknown {
  const section = Object.fromEntries(entries)
  return Object.keys(section).length === entries.length ? section : none
}

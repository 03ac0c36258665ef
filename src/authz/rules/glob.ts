/** Texts, of which some have a `*` that stands for any characters, or for none. */
export class Globs {
  /** Those without `*`, which match themselves. */
  readonly exact: ReadonlySet<string>
  readonly #patterns: readonly (readonly string[])[]

  constructor(values: readonly string[]) {
    this.exact = new Set(values.filter((value) => !value.includes('*')))
    this.#patterns = values.filter((value) => value.includes('*')).map((value) => value.split('*'))
  }

  /** All of them match themselves only. */
  get plain(): boolean {
    return this.#patterns.length === 0
  }

  match(text: string): boolean {
    if (this.exact.has(text)) return true
    for (const pieces of this.#patterns) if (matches(pieces, text)) return true
    return false
  }
}

/** Each piece where it is found first is enough: the `*` before the next takes the rest. */
function matches(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  const end = text.length - last.length
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (let index = 1; index < pieces.length - 1; index++) {
    const piece = pieces[index] ?? ''
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= end
}

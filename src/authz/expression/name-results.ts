/** Bytes for what is remembered, and names it is remembered of. */
const maximumBytes = 8_388_608
const maximumNames = 10_000

/** What is not known yet is 0. */
export const matched = 1
export const unmatched = 2

/** Remembers which expressions match which names: of the names that were asked for last. */
export class NameResults {
  #expressions = 0
  #recent = new Map<string, Int8Array>()
  #older = new Map<string, Int8Array>()
  #lastName: string | null = null
  #last: Int8Array = new Int8Array(0)

  /** The place of one more expression in the results of a name. All are added before the first name is asked for. */
  add(): number {
    return this.#expressions++
  }

  /** The results of a name, to read and to write. */
  of(name: string): Int8Array {
    if (name === this.#lastName) return this.#last
    this.#lastName = name
    this.#last = this.#recent.get(name) ?? this.#remember(name)
    return this.#last
  }

  #remember(name: string): Int8Array {
    const half = Math.min(maximumNames, Math.ceil(maximumBytes / (this.#expressions + 1))) / 2
    if (this.#recent.size >= half) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    const results = this.#older.get(name) ?? new Int8Array(this.#expressions)
    this.#recent.set(name, results)
    return results
  }
}

import type { Report } from './rule-texts.ts'
import { textsOf } from './rule-texts.ts'
import { didYouMean } from './suggest.ts'

/** What a list that names sets may come to, over all rules of a file. */
const maximumCopied = 1_000_000

/** Lists with a name, which rules say as `$name`. */
export class Sets {
  readonly #sets: ReadonlyMap<string, readonly string[]>
  #copied = 0

  constructor(sets: ReadonlyMap<string, readonly string[]>) {
    this.#sets = sets
  }

  /** The list with the sets in place of their names; or what is wrong with it. The same set is the same list. */
  expand(values: readonly string[]): readonly string[] | string {
    if (!values.some((value) => value.startsWith('$'))) return values
    const lists: (readonly string[])[] = []
    for (const value of values) {
      const list = this.#listOf(value)
      if (typeof list === 'string') return list
      lists.push(list)
    }
    const [only] = lists
    if (lists.length === 1 && only !== undefined) return only
    const all = lists.flat()
    this.#copied += all.length
    return this.#copied > maximumCopied
      ? 'the lists of all rules have over a million names: make a set of this one'
      : all
  }

  #listOf(value: string): readonly string[] | string {
    if (!value.startsWith('$')) return [value]
    if (value.startsWith('$$')) return [value.slice(1)]
    const name = value.slice(1)
    const found = this.#sets.get(name)
    const hint = didYouMean(name, this.#sets.keys()) || '; a name that begins with $ is written $$'
    return found ?? `there is no set "${name}"${hint}`
  }
}

/** Reads the section `sets`. */
export function readSets(value: unknown, report: Report): Sets {
  const sets = new Map<string, readonly string[]>()
  if (value === undefined || value === null) return new Sets(sets)
  if (typeof value !== 'object' || Array.isArray(value)) {
    report(['sets'], null, 'sets must be a section of lists, such as "operators: [alice, bob]"')
    return new Sets(sets)
  }
  for (const [name, list] of Object.entries(value)) {
    const values = /^[\w.-]+$/.test(name) ? textsOf(list, ['sets', name], name, report) : null
    if (values === null) {
      if (!/^[\w.-]+$/.test(name))
        report(['sets'], name, 'the name of a set has letters, digits, "_", "-" and "." only')
    } else if (values.some((each) => /^\$(?!\$)/.test(each)))
      report(['sets'], name, 'a set may not have other sets in it')
    else
      sets.set(
        name,
        values.map((each) => each.replace(/^\$/, '')),
      )
  }
  return new Sets(sets)
}

import { type Level, type Pattern, rest, single } from '../policy/pattern.ts'

/** One level of the templates that have the same levels before it. */
interface Branch<T> {
  /** By text; `+` for single levels and those with variables. */
  readonly next: Map<string, Branch<T>>
  /** What ends here. */
  end: T | null
  /** What ends here with `#`. */
  rest: T | null
  /** Anything that ends here or further on. */
  readonly some: T
}

/** Topic templates of which no two may match the same topic; what a variable stands for may be any level. */
export class DistinctTemplates<T> {
  readonly #first = new Map<string, Branch<T>>()
  #all: T | null = null

  /** What has a template that overlaps with this one; null when there was none, and this one was added. */
  add(pattern: Pattern, owner: T): T | null {
    const levels = pattern.levels.map(textOf)
    const found = this.#overlapping(levels)
    if (found === null) this.#insert(levels, owner)
    return found
  }

  #overlapping(levels: readonly string[]): T | null {
    const [first = ''] = levels
    // [MQTT-4.7.2-1]
    const isSpecial = first.startsWith('$')
    if (this.#all !== null && !isSpecial) return this.#all
    if (first === '#' || first === '+') {
      for (const [text, branch] of this.#first) {
        const found = text.startsWith('$') ? null : first === '#' ? branch.some : below(branch, levels)
        if (found !== null) return found
      }
      return null
    }
    const same = this.#first.get(first)
    const single = isSpecial ? undefined : this.#first.get('+')
    return (same && below(same, levels)) ?? (single && below(single, levels)) ?? null
  }

  #insert(levels: readonly string[], owner: T): void {
    let branches = this.#first
    let last: Branch<T> | null = null
    for (const level of levels) {
      if (level === '#') {
        if (last === null) this.#all = owner
        else last.rest = owner
        return
      }
      const branch: Branch<T> = branches.get(level) ?? { next: new Map(), end: null, rest: null, some: owner }
      branches.set(level, branch)
      branches = branch.next
      last = branch
    }
    if (last !== null) last.end = owner
  }
}

/** Looks from the second level on, without recursion: templates may have any number of levels. */
function below<T>(from: Branch<T>, levels: readonly string[]): T | null {
  let branches = [from]
  for (let depth = 1; branches.length > 0; depth++) {
    const level = levels[depth]
    const following: Branch<T>[] = []
    for (const branch of branches) {
      const found = branch.rest ?? (level === undefined ? branch.end : level === '#' ? branch.some : null)
      if (found !== null) return found
      if (level === undefined) continue
      for (const next of level === '+' ? branch.next.values() : [branch.next.get(level), branch.next.get('+')]) {
        if (next !== undefined) following.push(next)
      }
    }
    branches = following
  }
  return null
}

function textOf(level: Level): string {
  if (level === single || typeof level === 'object') return '+'
  return level === rest ? '#' : level
}

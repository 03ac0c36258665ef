import type { Condition, Rule } from '../policy/rule.ts'

/**
 * Rules by what they must share with another to cover it or to meet it: one of its names, or one of its conditions; and the
 * first level of a topic.
 */
export class RuleBuckets {
  readonly #buckets = new Map<unknown, Map<string, Rule[]>>()

  add(rule: Rule): void {
    for (const key of keysOf(rule.who)) {
      let byTopic = this.#buckets.get(key)
      if (byTopic === undefined) this.#buckets.set(key, (byTopic = new Map()))
      for (const level of levelsOf(rule)) {
        const bucket = byTopic.get(level)
        if (bucket === undefined) byTopic.set(level, [rule])
        else bucket.push(rule)
      }
    }
  }

  /** Rules that may cover this one or meet it, some more than once. */
  *about(rule: Rule): Iterable<Rule> {
    const levels = new Set([...levelsOf(rule), any])
    for (const key of [everyone, ...keysOf(rule.who, mostKeys)]) {
      const byTopic = this.#buckets.get(key)
      if (byTopic === undefined) continue
      if (levelsOf(rule).has(any)) for (const bucket of byTopic.values()) yield* bucket
      else for (const level of levels) yield* byTopic.get(level) ?? []
    }
  }
}

const everyone = 'everyone'
const any = '+'
const mostKeys = 10

/** One is enough to be found by, but it must be one that the other has, too. */
function keysOf(who: readonly Condition[], most = Number.POSITIVE_INFINITY): unknown[] {
  if (who.length === 0) return most === Number.POSITIVE_INFINITY ? [everyone] : []
  return who.flatMap((condition): unknown[] => {
    const { among } = condition
    return among === undefined ? [condition] : among.values.slice(0, most).map((value) => `${among.fact} ${value}`)
  })
}

function levelsOf({ topics }: Rule): ReadonlySet<string> {
  if (topics === null || typeof topics === 'string') return new Set([any])
  return new Set(topics.map(({ levels: [first] }) => (typeof first === 'string' ? `/${first}` : any)))
}

import type { Seeker } from './covering.ts'
import type { Entry } from './level-tree.ts'
import { patternOverlaps } from './overlapping.ts'
import { rest, single } from './pattern.ts'
import type { TopicLevels } from './topic-levels.ts'

/**
 * Finds patterns that overlap with a filter. A tree is of no use for it, as every `+` of the filter leads to all that is
 * below: instead, each pattern is listed for each of its levels, and of the levels of the filter that one is followed which
 * has the shortest lists. For `+/b/+` and the patterns `a/b/c`, `a/c/#`, `a/+/d`:
 *
 *     level 1 │ a: a/b/c a/c/# a/+/d
 *     level 2 │ b: a/b/c   c: a/c/#   wild: a/+/d     ← b and wild are looked at
 *     level 3 │ c: a/b/c   d: a/+/d   open: a/c/#
 */
export class OverlapIndex {
  readonly #entries: Entry[] = []
  readonly #levels: LevelLists[] = []

  /** Entries are added in the order of their rules. */
  add(entry: Entry): void {
    this.#entries.push(entry)
    if (this.#entries.length === few) for (const one of this.#entries) this.#list(one)
    else if (this.#entries.length > few) this.#list(entry)
  }

  /**
   * Offers the rules with a pattern that matches some topic that a filter in full (see `fullFilter`) matches. A rule that
   * cannot be the first is not always offered.
   */
  offer(filter: TopicLevels, seeker: Seeker): void {
    if (this.#entries.length < few) offerThose(this.#entries, filter, seeker)
    else this.#follow(this.#choose(filter), filter, seeker)
  }

  /** The number of the level to follow; one more than there are for none, as all patterns may overlap. */
  #choose(filter: TopicLevels): number {
    let chosen = this.#levels.length
    let least = this.#entries.length
    let open = 0
    for (let at = 0; at < this.#levels.length; at++) {
      const lists = this.#levels[at]
      const level = filter.at(at)
      if (level === '#') break
      open += lists.open.length
      const listed = level === '+' ? least : open + lists.count(level)
      if (listed < least) {
        least = listed
        chosen = at
      }
      if (level === null) break
    }
    return chosen
  }

  #follow(chosen: number, filter: TopicLevels, seeker: Seeker): void {
    if (chosen === this.#levels.length) {
      offerThose(this.#entries, filter, seeker)
      return
    }
    for (let at = 0; at <= chosen; at++) offerThose(this.#levels[at].open, filter, seeker)
    this.#levels[chosen].offer(filter.at(chosen), filter, seeker)
  }

  #list(entry: Entry): void {
    const depth = entry.levels.length
    for (let at = 0; at <= depth && at < deepest; at++) {
      if (at === this.#levels.length) this.#levels.push(new LevelLists())
      this.#levels[at].add(entry, at)
    }
  }
}

/** Patterns by what one of their levels is. */
class LevelLists {
  readonly open: Entry[] = []
  /** Those that have no such level, but all before. */
  readonly #ended: Entry[] = []
  readonly #wild: Entry[] = []
  readonly #texts = new Map<string, Entry[]>()
  /** Those with variables, by the text before the first. */
  readonly #prefixes = new Map<string, Entry[]>()
  readonly #lengths: number[] = []

  add(entry: Entry, at: number): void {
    const level = entry.levels[at]
    if (level === undefined) {
      if (entry.levels[at - 1] !== rest) this.#ended.push(entry)
    } else if (level === rest) this.open.push(entry)
    else if (level === single) this.#wild.push(entry)
    else if (typeof level === 'string') append(this.#texts, level, entry)
    else {
      const prefix = typeof level[0] === 'string' ? level[0] : ''
      append(this.#prefixes, prefix, entry)
      if (!this.#lengths.includes(prefix.length)) this.#lengths.push(prefix.length)
    }
  }

  /** How many there are that this level of a filter, which is not a wildcard, or none, may be one of. */
  count(level: string | null): number {
    if (level === null) return this.#ended.length
    let count = this.#wild.length + (this.#texts.get(level)?.length ?? 0)
    for (const length of this.#lengths) count += this.#prefixed(level, length).length
    return count
  }

  offer(level: string | null, filter: TopicLevels, seeker: Seeker): void {
    if (level === null) {
      offerThose(this.#ended, filter, seeker)
      return
    }
    offerThose(this.#texts.get(level) ?? nothing, filter, seeker)
    offerThose(this.#wild, filter, seeker)
    for (const length of this.#lengths) offerThose(this.#prefixed(level, length), filter, seeker)
  }

  #prefixed(level: string, length: number): readonly Entry[] {
    return length > level.length ? nothing : (this.#prefixes.get(level.slice(0, length)) ?? nothing)
  }
}

/** As many patterns are looked at one by one. */
const few = 16
/** Levels by which patterns are found. */
const deepest = 32
const nothing: readonly Entry[] = []

function append(lists: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [entry])
  else list.push(entry)
}

function offerThose(entries: readonly Entry[], filter: TopicLevels, seeker: Seeker): void {
  for (const { rule, levels } of entries) {
    if (rule >= seeker.limit) return
    if (!seeker.excludes(rule) && patternOverlaps(levels, filter, seeker.subject)) seeker.offer(rule)
  }
}

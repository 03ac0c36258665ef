import type { LevelNode, VariableBranches } from './level-tree.ts'
import { type Level, rest, single } from './pattern.ts'
import type { Subject } from './subject.ts'
import { levelIs } from './substitution.ts'
import type { TopicLevels } from './topic-levels.ts'

/** Looks for the rule with the lowest number among those that a walk through a tree finds. */
export interface Seeker {
  readonly subject: Subject
  /** Only rules below this number matter. */
  readonly limit: number
  /** Only rules about one of these actions matter. */
  readonly actions: number
  /** True when a rule is known not to be one that is looked for, without looking far. */
  excludes(rule: number): boolean
  /** Lowers the limit to this rule, if it is one that is looked for. */
  offer(rule: number): void
}

/**
 * Offers the rules with a pattern that matches all that `levels` match: a topic, or, with `wildcards`, a filter in full
 * (see `fullFilter`). A rule that cannot be the first is not always offered.
 */
export function offerCovering(root: LevelNode, levels: TopicLevels, wildcards: boolean, seeker: Seeker): void {
  const guarded = isGuarded(levels)
  nodes.push(root)
  depths.push(0)
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const depth = depths.pop() ?? 0
    if (node.lowest >= seeker.limit || (node.actions & seeker.actions) === 0) continue
    for (const entry of node.loose) {
      if (entry.rule >= seeker.limit) break
      if (coversFrom(entry.levels, depth, levels, wildcards, seeker.subject)) seeker.offer(entry.rule)
    }
    const { branches } = node
    if (branches === null) continue
    const behindWildcards = depth > 0 || !guarded
    if (behindWildcards) offerAll(branches.opens, seeker)
    const level = levels.at(depth)
    if (level === null) offerAll(branches.ends, seeker)
    else if (!wildcards || level !== '#') {
      if (branches.single !== null && behindWildcards) push(branches.single, depth + 1)
      if (wildcards && level === '+') continue
      if (branches.variables !== null) pushVariables(branches.variables, level, depth + 1, seeker.subject)
      const next = branches.texts.get(level)
      if (next !== undefined) push(next, depth + 1)
    }
  }
}

/** True when a pattern matches all that `levels` match, whose first levels, so many, are known to be matched. */
function coversFrom(
  pattern: readonly Level[],
  from: number,
  levels: TopicLevels,
  wildcards: boolean,
  subject: Subject,
): boolean {
  for (let at = from; ; at++) {
    if (at === pattern.length) return levels.at(at) === null
    const own = pattern[at]
    if (own === rest) return at > 0 || !isGuarded(levels)
    const level = levels.at(at)
    if (level === null || (wildcards && level === '#')) return false
    if (own === single) {
      if (at === 0 && isGuarded(levels)) return false
    } else if (wildcards && level === '+') return false
    else if (!isLevel(own, level, subject)) return false
  }
}

export function isLevel(own: Exclude<Level, typeof single | typeof rest>, level: string, subject: Subject): boolean {
  return typeof own === 'string' ? own === level : levelIs(own, level, subject)
}

/** The first level is one that wildcards never stand for [MQTT-4.7.2-1]. */
export function isGuarded(levels: TopicLevels): boolean {
  return levels.at(0)?.charCodeAt(0) === dollar
}

export function offerAll(rules: readonly number[], seeker: Seeker): void {
  for (const rule of rules) {
    if (rule >= seeker.limit) return
    seeker.offer(rule)
  }
}

const nodes: LevelNode[] = []
const depths: number[] = []
const dollar = 0x24

function push(node: LevelNode, depth: number): void {
  nodes.push(node)
  depths.push(depth)
}

function pushVariables(variables: VariableBranches, level: string, depth: number, subject: Subject): void {
  for (const length of variables.lengths) {
    if (length > level.length) continue
    const branches = variables.byPrefix.get(length === 0 ? '' : level.slice(0, length))
    if (branches === undefined) continue
    for (const { pieces, node } of branches) if (levelIs(pieces, level, subject)) push(node, depth)
  }
}

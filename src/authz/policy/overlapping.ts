import { isGuarded, isLevel, offerAll, type Seeker } from './covering.ts'
import type { Branches, LevelNode, VariableBranch } from './level-tree.ts'
import { type Level, rest, single } from './pattern.ts'
import type { Subject } from './subject.ts'
import { hasLevel } from './substitution.ts'
import type { TopicLevels } from './topic-levels.ts'

export type Effect = 'allow' | 'deny'

/**
 * Offers the rules about reading, of one effect, with a pattern that matches some topic that a filter in full (see
 * `fullFilter`) matches. `deny` stands for all that do not allow. A rule that cannot be the first is not always offered.
 */
export function offerOverlapping(root: LevelNode, filter: TopicLevels, effect: Effect, seeker: Seeker): void {
  nodes.push(root)
  depths.push(0)
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const depth = depths.pop() ?? 0
    if ((effect === 'allow' ? node.lowestAllowing : node.lowestDenying) >= seeker.limit) continue
    for (const { rule, levels } of node.loose) {
      if (rule >= seeker.limit) break
      const overlaps =
        depth === below ? hasLevels(levels, 0, seeker.subject) : overlapsFrom(levels, depth, filter, seeker.subject)
      if (overlaps) seeker.offer(rule)
    }
    if (node.branches !== null) pushBranches(node.branches, depth, filter, seeker)
  }
}

/** True when a pattern and a filter match a topic both, where their first levels, so many, are known to. */
export function overlapsFrom(pattern: readonly Level[], from: number, filter: TopicLevels, subject: Subject): boolean {
  for (let at = from; ; at++) {
    const own = pattern[at]
    const level = filter.at(at)
    if (level === '#') return hasLevels(pattern, at, subject)
    if (own === rest) return at > 0 || !isGuarded(filter)
    if (own === undefined || level === null) return own === undefined && level === null
    if (own === single) {
      if (at === 0 && isGuarded(filter)) return false
    } else if (level === '+') {
      if (!isWithinWildcard(own, at, subject)) return false
    } else if (!isLevel(own, level, subject)) return false
  }
}

function pushBranches(branches: Branches, depth: number, filter: TopicLevels, seeker: Seeker): void {
  const level = depth === below ? '#' : filter.at(depth)
  if (depth !== 0 || !isGuarded(filter)) offerAll(branches.opens, seeker)
  if (level === null || level === '#') offerAll(branches.ends, seeker)
  if (level === null) return
  const next = level === '#' ? below : depth + 1
  if (branches.single !== null && (depth !== 0 || !isGuarded(filter))) push(branches.single, next)
  if (level === '#' || level === '+') {
    for (const [text, node] of branches.texts) if (isWithinWildcard(text, depth, seeker.subject)) push(node, next)
    for (const branch of variablesOf(branches)) {
      if (isWithinWildcard(branch.pieces, depth, seeker.subject)) push(branch.node, next)
    }
  } else {
    const node = branches.texts.get(level)
    if (node !== undefined) push(node, next)
    for (const branch of variablesOf(branches)) {
      if (isLevel(branch.pieces, level, seeker.subject)) push(branch.node, next)
    }
  }
}

/** True when each level of a pattern from one on stands for something: a variable may have no value. */
function hasLevels(pattern: readonly Level[], from: number, subject: Subject): boolean {
  for (let at = from; at < pattern.length; at++) {
    const own = pattern[at]
    if (own !== single && own !== rest && typeof own !== 'string' && !hasLevel(own, subject, false)) return false
  }
  return true
}

/** True when `+` or `#` in this place stands for the level, too, or for one that it can be [MQTT-4.7.2-1]. */
function isWithinWildcard(own: Exclude<Level, symbol>, depth: number, subject: Subject): boolean {
  if (typeof own === 'string') return depth !== 0 || !own.startsWith('$')
  return hasLevel(own, subject, depth === 0)
}

/** Everything below a node is matched. */
const below = -1
const nodes: LevelNode[] = []
const depths: number[] = []

function push(node: LevelNode, depth: number): void {
  nodes.push(node)
  depths.push(depth)
}

function variablesOf(branches: Branches): readonly VariableBranch[] {
  return branches.variables === null ? noBranches : branches.variables.all
}

const noBranches: readonly VariableBranch[] = []

import { isGuarded, isLevel } from './covering.ts'
import { type Level, rest, single } from './pattern.ts'
import type { Subject } from './subject.ts'
import { hasLevel } from './substitution.ts'
import type { TopicLevels } from './topic-levels.ts'

/** True when some topic is matched by a pattern and by a filter in full, see `fullFilter`. */
export function patternOverlaps(pattern: readonly Level[], filter: TopicLevels, subject: Subject): boolean {
  const guarded = isGuarded(filter)
  for (let at = 0; ; at++) {
    const own = pattern[at]
    const level = filter.at(at)
    if (level === '#') return hasLevels(pattern, at, subject)
    if (own === rest) return at > 0 || !guarded
    if (own === undefined || level === null) return own === undefined && level === null
    if (own === single) {
      if (at === 0 && guarded) return false
    } else if (level === '+') {
      if (!isWithinWildcard(own, at, subject)) return false
    } else if (!isLevel(own, level, subject)) return false
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

/** True when `+` in this place stands for the level, or for one that it can be [MQTT-4.7.2-1]. */
function isWithinWildcard(own: Exclude<Level, symbol>, depth: number, subject: Subject): boolean {
  if (typeof own === 'string') return depth !== 0 || !own.startsWith('$')
  return hasLevel(own, subject, depth === 0)
}

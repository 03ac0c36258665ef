import { type Level, type Pattern, rest, single } from '../policy/pattern.ts'
import type { Rule } from '../policy/rule.ts'

/** True when every topic that `other` is about is one that `rule` is about, whoever the client is. */
export function coversTopics(rule: Rule, other: Rule): boolean {
  if (rule.topics === null) return true
  if (typeof rule.topics === 'string' || other.topics === null || typeof other.topics === 'string')
    return rule.topics === other.topics
  const patterns = rule.topics
  return other.topics.every((narrow) => patterns.some((wide) => coversPattern(wide, narrow)))
}

/** True when some topic may be one that both are about. */
export function meetTopics(one: Rule, other: Rule): boolean {
  if (one.topics === null || other.topics === null) return true
  if (typeof one.topics === 'string' || typeof other.topics === 'string') return true
  const patterns = other.topics
  return one.topics.some((first) => patterns.some((second) => meet(first, second)))
}

/** What a variable stands for is one level at most, so `+` covers it; but it may begin with `$`, so not in the first. */
function coversPattern({ levels: wide }: Pattern, { levels: narrow }: Pattern): boolean {
  for (let at = 0; ; at++) {
    const one = wide[at]
    const two = narrow[at]
    if (one === rest) return at > 0 || !mayBeGuarded(two)
    if (one === undefined || two === undefined) return one === two
    if (one === single) {
      if (two === rest || (at === 0 && mayBeGuarded(two))) return false
    } else if (!sameLevel(one, two)) return false
  }
}

function meet({ levels: first }: Pattern, { levels: second }: Pattern): boolean {
  for (let at = 0; ; at++) {
    const one = first[at]
    const two = second[at]
    if (one === rest || two === rest) return at > 0 || !(isGuarded(one) || isGuarded(two))
    if (one === undefined || two === undefined) return one === two
    if (typeof one === 'string' && typeof two === 'string' && one !== two) return false
    if (at === 0 && ((one === single && isGuarded(two)) || (two === single && isGuarded(one)))) return false
  }
}

function sameLevel(one: Level, two: Level): boolean {
  if (typeof one !== 'object' || typeof two !== 'object') return one === two
  if (one.length !== two.length) return false
  return one.every((piece, index) => {
    const other = two[index]
    if (typeof piece === 'string' || typeof other === 'string' || other === undefined) return piece === other
    return piece.text === other.text
  })
}

function isGuarded(level: Level | undefined): boolean {
  return typeof level === 'string' && level.startsWith('$')
}

function mayBeGuarded(level: Level | undefined): boolean {
  if (typeof level !== 'object') return isGuarded(level)
  const [first] = level
  return typeof first !== 'string' || first.startsWith('$')
}

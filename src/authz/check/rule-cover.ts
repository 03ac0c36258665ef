import { actionBit, type Condition, type Rule } from '../policy/rule.ts'
import { coversTopics } from './pattern-cover.ts'

/** True when `rule` matches every request that `other` matches. */
export function coversRule(rule: Rule, other: Rule): boolean {
  return (
    typeof rule.effect === 'string' &&
    coversActions(rule, other) &&
    rule.maximumQos >= other.maximumQos &&
    (rule.retain === null || rule.retain === other.retain) &&
    coversWho(rule.who, other.who) &&
    coversTopics(rule, other)
  )
}

/** Every client that fulfils the conditions of `other` fulfils those of `who`. */
export function coversWho(who: readonly Condition[], other: readonly Condition[]): boolean {
  return who.every((condition) => other.some((stricter) => follows(condition, stricter)))
}

function coversActions({ actions: wide }: Rule, { actions: narrow }: Rule): boolean {
  const missing = narrow & ~wide
  if (missing === 0) return true
  // Whoever publishes with RETAIN publishes, with or without a will.
  return missing === actionBit.retain && (wide & actionBit.publish) !== 0 && (wide & actionBit.will) !== 0
}

/** A condition follows from itself, and from one that lets in fewer of the same names. */
function follows(condition: Condition, from: Condition): boolean {
  if (condition === from) return true
  const { among } = condition
  const names = from.among
  if (among === undefined || names === undefined || among.fact !== names.fact) return false
  if (among.values === names.values) return true
  if (names.values.length > among.values.length) return false
  const all = new Set(among.values)
  return names.values.every((name) => all.has(name))
}

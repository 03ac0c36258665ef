import type { RuleSpec } from '../../config/rule-spec.ts'
import type { Condition } from '../policy/rule.ts'

const longest = 300

/** A rule on one line: `allow publish to dt/{user}/# if role is "device"`. */
export function ruleText({ name, effect, actions, topics, qos, retain }: RuleSpec, who: readonly Condition[]): string {
  const conditions = who.map(({ text }) => text)
  if (qos !== null && qos < 2) conditions.push(`QoS is at most ${qos}`)
  if (retain !== null) conditions.push(retain ? 'RETAIN is set' : 'RETAIN is not set')
  const about = topics === null ? '' : ` ${topics.join(', ')}`
  const when = conditions.length === 0 ? '' : ` if ${conditions.join(' and ')}`
  const text = `${name === null ? '' : `${name}: `}${effect} ${actions.join(', ')}${about}${when}`
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

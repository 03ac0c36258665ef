import { hasWildcard } from '../../topic/filter.ts'
import { placeText, type Request, type Rule } from './rule.ts'

/**
 * Which subscriptions are accepted: those of which a client may receive everything, those of which it may receive
 * something, or all.
 */
export type SubscriptionMode = 'contained' | 'overlapping' | 'any'

export interface PolicyOptions {
  /** What holds where no rule matches. */
  readonly otherwise: 'allow' | 'deny'
  readonly subscriptions: SubscriptionMode
}

/** What the rules say to a request. */
export interface Decision {
  readonly allowed: boolean
  /** The rule that decided, null where none did. */
  readonly rule: Rule | null
  /** What a service answered that was asked, or why it did not; null when none was asked. */
  readonly asked: string | null
  /** For `subscribe`: everything the filter matches may be received. */
  readonly whole: boolean
  /** For `subscribe`: how many sessions may have a subscription that matches all that this one matches; 0 for any number. */
  readonly maximumSubscribers: number
}

/** What decided, in words, such as `denied by acl.txt:12: topic deny secret/#`. */
export function whyText(decision: Decision, request: Request): string {
  const { allowed, rule, asked } = decision
  const why = rule === null ? whyWithout(decision, request) : `${allowed ? 'allowed' : 'denied'} by ${ruleText(rule)}`
  return asked === null ? why : `${why}: ${asked}`
}

function ruleText(rule: Rule): string {
  return `${placeText(rule.place)}: ${rule.text}`
}

function whyWithout({ allowed, whole }: Decision, { action, topic }: Request): string {
  if (allowed && action === 'subscribe' && !whole) {
    return 'no rule allows all of it, what may not be received is not delivered'
  }
  if (allowed) return 'no rule is against it'
  return action === 'subscribe' && hasWildcard(topic) ? 'no rule allows all of it' : 'no rule allows it'
}

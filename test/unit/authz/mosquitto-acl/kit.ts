import { Policy, type SubscriptionMode } from '../../../../src/authz/policy/policy.ts'
import type { ReadRules } from '../../../../src/authz/policy/source.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import type { Action } from '../../../../src/engine/ports.ts'

/** Somebody with a name that was proved, or null for somebody who proved nothing. */
export function subjectOf(user: string | null, id = 'client'): Subject {
  return new Subject({
    id,
    identity: { name: user ?? '', method: user === null ? 'anonymous' : 'password' },
    version: 5,
    listener: 'test',
    peer: { transport: 'memory', address: '', port: 0, loopback: true, tls: null },
  })
}

/** The rules of one text, and what they decide. */
export class Rules {
  readonly policy: Policy
  readonly remarks: readonly string[]

  constructor(read: ReadRules, text: string, subscriptions: SubscriptionMode = 'contained') {
    const { rules, remarks } = read(new Map([['rules', text]]))
    this.policy = new Policy(rules, { otherwise: 'deny', subscriptions })
    this.remarks = remarks.map(({ line, text }) => `${line}: ${text}`)
  }

  decision(subject: Subject, action: Action, topic: string) {
    const decision = this.policy.decide(subject, { action, topic, qos: 0, retain: false })
    if (decision instanceof Promise) throw new Error('nobody need be asked')
    return decision
  }

  allows(subject: Subject, action: Action, topic: string): boolean {
    return this.decision(subject, action, topic).allowed
  }

  /** The line of the rule that decides, null where none does. */
  line(subject: Subject, action: Action, topic: string): number | null {
    return this.decision(subject, action, topic).rule?.place.line ?? null
  }
}

/** A topic filter matches a topic name, level by level [MQTT 4.7]. */
export function naivelyMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  return levelsMatch(filter.split('/'), topic.split('/'))
}

function levelsMatch([level, ...filter]: readonly string[], [name, ...topic]: readonly string[]): boolean {
  if (level === '#') return true
  if (level === undefined || name === undefined) return level === name
  if (level !== '+' && level !== name) return false
  if (topic.length === 0 && filter.length === 1 && filter[0] === '#') return true
  return levelsMatch(filter, topic)
}

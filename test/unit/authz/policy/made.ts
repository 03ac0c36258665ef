import { type Pattern, plainPattern, rest, type Variable } from '../../../../src/authz/policy/pattern.ts'
import { Policy, type PolicyOptions } from '../../../../src/authz/policy/policy.ts'
import { actionBits, type Condition, type Request, type Rule } from '../../../../src/authz/policy/rule.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import type { Identity } from '../../../../src/engine/ports.ts'

export const publishing: number = actionBits(['publish', 'will'])
export const reading: number = actionBits(['subscribe', 'receive'])
export const everything: number = publishing | reading

export function subjectOf(id: string, identity: Partial<Identity> = {}): Subject {
  const peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null } as const
  return new Subject({
    id,
    identity: { name: id, method: 'password', ...identity },
    version: 5,
    listener: 'test',
    peer,
  })
}

let line = 0

/** A rule about topic filters, or patterns, and whatever else is given. */
export function ruleOf(
  effect: Rule['effect'],
  actions: number,
  topics: readonly (string | Pattern)[] | null,
  more: Partial<Rule> = {},
): Rule {
  const patterns =
    topics === null ? null : topics.map((topic) => (typeof topic === 'string' ? plainPattern(topic) : topic))
  const text = `${typeof effect === 'string' ? effect : 'ask'} ${patterns?.map((one) => one.text).join(' ') ?? ''}`
  const place = { file: 'rules', line: ++line }
  const anything = { who: [], maximumQos: 2, retain: null, maximumSubscribers: 0 } as const
  return { effect, actions, topics: patterns, ...anything, text, place, ...more }
}

export function policyOf(rules: readonly Rule[], options: Partial<PolicyOptions> = {}): Policy {
  return new Policy(rules, { otherwise: 'deny', subscriptions: 'contained', ...options })
}

export function userIs(...values: string[]): Condition {
  return {
    text: `user is ${values.join(' or ')}`,
    holds: ({ user }) => user !== null && values.includes(user),
    among: { fact: 'user', values },
  }
}

export function roleIs(role: string): Condition {
  return { text: `role is ${role}`, holds: ({ roles }) => roles.has(role), among: { fact: 'role', values: [role] } }
}

export const user: Variable = { text: '%u', values: (subject) => (subject.user === null ? [] : [subject.user]) }
export const area: Variable = {
  text: '{area}',
  values: (subject) => {
    const value = subject.attribute('area')
    return value === null ? [] : typeof value === 'object' ? value : [String(value)]
  },
}

/** `start/{variable}/#`. */
export function openBehind(start: string, variable: Variable): Pattern {
  return { text: `${start}/${variable.text}/#`, levels: [start, [variable], rest] }
}

export function ask(action: Request['action'], topic: string, more: Partial<Request> = {}): Request {
  return { action, topic, qos: 0, retain: false, ...more }
}

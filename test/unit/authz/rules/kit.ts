import { subjectOf } from '../../../../src/authz/check/cases.ts'
import { Policy, type PolicyOptions } from '../../../../src/authz/policy/policy.ts'
import type { RuleList } from '../../../../src/authz/policy/source.ts'
import type { Subject } from '../../../../src/authz/policy/subject.ts'
import { readRules } from '../../../../src/authz/rules/rules.ts'
import { BrokerError } from '../../../../src/base/errors.ts'
import type { CaseAction } from '../../../../src/config/policy-test-case.ts'
import { readWho } from '../../../../src/config/policy-test-who.ts'

export function rulesIn(text: string): RuleList {
  return readRules(new Map([['rules.yaml', text]]))
}

export function policyOf(text: string, options: Partial<PolicyOptions> = {}): Policy {
  return new Policy(rulesIn(text).rules, { otherwise: 'deny', subscriptions: 'contained', ...options })
}

/** A client as policy tests describe it. */
export function clientOf(who: Readonly<Record<string, unknown>>): Subject {
  return subjectOf(
    readWho(who, ['who'], (path, key, message) => {
      throw new Error(`${path.join('.')} ${key ?? ''}: ${message}`)
    }),
  )
}

/** `client publish a/b`: is it allowed? */
export function allows(
  policy: Policy,
  who: Readonly<Record<string, unknown>>,
  action: CaseAction,
  topic = '',
  qos: 0 | 1 | 2 = 0,
  retain = false,
): boolean {
  const decision = policy.decide(clientOf(who), { action, topic, qos, retain })
  if (decision instanceof Promise) throw new Error('nobody was to be asked')
  return decision.allowed
}

/** The mistakes found in a text, a line each. */
export function mistakesIn(text: string): string[] {
  try {
    rulesIn(text)
    return []
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'ACCESS_INVALID') return error.message.split('\n')
    throw error
  }
}

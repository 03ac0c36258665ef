import assert from 'node:assert/strict'
import { type Decision, Policy, type SubscriptionMode } from '../../../../src/authz/policy/policy.ts'
import type { Request } from '../../../../src/authz/policy/rule.ts'
import type { ReadRules, RuleList } from '../../../../src/authz/policy/source.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import { readTopicSpaces } from '../../../../src/authz/topic-spaces/topic-spaces.ts'
import type { Action, Identity } from '../../../../src/engine/ports.ts'

const peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null } as const

export type Facts = Partial<Omit<Identity, 'name'>>

export function subjectOf(name: string, facts: Facts = {}): Subject {
  const identity = { name, method: 'password', ...facts }
  return new Subject({ id: `${name}-1`, identity, version: 5, listener: 'test', peer })
}

function request(action: Action, topic: string): Request {
  return { action, topic, qos: 0, retain: false }
}

/** What rules say, which ask nobody. */
export class Rules {
  readonly list: RuleList
  readonly #policy: Policy

  constructor(list: RuleList, subscriptions: SubscriptionMode = 'contained') {
    this.list = list
    this.#policy = new Policy(list.rules, { otherwise: 'deny', subscriptions })
  }

  decide(subject: Subject, action: Action, topic: string): Decision {
    const decision = this.#policy.decide(subject, request(action, topic))
    assert.ok(!(decision instanceof Promise))
    return decision
  }

  allows(subject: Subject, action: Action, topic: string): boolean {
    return this.decide(subject, action, topic).allowed
  }
}

export function topicSpaces(text: string, { file = 'spaces.yaml', fanoutChecks = false } = {}): Rules {
  return new Rules(readTopicSpaces({ fanoutChecks })(new Map([[file, text]])))
}

/** What a file with mistakes is answered with. */
export function mistakesOf(read: ReadRules, text: string, file = 'spaces.yaml'): readonly string[] {
  try {
    read(new Map([[file, text]]))
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ACCESS_INVALID', String(error))
    return error.message.split('\n')
  }
  return []
}

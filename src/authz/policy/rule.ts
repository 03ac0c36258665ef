import type { Action } from '../../engine/ports.ts'
import type { Pattern } from './pattern.ts'
import type { Subject } from './subject.ts'

/** Where a rule is written. */
export interface Place {
  /** Path of the file, or what stands for one, such as `token`. */
  readonly file: string
  /** From 1; 0 where there are no lines. */
  readonly line: number
}

/** `acl.txt:12`. */
export function placeText({ file, line }: Place): string {
  return line === 0 ? file : `${file}:${line}`
}

/** What a rule is about: the actions, and `retain` for publishing with RETAIN set, as a message or as a will. */
export type RuleAction = Action | 'retain'

/** Bits of `Rule.actions`. */
export const actionBit: Readonly<Record<RuleAction, number>> = {
  connect: 1,
  publish: 2,
  subscribe: 4,
  receive: 8,
  will: 16,
  retain: 32,
}

/** The bits of several actions. */
export function actionBits(actions: readonly RuleAction[]): number {
  return actions.reduce((bits, action) => bits | actionBit[action], 0)
}

/** What other brokers call reading, and writing. */
export const readBits: number = actionBits(['subscribe', 'receive'])
export const writeBits: number = actionBits(['publish', 'will'])

/** One thing that must be true of a client for a rule to be about it. */
export interface Condition {
  /** In words that follow those of the rule: `user is "alice"`, `role is "admin"`. */
  readonly text: string
  holds(subject: Subject): boolean
  /**
   * The condition is that the client has one of these, exactly: rules are found by it. Nothing else may be part of the
   * condition.
   */
  readonly among?: { readonly fact: Fact; readonly values: readonly string[] } | undefined
}

/** What rules can be found by. `user` is the name of an identity that was proved, `client` the client identifier. */
export type Fact = 'user' | 'client' | 'role' | 'group'

/** Asked where a rule leaves the decision to somebody else. */
export interface Asked {
  /** Never rejects. `unknown` leaves the decision to the rules that follow. */
  ask(subject: Subject, request: Request): Promise<AskedAnswer> | AskedAnswer
}

export interface AskedAnswer {
  readonly decision: 'allow' | 'deny' | 'unknown'
  /** What was answered, or why there was no answer. */
  readonly why: string
}

/** What a client wants to do. */
export interface Request {
  readonly action: Action
  /** A topic name; for `subscribe` a topic filter, for `connect` empty. */
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** The bits of all a request asks for: RETAIN of what is published is asked for beside publishing it. */
export function requestBits({ action, retain }: Request): number {
  return actionBit[action] | (retain && (action === 'publish' || action === 'will') ? actionBit.retain : 0)
}

/** A rule that is about any QoS, with RETAIN and without, and any number of subscribers. */
export const unlimited = { maximumQos: 2, retain: null, maximumSubscribers: 0 } as const

/** One rule. A policy is a list of them, and the first that matches decides, whatever file it came from. */
export interface Rule {
  readonly effect: 'allow' | 'deny' | Asked
  /** Bits of `actionBit`. */
  readonly actions: number
  /**
   * The topics it is about: those that one of these matches. `carried`: those of the filters that came with the identity
   * of the client (`Identity.permissions`). Null for all topics, and for connecting.
   */
  readonly topics: readonly Pattern[] | 'carried publish' | 'carried subscribe' | null
  /** All of them must hold. */
  readonly who: readonly Condition[]
  /** QoS of what the client sends or subscribes with, at most; 2 for any. Says nothing of `receive`. */
  readonly maximumQos: 0 | 1 | 2
  /** RETAIN of what the client publishes, null for any. Says nothing of `receive` and `subscribe`. */
  readonly retain: boolean | null
  /** For `subscribe`: how many sessions may have a subscription that matches all that a new one matches; 0 for any number. */
  readonly maximumSubscribers: number
  /** The rule on one line, in the words of its source. */
  readonly text: string
  readonly place: Place
  /** It follows from what others say, and nobody wrote it: it is not counted among the rules. */
  readonly implied?: true
}

/** The rules that somebody wrote. */
export function writtenRules(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(({ implied }) => implied !== true)
}

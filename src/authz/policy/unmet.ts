import { actionBit, type Condition, type Request, type Rule, type RuleAction, requestBits } from './rule.ts'
import type { Subject } from './subject.ts'
import { type AskedTopic, type Difference, differenceText, quoted, topicDifference } from './topic-difference.ts'

/** What of a rule is not met by a request. */
export interface Unmet {
  readonly action: boolean
  /** How many conditions about the client. */
  readonly who: number
  readonly topic: Difference
  /** QoS or RETAIN. */
  readonly sending: boolean
  /** How many of these. */
  readonly kinds: number
  /** How far the request is from being met: less is nearer. */
  readonly distance: number
}

export function unmetBy(rule: Rule, subject: Subject, asked: AskedTopic): Unmet {
  const { request } = asked
  const action = (rule.actions & requestBits(request)) === 0
  const who = rule.who.filter((condition) => !condition.holds(subject)).length
  const topic = topicDifference(rule, subject, asked)
  const sending = sendingText(rule, request) !== ''
  const kinds = Number(action) + Number(who > 0) + Number(topic.levels > 0) + Number(sending)
  const distance = kinds * 10_000 + distanceOf(topic) + Number(action) * 5 + who * 15 + Number(sending)
  return { action, who, topic, sending, kinds, distance }
}

/** A level that differs is nearer than another client, and farther than another action: it is most often a slip. */
function distanceOf({ levels, same }: Difference): number {
  if (levels === 0) return 0
  return same === 0 ? 5_000 + levels : levels * 10 - Math.min(same, 9)
}

/** The first thing that is not met, in words; empty when everything is. */
export function unmetText(unmet: Unmet, rule: Rule, subject: Subject, asked: AskedTopic): string {
  const { request } = asked
  if (unmet.action) return `is about ${actionsText(rule.actions)}, not ${request.action}`
  const condition = rule.who.find((one) => !one.holds(subject))
  if (condition !== undefined) return conditionText(condition, subject)
  if (unmet.topic.levels > 0) return topicText(differenceText(unmet.topic, rule, subject, asked), request)
  return sendingText(rule, request)
}

function topicText(text: string, { action }: Request): string {
  return `${action === 'subscribe' ? 'the filter is not matched as a whole' : 'the topic is not matched'}: ${text}`
}

function sendingText({ maximumQos, retain }: Rule, request: Request): string {
  const sends = request.action === 'publish' || request.action === 'will'
  if ((sends || request.action === 'subscribe') && request.qos > maximumQos)
    return `QoS ${request.qos} is over ${maximumQos}`
  if (!sends || retain === null || retain === request.retain) return ''
  return retain
    ? 'is about messages with RETAIN, and this one is without'
    : 'is about messages without RETAIN, and this one is with it'
}

const actionNames: readonly RuleAction[] = ['connect', 'publish', 'will', 'retain', 'subscribe', 'receive']

function actionsText(bits: number): string {
  const names: string[] = actionNames.filter((name) => (bits & actionBit[name]) !== 0)
  const last = names.pop() ?? 'nothing'
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}

function conditionText({ text, among }: Condition, subject: Subject): string {
  if (among === undefined) return `its condition does not hold: ${text}`
  const wanted = oneOf(among.values)
  if (among.fact === 'user') {
    return subject.user === null
      ? `the client proved no name, not ${wanted}`
      : `user is ${quoted(subject.user)}, not ${wanted}`
  }
  if (among.fact === 'client') return `client is ${quoted(subject.clientId)}, not ${wanted}`
  const own = among.fact === 'role' ? subject.roles : subject.groups
  if (own.size === 0) return `the client has no ${among.fact}, not ${wanted}`
  return `${among.fact} is ${oneOf([...own])}, not ${wanted}`
}

function oneOf(values: readonly string[]): string {
  const shown = values.slice(0, 5).map(quoted).join(' or ')
  return values.length > 5 ? `${shown} or ${values.length - 5} more` : shown
}

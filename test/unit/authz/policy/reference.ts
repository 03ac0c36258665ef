// What policy.ts promises, written down a second time in the plainest way: rule by rule, and every pattern spelled out for
// every value of its variables. How filters cover each other is taken from where that is tested topic by topic.

import { type Level, type Pattern, rest, single } from '../../../../src/authz/policy/pattern.ts'
import type { PolicyOptions } from '../../../../src/authz/policy/policy.ts'
import { actionBit, type Request, type Rule } from '../../../../src/authz/policy/rule.ts'
import type { Subject } from '../../../../src/authz/policy/subject.ts'
import { covers, overlaps } from '../../../../src/topic/cover.ts'

export interface Expected {
  readonly allowed: boolean
  /** Not compared for `subscribe`. */
  readonly rule: Rule | null
  readonly whole: boolean
}

type Share = 'whole' | 'part' | 'none'

export async function evaluate(
  rules: readonly Rule[],
  options: PolicyOptions,
  subject: Subject,
  request: Request,
): Promise<Expected> {
  if (request.action === 'subscribe') return subscribe(rules, options, subject, request)
  for (const rule of rules) {
    if (!isAbout(rule, subject, request) || !matchesTopic(rule, subject, request)) continue
    if (typeof rule.effect === 'string') return { allowed: rule.effect === 'allow', rule, whole: false }
    if (request.action === 'receive') continue
    const { decision } = await rule.effect.ask(subject, request)
    if (decision !== 'unknown') return { allowed: decision === 'allow', rule, whole: false }
  }
  return { allowed: otherwise(rules, options, request) === 'allow', rule: null, whole: false }
}

function otherwise(rules: readonly Rule[], options: PolicyOptions, { action }: Request): 'allow' | 'deny' {
  const lets = rules.some(({ effect, actions }) => (actions & actionBit.connect) > 0 && effect !== 'deny')
  return action === 'connect' && !lets ? 'allow' : options.otherwise
}

function isAbout(rule: Rule, subject: Subject, { action, qos, retain }: Request): boolean {
  const sends = action === 'publish' || action === 'will'
  const bits = actionBit[action] + (sends && retain ? actionBit.retain : 0)
  if ((rule.actions & bits) === 0 || !rule.who.every((condition) => condition.holds(subject))) return false
  if (sends && rule.retain !== null && rule.retain !== retain) return false
  return !(sends || action === 'subscribe') || qos <= rule.maximumQos
}

function matchesTopic(rule: Rule, subject: Subject, { action, topic }: Request): boolean {
  if (action === 'connect' || rule.topics === null) return true
  return filtersOf(rule, subject).some((filter) => isMatch(filter, topic))
}

async function subscribe(
  rules: readonly Rule[],
  options: PolicyOptions,
  subject: Subject,
  request: Request,
): Promise<Expected> {
  const subscribing = await walk(rules, options, subject, request, null)
  const receiving = await walk(rules, options, subject, { ...request, action: 'receive' }, subscribing.granted)
  const modes = { any: true, overlapping: subscribing.share !== 'none', contained: subscribing.share === 'whole' }
  const allowed = modes[options.subscriptions]
  return { allowed, rule: null, whole: allowed && receiving.share === 'whole' }
}

interface Walked {
  readonly share: Share
  readonly granted: Rule | null
}

/** How much of a filter is allowed, and the rule that was asked and allowed it. */
async function walk(
  rules: readonly Rule[],
  options: PolicyOptions,
  subject: Subject,
  request: Request,
  granted: Rule | null,
): Promise<Walked> {
  let allowedSome = false
  let deniedSome = false
  for (const rule of rules) {
    if (!isAbout(rule, subject, request)) continue
    const relative = relation(rule, subject, request.topic)
    let effect: string | null = null
    let asked: Rule | null = null
    if (typeof rule.effect === 'string') effect = rule.effect
    else if (rule === granted) effect = 'allow'
    else if (request.action === 'receive') continue
    else if (relative.covers) {
      if (deniedSome && options.subscriptions === 'contained') return { share: 'part', granted: null }
      const { decision } = await rule.effect.ask(subject, request)
      if (decision === 'unknown') continue
      effect = decision
      if (decision === 'allow') asked = rule
    } else effect = 'deny'
    if (relative.covers && effect === 'allow') return { share: deniedSome ? 'part' : 'whole', granted: asked }
    if (relative.covers) return { share: allowedSome ? 'part' : 'none', granted: null }
    if (relative.overlaps && effect === 'allow') allowedSome = true
    if (relative.overlaps && effect === 'deny') deniedSome = true
  }
  if (options.otherwise === 'allow') return { share: deniedSome ? 'part' : 'whole', granted: null }
  return { share: allowedSome ? 'part' : 'none', granted: null }
}

function relation(rule: Rule, subject: Subject, filter: string): { covers: boolean; overlaps: boolean } {
  if (rule.topics === null) return { covers: true, overlaps: true }
  const own = filtersOf(rule, subject)
  return { covers: own.some((one) => covers(one, filter)), overlaps: own.some((one) => overlaps(one, filter)) }
}

/** The filters of a rule with all values of the client. */
function filtersOf({ topics: given }: Rule, subject: Subject): string[] {
  if (given === null) return []
  if (typeof given !== 'string') return given.flatMap((pattern) => spelledOut(pattern, subject))
  const permissions = subject.identity.permissions ?? { publish: [], subscribe: [] }
  const carried = given === 'carried publish' ? permissions.publish : permissions.subscribe
  return carried.filter((filter) => !/[^/][+#]|[+#][^/]|#\/|\0|^$/.test(filter))
}

function spelledOut({ levels }: Pattern, subject: Subject): string[] {
  let filters: string[][] = [[]]
  for (const level of levels) {
    const texts = textsOf(level, subject)
    filters = filters.flatMap((start) => texts.map((text) => [...start, text]))
  }
  return filters.map((filter) => filter.join('/'))
}

function textsOf(level: Level, subject: Subject): string[] {
  if (level === single) return ['+']
  if (level === rest) return ['#']
  if (typeof level === 'string') return [level]
  let texts = ['']
  for (const piece of level) {
    const values =
      typeof piece === 'string' ? [piece] : piece.values(subject).filter((value) => /^[^+#/\0]+$/.test(value))
    texts = texts.flatMap((start) => values.map((value) => start + value))
  }
  return texts
}

export function isMatch(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  const levels = filter.split('/').map((level) => (level === '+' ? '[^/]*' : level.replaceAll(/[^\w#~]/gu, escaped)))
  const open = levels.at(-1) === '#'
  const text = (open ? levels.slice(0, -1) : levels).join('/')
  if (open && levels.length === 1) return true
  return new RegExp(`^${text}${open ? '(/.*)?' : ''}$`, 'su').test(topic)
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}

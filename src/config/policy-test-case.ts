import type { Path } from './names.ts'
import { type CaseWho, readWho } from './policy-test-who.ts'
import { shown } from './problem.ts'
import { type Report, textsOf } from './rule-texts.ts'
import { didYouMean } from './suggest.ts'

/** One thing that somebody wants to do, and what is to come of it. */
export interface PolicyCase {
  readonly name: string | null
  readonly who: CaseWho
  readonly action: CaseAction
  /** A topic filter, without a share, for `subscribe`; empty for `connect`. */
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly expect: 'allow' | 'deny'
  /** The place or the name of the rule that is to decide, null for any. */
  readonly rule: string | null
  /** Where it is written, as `file:line`. */
  readonly place: string
}

export const caseActions = ['connect', 'publish', 'subscribe', 'receive', 'will'] as const
export type CaseAction = (typeof caseActions)[number]

const keys = ['name', 'who', 'action', 'topic', 'qos', 'retain', 'expect', 'rule', 'allow', 'deny']

/**
 * Reads one entry of a list of cases: one case with `action`, `topic` and `expect`, or many with `allow` and `deny`, which
 * are lists of texts such as `publish dt/1/senml qos 1 retain`.
 */
export function readCase(
  value: unknown,
  known: ReadonlyMap<string, CaseWho>,
  lineOf: (path: Path) => string,
  report: Report,
): PolicyCase[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report([], null, `a case must be a section with "who", "action", "topic" and "expect", not ${shown(value)}`)
    return []
  }
  const section = new Map<string, unknown>(Object.entries(value))
  for (const key of section.keys())
    if (!keys.includes(key)) report([], key, `unknown option ${shown(key)}${didYouMean(key, keys)}`)
  const shared = {
    name: optional(section, 'name', report),
    rule: optional(section, 'rule', report),
    who: whoOf(section.get('who'), known, report),
  }
  const table = section.has('allow') || section.has('deny')
  return table ? readTable(section, shared, lineOf, report) : readSingle(section, shared, lineOf, report)
}

type Shared = Pick<PolicyCase, 'name' | 'rule' | 'who'>

function whoOf(value: unknown, known: ReadonlyMap<string, CaseWho>, report: Report): CaseWho {
  if (typeof value !== 'string') return readWho(value, ['who'], report)
  const found = known.get(value)
  if (found !== undefined) return found
  const hint =
    didYouMean(value, known.keys()) || '; describe it in the section "who" at the top, or here with {user: …}'
  report(['who'], null, `nobody is called ${shown(value)}${hint}`)
  return readWho({}, ['who'], report)
}

function optional(section: ReadonlyMap<string, unknown>, key: string, report: Report): string | null {
  const value = section.get(key)
  if (value === undefined || typeof value === 'string') return value ?? null
  report([key], null, `${key} must be a text, not ${shown(value)}`)
  return null
}

function readTable(
  section: ReadonlyMap<string, unknown>,
  shared: Shared,
  lineOf: (path: Path) => string,
  report: Report,
): PolicyCase[] {
  for (const key of ['action', 'topic', 'qos', 'retain', 'expect'])
    if (section.has(key)) report([], key, `${key} does not go with lists of what is allowed and denied`)
  const cases: PolicyCase[] = []
  for (const expect of ['allow', 'deny'] as const) {
    if (!section.has(expect)) continue
    const lines = textsOf(section.get(expect), [expect], expect, report) ?? []
    for (const [index, line] of lines.entries()) {
      const request = requestOf(line)
      const path = [expect, index]
      if (typeof request === 'string') report(path, null, request)
      else cases.push({ ...shared, ...request, expect, place: lineOf(path) })
    }
  }
  return cases
}

type Wanted = Pick<PolicyCase, 'action' | 'topic' | 'qos' | 'retain'>

function requestOf(line: string): Wanted | string {
  const [, action = '', topic = '', qos = '0', retain] =
    /^\s*(\S+)(?:\s+(.*?))??(?:\s+qos\s+([012]))?(\s+retain)?\s*$/s.exec(line) ?? []
  return wanted(action, topic, qos === '2' ? 2 : qos === '1' ? 1 : 0, retain !== undefined)
}

function wanted(word: string, topic: string, qos: 0 | 1 | 2, retain: boolean): Wanted | string {
  const action = caseActions.find((known) => known === word)
  if (action === undefined)
    return `${shown(word)} is no action${didYouMean(word, caseActions) || `; it must be ${caseActions.join(', ')}`}`
  const mistake = topicMistake(action, topic)
  return mistake ?? { action, topic, qos, retain }
}

function topicMistake(action: CaseAction, topic: string): string | null {
  if (action === 'connect') return topic === '' ? null : 'connecting is about no topic'
  if (topic === '') return `${action} needs a topic; in YAML an unquoted # begins a comment, so put it in quotes`
  if (topic.startsWith('$share/')) return 'leave "$share/…/" out: rules are about the topics of shared subscriptions'
  if (action !== 'subscribe' && /[+#]/.test(topic))
    return `${action} needs the name of a topic, which has no + and no #: ${shown(topic)}`
  return null
}

function readSingle(
  section: ReadonlyMap<string, unknown>,
  shared: Shared,
  lineOf: (path: Path) => string,
  report: Report,
): PolicyCase[] {
  const expect = section.get('expect')
  const qos = section.get('qos') ?? 0
  const retain = section.get('retain') ?? false
  const isQos = qos === 0 || qos === 1 || qos === 2
  const action = section.get('action')
  const topic = section.get('topic') ?? ''
  if (expect !== 'allow' && expect !== 'deny')
    report(['expect'], null, 'the case needs "expect: allow" or "expect: deny"')
  else if (!isQos) report(['qos'], null, `qos must be 0, 1 or 2, not ${shown(qos)}`)
  else if (typeof retain !== 'boolean') report(['retain'], null, `retain must be true or false, not ${shown(retain)}`)
  else if (typeof action !== 'string') report(['action'], null, `the case needs an action: ${caseActions.join(', ')}`)
  else if (typeof topic !== 'string') report(['topic'], null, `topic must be a text, not ${shown(topic)}`)
  else {
    const request = wanted(action, topic, qos, retain)
    if (typeof request !== 'string') return [{ ...shared, ...request, expect, place: lineOf([]) }]
    report([topic === '' || /^\S+ is no/.test(request) ? 'action' : 'topic'], null, request)
  }
  return []
}

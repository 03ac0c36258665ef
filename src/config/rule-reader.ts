import type { Path } from './names.ts'
import { shown } from './problem.ts'
import type { Sets } from './rule-sets.ts'
import { type ActionWord, actionWords, type RuleSpec } from './rule-spec.ts'
import { type Report, textsOf } from './rule-texts.ts'
import { readWho, whoKeys } from './rule-who.ts'
import { didYouMean } from './suggest.ts'

const own = ['name', 'allow', 'deny', 'topic', 'topics', 'unless', 'qos', 'retain', 'maximum_subscribers'] as const
const keys: ReadonlySet<string> = new Set([...own, ...whoKeys])

/** The section of a rule, or of `unless` in it. */
type Section = ReadonlyMap<string, unknown>

/** Reads one rule; what is wrong with it is reported, and left out. Null for what is no rule at all. */
export function readRule(value: unknown, sets: Sets, report: Report): RuleSpec | null {
  let right = true
  const say: Report = (path, key, message) => {
    right = false
    report(path, key, message)
  }
  const section = sectionOf(value, [], keys, say)
  if (section === null) return null
  const { effect, actions } = readEffect(section, say)
  const spec: RuleSpec = {
    name: readName(section, say),
    effect,
    actions,
    ...readTopics(section, say),
    who: readWho(section, [], sets, say),
    unless: readUnless(section, sets, say),
    qos: readQos(section, say),
    retain: readRetain(section, say),
    maximumSubscribers: readMaximum(section, say),
  }
  if (right) checkTogether(spec, say)
  return spec
}

/** A section with known keys only; null for what is none. */
function sectionOf(value: unknown, path: Path, known: ReadonlySet<string>, report: Report): Section | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = path.length === 0 ? 'a rule' : path.join('.')
    const hint = path.length === 0 ? ', such as "allow: publish" and "topic: sensors/#"' : ''
    report(path, null, `${what} must be a section of options${hint}, not ${shown(value)}`)
    return null
  }
  const section = new Map<string, unknown>(Object.entries(value))
  for (const key of section.keys()) {
    if (!known.has(key)) report(path, key, `unknown option ${shown(key)}${didYouMean(key, known)}`)
  }
  return section
}

function readEffect(section: Section, report: Report): Pick<RuleSpec, 'effect' | 'actions'> {
  const effect = section.has('allow') ? 'allow' : 'deny'
  if (section.has('allow') && section.has('deny')) report([], 'deny', 'a rule has either "allow" or "deny"')
  if (!section.has(effect)) {
    report([], null, `the rule needs "allow" or "deny" with one or more of ${actionWords.join(', ')}`)
    return { effect, actions: [] }
  }
  const actions: ActionWord[] = []
  const words = textsOf(section.get(effect), [effect], effect, report) ?? []
  for (const [index, word] of words.entries()) {
    const action = actionWords.find((known) => known === word)
    if (action !== undefined) actions.push(action)
    else {
      const hint = didYouMean(word, actionWords) || `; it must be one or more of ${actionWords.join(', ')}`
      report([effect, index], null, `${shown(word)} is no action${hint}`)
    }
  }
  return { effect, actions }
}

function readName(section: Section, report: Report): string | null {
  const name = section.get('name')
  if (name === undefined) return null
  if (typeof name === 'string' && /^[^\p{Cc}]{1,200}$/u.test(name)) return name
  report(['name'], null, 'name must be a text of up to 200 characters on one line')
  return null
}

function readTopics(section: Section, report: Report): Pick<RuleSpec, 'topics' | 'topicsKey'> {
  const topicsKey = section.has('topics') ? 'topics' : 'topic'
  if (section.has('topic') && section.has('topics')) report([], 'topic', 'a rule has either "topic" or "topics"')
  const topics = section.has(topicsKey) ? textsOf(section.get(topicsKey), [topicsKey], topicsKey, report) : null
  return { topics, topicsKey }
}

function readUnless(section: Section, sets: Sets, report: Report): RuleSpec['unless'] {
  if (!section.has('unless')) return null
  const unless = sectionOf(section.get('unless'), ['unless'], whoKeys, report)
  if (unless === null) return null
  if (unless.size === 0) report(['unless'], null, 'unless must have a condition')
  return readWho(unless, ['unless'], sets, report)
}

function readQos(section: Section, report: Report): RuleSpec['qos'] {
  const qos = section.get('qos')
  if (qos === undefined || qos === 0 || qos === 1 || qos === 2) return qos ?? null
  report(['qos'], null, `qos must be 0, 1 or 2, the highest that the rule is about, not ${shown(qos)}`)
  return null
}

function readRetain(section: Section, report: Report): boolean | null {
  const retain = section.get('retain')
  if (retain === undefined || typeof retain === 'boolean') return retain ?? null
  report(['retain'], null, `retain must be true or false, not ${shown(retain)}`)
  return null
}

function readMaximum(section: Section, report: Report): number {
  const maximum = section.get('maximum_subscribers')
  if (maximum === undefined) return 0
  const whole = typeof maximum === 'number' && Number.isInteger(maximum) && maximum > 0 && maximum <= 0xffff_ffff
  if (whole) return maximum
  report(['maximum_subscribers'], null, `maximum_subscribers must be a whole number from 1, not ${shown(maximum)}`)
  return 0
}

/** What of a rule does not go with its actions. */
function checkTogether({ actions, topics, effect, qos, retain, maximumSubscribers }: RuleSpec, report: Report): void {
  const has = (...words: ActionWord[]) => actions.some((action) => words.includes(action))
  const about = actions.join(', ')
  if (has('connect') && topics !== null)
    report([effect], null, 'connecting is about no topic: make a rule of its own for "connect"')
  if (has('connect', 'receive') && qos !== null)
    report([], 'qos', `qos says nothing of ${has('connect') ? 'connect' : 'receive'}: leave it out, or make two rules`)
  if (has('connect', 'receive') && retain !== null)
    report(
      [],
      'retain',
      `retain says nothing of ${has('connect') ? 'connect' : 'receive'}: leave it out, or make two rules`,
    )
  else if (retain !== null && !has('publish', 'will'))
    report([], 'retain', `retain is about publish and will, not ${about}`)
  if (maximumSubscribers > 0 && (!has('subscribe') || effect === 'deny'))
    report([], 'maximum_subscribers', 'maximum_subscribers goes with "allow: subscribe" only')
}

import type { Path } from '../../config/names.ts'
import type { RuleMistakes } from '../../config/rule-mistakes.ts'
import type { ActionWord, RuleSpec } from '../../config/rule-spec.ts'
import type { RuleEntry } from '../../config/rules.ts'
import type { Pattern } from '../policy/pattern.ts'
import { actionBits, type Condition, type Rule, readBits, writeBits } from '../policy/rule.ts'
import type { Remark } from '../policy/source.ts'
import { RuleConditions } from './rule-conditions.ts'
import { ruleText } from './rule-text.ts'
import { parseTopic } from './topic-pattern.ts'

/** What each word is about. */
const bitsOf: Readonly<Record<ActionWord, number>> = {
  connect: actionBits(['connect']),
  publish: writeBits,
  subscribe: readBits,
  receive: actionBits(['receive']),
  will: actionBits(['will']),
  retain: actionBits(['retain']),
}

/** Topics that stand for the filters that came with the identity. */
const carried = { '{permissions.publish}': 'carried publish', '{permissions.subscribe}': 'carried subscribe' } as const

/** Topics that are the same object in all rules that have them, at a time. */
const mostRemembered = 10_000

/** Turns what the rules of a file say into rules of a policy. What many rules have in common is made once. */
export class RuleCompiler {
  readonly remarks: Remark[] = []
  readonly #file: string
  readonly #mistakes: RuleMistakes
  readonly #conditions = new RuleConditions()
  readonly #patterns = new Map<string, Pattern | string>()

  constructor(file: string, mistakes: RuleMistakes) {
    this.#file = file
    this.#mistakes = mistakes
  }

  /** Null, and the mistake added, for a rule that has one. */
  compile(entry: RuleEntry): Rule | null {
    const { spec, line } = entry
    const say = (path: Path, key: string | null, message: string) =>
      this.#mistakes.add(this.#file, entry.position(path, key), message)
    const topics = this.#topicsOf(spec, say)
    const who = this.#whoOf(spec, say)
    if (topics === undefined || who === null) return null
    this.#remark(spec, line)
    return {
      effect: spec.effect,
      actions: spec.actions.reduce((bits, action) => bits | bitsOf[action], 0),
      topics,
      who,
      maximumQos: spec.qos ?? 2,
      retain: spec.retain,
      maximumSubscribers: spec.maximumSubscribers,
      text: ruleText(spec, who),
      place: { file: this.#file, line },
    }
  }

  #topicsOf({ topics, topicsKey }: RuleSpec, say: Say): Rule['topics'] | undefined {
    if (topics === null) return null
    const [only] = topics
    if (topics.length === 1 && (only === '{permissions.publish}' || only === '{permissions.subscribe}'))
      return carried[only]
    const patterns: Pattern[] = []
    for (const [index, topic] of topics.entries()) {
      const pattern = this.#patternOf(topic)
      if (typeof pattern === 'string') say([topicsKey, index], null, pattern)
      else patterns.push(pattern)
    }
    return patterns.length === topics.length ? patterns : undefined
  }

  #patternOf(topic: string): Pattern | string {
    let pattern = this.#patterns.get(topic)
    if (pattern === undefined) {
      pattern = parseTopic(topic)
      if (this.#patterns.size >= mostRemembered) this.#patterns.clear()
      this.#patterns.set(topic, pattern)
    }
    return pattern
  }

  #whoOf({ effect, who, unless }: RuleSpec, say: Say): Condition[] | null {
    const report = ({ at, message }: ConditionMistake) => say([...at.section], at.key, message)
    // Nobody gets anything by a name that is too long to be looked at.
    const denies = effect === 'deny'
    const conditions = this.#conditions.of(who, denies, report)
    const exceptions = unless === null ? [] : this.#conditions.of(unless, !denies, report)
    if (conditions === null || exceptions === null) return null
    return unless === null ? conditions : [...conditions, negated(exceptions)]
  }

  #remark({ topics }: RuleSpec, line: number): void {
    for (const topic of topics ?? []) {
      if (!topic.endsWith('/')) continue
      const text = `the topic ${JSON.stringify(topic)} ends in "/" and matches nothing below it; where # was meant, put it in quotes`
      this.remarks.push({ file: this.#file, line, text })
    }
  }
}

type Say = (path: Path, key: string | null, message: string) => void
type ConditionMistake = Parameters<Parameters<RuleConditions['of']>[2]>[0]

function negated(conditions: readonly Condition[]): Condition {
  const text = conditions.map((condition) => condition.text).join(' and ')
  return {
    text: conditions.length === 1 ? `not: ${text}` : `not: (${text})`,
    holds: (subject) => !conditions.every((condition) => condition.holds(subject)),
  }
}

import { setImmediate } from 'node:timers/promises'
import type { ExplainedRule, Explanation, PassedRule } from '../../engine/ports.ts'
import { fullFilter } from '../../topic/cover.ts'
import { type Decision, whyText } from './decision.ts'
import { patternOverlaps } from './overlapping.ts'
import type { Policy } from './policy.ts'
import { placeText, type Request, type Rule } from './rule.ts'
import type { Subject } from './subject.ts'
import { filterText } from './substitution.ts'
import { AskedTopic, differenceText } from './topic-difference.ts'
import { TopicLevels } from './topic-levels.ts'
import { type Unmet, unmetBy, unmetText } from './unmet.ts'

/** Rules that are shown as having come before. */
const mostBefore = 100
/** Rules that are looked at before others get a turn. */
const atOnce = 2_000

/** Says how the decision comes about that a policy makes: asks it, and then looks at each rule. */
export async function explain(policy: Policy, subject: Subject, request: Request): Promise<Explanation> {
  const decision = await policy.decide(subject, request)
  return new Explaining(policy.rules, subject, request).explain(decision)
}

class Explaining {
  readonly #rules: readonly Rule[]
  readonly #subject: Subject
  readonly #asked: AskedTopic

  constructor(rules: readonly Rule[], subject: Subject, request: Request) {
    this.#rules = rules
    this.#subject = subject
    this.#asked = new AskedTopic(request)
  }

  async explain(decision: Decision): Promise<Explanation> {
    const { allowed, rule } = decision
    const number = rule === null ? this.#rules.length : this.#rules.indexOf(rule)
    const looked = await this.#look()
    return {
      allowed,
      why: whyText(decision, this.#asked.request),
      rule: rule === null ? null : this.#show(rule, looked[number]),
      before: this.#before(looked, number),
      beforeCount: number,
      nearest: allowed ? null : this.#nearest(looked, number),
    }
  }

  async #look(): Promise<readonly Unmet[]> {
    const looked: Unmet[] = []
    for (const rule of this.#rules) {
      looked.push(unmetBy(rule, this.#subject, this.#asked))
      if (looked.length % atOnce === 0) await setImmediate()
    }
    return looked
  }

  /** The nearest of the rules before one, in order. */
  #before(looked: readonly Unmet[], number: number): readonly PassedRule[] {
    const related = looked.slice(0, number).filter((unmet, at) => this.#isRelated(unmet, at))
    const farthest =
      Float64Array.from(related, ({ distance }) => distance).sort()[mostBefore - 1] ?? Number.POSITIVE_INFINITY
    let room = mostBefore - related.filter(({ distance }) => distance < farthest).length
    const before: PassedRule[] = []
    for (let at = 0; at < number; at++) {
      const unmet = looked[at]
      if (unmet.distance > farthest || !this.#isRelated(unmet, at)) continue
      if (unmet.distance < farthest || room-- > 0) before.push(this.#pass(this.#rules[at], unmet))
    }
    return before
  }

  /** It is about the action, the topic or the client. */
  #isRelated(unmet: Unmet, at: number): boolean {
    if (this.#asked.request.action === 'connect') return !unmet.action
    return !unmet.action || unmet.topic.levels === 0 || this.#isAboutClient(unmet, at)
  }

  #isAboutClient({ who }: Unmet, at: number): boolean {
    return who === 0 && this.#rules[at].who.length > 0
  }

  #nearest(looked: readonly Unmet[], number: number): PassedRule | null {
    let nearest = -1
    looked.forEach((unmet, at) => {
      if (at === number || this.#rules[at].effect === 'deny' || this.#isFar(unmet)) return
      if (nearest < 0 || unmet.distance < looked[nearest].distance) nearest = at
    })
    if (nearest < 0) return null
    const rule = this.#rules[nearest]
    if (looked[nearest].kinds > 0 || nearest < number) return this.#pass(rule, looked[nearest])
    return { rule: this.#show(rule, looked[nearest]), why: 'comes after the rule that decided' }
  }

  /** Nothing that one would have meant. */
  #isFar({ action, kinds, topic }: Unmet): boolean {
    if (this.#asked.request.action === 'connect') return action
    return kinds > 2 || (topic.levels > 0 && topic.same === 0 && (kinds > 1 || topic.levels > 1))
  }

  #pass(rule: Rule, unmet: Unmet): PassedRule {
    const missing = unmetText(unmet, rule, this.#subject, this.#asked)
    const partly = missing !== '' && unmet.kinds === 1 && this.#overlaps(unmet)
    const why = partly
      ? `matches only some of it: ${differenceText(unmet.topic, rule, this.#subject, this.#asked)}`
      : missing
    return { rule: this.#show(rule, unmet), why: why === '' ? this.#metText(rule) : why }
  }

  /** Why a rule did not decide of which everything is met. */
  #metText({ effect }: Rule): string {
    if (typeof effect === 'string') return 'another rule says the opposite of some of it'
    return this.#asked.request.action === 'receive' ? 'deliveries ask nobody' : 'left it to the rules that follow'
  }

  #overlaps({ topic }: Unmet): boolean {
    if (this.#asked.request.action !== 'subscribe' || topic.pattern === null || topic.levels === 0) return false
    return patternOverlaps(
      topic.pattern.levels,
      new TopicLevels().begin(fullFilter(this.#asked.request.topic)),
      this.#subject,
    )
  }

  #show(rule: Rule, { topic }: Unmet): ExplainedRule {
    const filter = topic.pattern === null ? '' : filterText(topic.pattern, this.#subject)
    return { text: rule.text, place: placeText(rule.place), filter }
  }
}

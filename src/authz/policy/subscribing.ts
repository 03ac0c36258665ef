import type { Decision, PolicyOptions } from './decision.ts'
import { none } from './level-tree.ts'
import { type AskedAnswer, type Request, type Rule, readBits } from './rule.ts'
import { type AskedRules, nobodyAsked, type Search } from './search.ts'
import type { Subject } from './subject.ts'

/** How far the search for a rule about all of a filter has come. */
interface Question {
  readonly subject: Subject
  readonly request: Request
  /** Rules that were asked and left it to others. */
  readonly passed: number[]
  /** What the last of them said. */
  asked: string | null
}

/** The first rule about all of a filter. */
interface Covering {
  /** `none` where no rule is. */
  readonly number: number
  readonly allows: boolean
  readonly asked: string | null
  readonly granted: boolean
}

/**
 * Decides about subscriptions by containment: the first rule about everything a filter matches says yes or no, and rules
 * before it that say the opposite of some of it make that only part of the answer.
 */
export class Subscribing {
  readonly #rules: readonly Rule[]
  readonly #options: PolicyOptions
  readonly #search: Search
  /** What holds of subscribing holds of deliveries. */
  readonly #uniform: boolean

  constructor(rules: readonly Rule[], options: PolicyOptions, search: Search) {
    this.#rules = rules
    this.#options = options
    this.#search = search
    this.#uniform = rules.every(readsAlike)
  }

  decide(subject: Subject, request: Request): Decision | Promise<Decision> {
    return this.#from({ subject, request, passed: [], asked: null }, 0)
  }

  #from(question: Question, start: number): Decision | Promise<Decision> {
    const { subject, request } = question
    for (let from = start; ; ) {
      const number = this.#search.covering(subject, request, from)
      const { effect } = number === none ? { effect: this.#options.otherwise } : this.#rules[number]
      if (typeof effect === 'string') {
        const asked = number === none ? question.asked : null
        return this.#decided(question, { number, allows: effect === 'allow', asked, granted: false })
      }
      const denying = this.#hopeless(question, number)
      if (denying !== none) return refused(this.#rules[denying], null)
      const answer = effect.ask(subject, request)
      if (answer instanceof Promise) return this.#wait(question, answer, number)
      if (answer.decision !== 'unknown') return this.#answered(question, answer, number)
      pass(question, number, answer)
      from = number + 1
    }
  }

  async #wait(question: Question, promised: Promise<AskedAnswer>, number: number): Promise<Decision> {
    const answer = await promised
    if (answer.decision !== 'unknown') return this.#answered(question, answer, number)
    pass(question, number, answer)
    return this.#from(question, number + 1)
  }

  #answered(question: Question, { decision, why }: AskedAnswer, number: number): Decision {
    const granted = decision === 'allow'
    return this.#decided(question, { number, allows: granted, asked: why, granted })
  }

  /** A rule that refuses part of it already, where that is enough: nobody need be asked. */
  #hopeless(question: Question, number: number): number {
    return this.#options.subscriptions === 'contained' ? this.#overlapping(question, 'deny', number) : none
  }

  #decided(question: Question, covering: Covering): Decision {
    const { number, allows, asked } = covering
    const mode = this.#options.subscriptions
    const rule = number === none ? null : this.#rules[number]
    if (!allows) return mode === 'contained' ? refused(rule, asked) : this.#partly(question, covering)
    const denying = this.#overlapping(question, 'deny', number)
    if (denying !== none && mode === 'contained') return refused(this.#rules[denying], null)
    return this.#accepted(question, covering, rule, denying === none)
  }

  /** Not allowed as a whole, but rules before that may allow some of it. */
  #partly(question: Question, covering: Covering): Decision {
    if (this.#options.subscriptions === 'any') return this.#accepted(question, covering, null, false)
    const allowing = this.#overlapping(question, 'allow', covering.number)
    if (allowing !== none) return this.#accepted(question, covering, this.#rules[allowing], false)
    return refused(covering.number === none ? null : this.#rules[covering.number], covering.asked)
  }

  #accepted(question: Question, covering: Covering, rule: Rule | null, all: boolean): Decision {
    const whole = this.#uniform ? all : this.#isWhole(question, covering)
    return { allowed: true, rule, asked: covering.asked, whole, maximumSubscribers: rule?.maximumSubscribers ?? 0 }
  }

  /** Everything the filter matches may be received. */
  #isWhole({ subject, request, passed }: Question, { number, granted }: Covering): boolean {
    const asked: AskedRules = granted ? { granted: number, passed } : nobodyAsked
    const covering = this.#search.coveringDeliveries(subject, request.topic, asked)
    const effect = covering === none ? this.#options.otherwise : this.#rules[covering].effect
    if (effect === 'deny') return false
    return this.#search.overlappingDeliveries(subject, request.topic, 'deny', covering, asked) === none
  }

  #overlapping({ subject, request, passed }: Question, effect: 'allow' | 'deny', below: number): number {
    return this.#search.overlapping(subject, request, effect, below, { granted: -1, passed })
  }
}

/** A rule that says the same of subscriptions and of deliveries, whatever their QoS. */
function readsAlike({ actions, effect, maximumQos }: Rule): boolean {
  const reads = actions & readBits
  return reads === 0 || (reads === readBits && typeof effect === 'string' && maximumQos === 2)
}

function pass(question: Question, number: number, { why }: AskedAnswer): void {
  question.passed.push(number)
  question.asked = why
}

function refused(rule: Rule | null, asked: string | null): Decision {
  return { allowed: false, rule, asked, whole: false, maximumSubscribers: 0 }
}

import type { Decision, PolicyOptions } from './decision.ts'
import { none } from './level-tree.ts'
import { type AskedAnswer, actionBit, type Request, type Rule } from './rule.ts'
import { Search } from './search.ts'
import type { Subject } from './subject.ts'
import { Subscribing } from './subscribing.ts'

export { type Decision, type PolicyOptions, type SubscriptionMode, whyText } from './decision.ts'

/**
 * An ordered list of rules: the first that matches a request decides.
 */
export class Policy {
  readonly rules: readonly Rule[]
  readonly options: PolicyOptions
  readonly #search: Search
  readonly #subscribing: Subscribing
  readonly #otherwise: 'allow' | 'deny'
  readonly #otherwiseConnecting: 'allow' | 'deny'

  constructor(rules: readonly Rule[], options: PolicyOptions) {
    this.rules = rules
    this.options = options
    this.#search = new Search(rules, options.subscriptions === 'overlapping')
    this.#subscribing = new Subscribing(rules, options, this.#search)
    this.#otherwise = options.otherwise
    const lets = rules.some(({ actions, effect }) => (actions & actionBit.connect) !== 0 && effect !== 'deny')
    this.#otherwiseConnecting = lets ? options.otherwise : 'allow'
  }

  /** A promise only when a service must be asked that does not answer at once. */
  decide(subject: Subject, request: Request): Decision | Promise<Decision> {
    if (request.action === 'subscribe') return this.#subscribing.decide(subject, request)
    return this.#first(subject, request, 0, null)
  }

  #first(subject: Subject, request: Request, start: number, said: string | null): Decision | Promise<Decision> {
    let asked = said
    for (let from = start; ; ) {
      const number = this.#search.first(subject, request, from)
      if (number === none) return this.#none(request, asked)
      const rule = this.rules[number]
      if (typeof rule.effect === 'string') return decided(rule, rule.effect === 'allow', null)
      const answer = rule.effect.ask(subject, request)
      if (answer instanceof Promise) return this.#wait(answer, subject, request, number)
      if (answer.decision !== 'unknown') return decided(rule, answer.decision === 'allow', answer.why)
      asked = answer.why
      from = number + 1
    }
  }

  async #wait(promised: Promise<AskedAnswer>, subject: Subject, request: Request, number: number): Promise<Decision> {
    const { decision, why } = await promised
    if (decision !== 'unknown') return decided(this.rules[number], decision === 'allow', why)
    return this.#first(subject, request, number + 1, why)
  }

  #none({ action }: Request, asked: string | null): Decision {
    const otherwise = action === 'connect' ? this.#otherwiseConnecting : this.#otherwise
    return decided(null, otherwise === 'allow', asked)
  }
}

function decided(rule: Rule | null, allowed: boolean, asked: string | null): Decision {
  return { allowed, rule, asked, whole: false, maximumSubscribers: 0 }
}

import type { Action, Verdict } from '../engine/ports.ts'
import { type Decision, whyText } from './policy/policy.ts'
import { actionBit, placeText, type Request, type Rule, requestBits } from './policy/rule.ts'

const actions: readonly Action[] = ['connect', 'publish', 'subscribe', 'receive', 'will']

/** Verdicts of one policy: one for each rule and what it decides, so that no text is made twice. */
export class Verdicts {
  readonly #byRule = new Map<Rule, (Verdict | undefined)[]>()
  /** Bits of what somebody else is asked about, whose answers are for a while. */
  readonly #asked: number
  /** The rules before any that asks. */
  readonly #lasting: ReadonlySet<Rule>

  constructor(rules: readonly Rule[]) {
    const asking = rules.filter(({ effect }) => typeof effect !== 'string')
    const [first] = asking
    // Deliveries ask nobody.
    this.#asked = asking.reduce((bits, rule) => bits | rule.actions, 0) & ~actionBit.receive
    this.#lasting = new Set(first === undefined ? [] : rules.slice(0, rules.indexOf(first)))
  }

  /** What to tell of a decision. */
  of(decision: Decision, request: Request): Verdict {
    const { rule, allowed, whole, asked } = decision
    if (rule === null || asked !== null) return this.#make(decision, request)
    const known = this.#byRule.get(rule) ?? []
    if (known.length === 0) this.#byRule.set(rule, known)
    const place = actions.indexOf(request.action) * 4 + (allowed ? 2 : 0) + (whole ? 1 : 0)
    return (known[place] ??= this.#make(decision, request))
  }

  #make(decision: Decision, request: Request): Verdict {
    const { allowed, rule, whole, maximumSubscribers } = decision
    return {
      allowed,
      why: whyText(decision, request),
      ...(rule === null ? {} : { rule: placeText(rule.place) }),
      ...(this.#passes(decision, request) ? { passing: true } : {}),
      ...(request.action === 'subscribe' ? { whole } : {}),
      ...(maximumSubscribers > 0 ? { maximumSubscribers } : {}),
    }
  }

  /** It came about by what somebody else said, who did or did not know. */
  #passes({ rule }: Decision, request: Request): boolean {
    return (this.#asked & requestBits(request)) !== 0 && (rule === null || !this.#lasting.has(rule))
  }
}

import { type Rule, writtenRules } from '../policy/rule.ts'

/** Which rules of a policy decided something; those that nobody wrote do not count. */
export class Coverage {
  readonly #rules: readonly Rule[]
  readonly #decided = new Set<Rule>()

  constructor(rules: readonly Rule[]) {
    this.#rules = writtenRules(rules)
  }

  /** Takes up the rule that decided, null for none. */
  add(rule: Rule | null): void {
    if (rule !== null) this.#decided.add(rule)
  }

  get total(): number {
    return this.#rules.length
  }

  /** Rules that decided something. */
  get decided(): number {
    return this.#rules.reduce((count, rule) => count + (this.#decided.has(rule) ? 1 : 0), 0)
  }

  /** 0 to 100; a policy without rules is covered. */
  get percent(): number {
    return this.total === 0 ? 100 : (this.decided * 100) / this.total
  }

  /** Rules that decided nothing, in order. */
  get silent(): readonly Rule[] {
    return this.#rules.filter((rule) => !this.#decided.has(rule))
  }
}

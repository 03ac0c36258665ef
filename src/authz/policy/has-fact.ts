import type { Condition, Fact } from './rule.ts'
import type { Subject } from './subject.ts'

/** The client has one role, is in one group, or has one name or client identifier. Large files have very many of these. */
export class HasFact implements Condition {
  readonly among: { readonly fact: Fact; readonly values: readonly [string] }
  readonly #word: string

  /** `word`: what its source calls the fact. */
  constructor(fact: Fact, value: string, word: string = fact) {
    this.among = { fact, values: [value] }
    this.#word = word
  }

  get text(): string {
    return `${this.#word} is ${JSON.stringify(this.among.values[0])}`
  }

  holds({ user, clientId, roles, groups }: Subject): boolean {
    const { fact, values } = this.among
    if (fact === 'user') return user === values[0]
    if (fact === 'client') return clientId === values[0]
    return (fact === 'role' ? roles : groups).has(values[0])
  }
}

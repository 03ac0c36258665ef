import { Allowance } from '../policy/allowance.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Place, readBits, writeBits } from '../policy/rule.ts'

/** What a role lets those do who have it. */
export interface Grant {
  readonly role: string
  readonly verb: 'publish' | 'subscribe'
  readonly topics: readonly Pattern[]
  readonly place: Place
}

/** A grant to some of those who have the role. */
export class RoleRule extends Allowance {
  readonly #grant: Grant

  constructor(grant: Grant, who: readonly Condition[]) {
    super(grant.verb === 'publish' ? writeBits : readBits, grant.topics, who, 0, grant.place)
    this.#grant = grant
  }

  get text(): string {
    const { role, verb, topics } = this.#grant
    const named = JSON.stringify(role)
    const owner = this.who.length > 1 ? ` of the user ${named}` : ''
    const patterns = topics.map((topic) => topic.text).join(', ')
    return `role ${named}${owner} ${`may ${verb}: ${patterns}`.slice(0, 500).replace(/\p{Cc}/gu, ' ')}`
  }
}

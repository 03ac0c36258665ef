import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Place, type Rule, readBits, writeBits } from '../policy/rule.ts'

/** What a role lets those do who have it. */
export interface Grant {
  readonly role: string
  readonly verb: 'publish' | 'subscribe'
  readonly topics: readonly Pattern[]
  readonly place: Place
}

/** A grant to some of those who have the role. The words for it are put together when they are asked for: few ever are. */
export class RoleRule implements Rule {
  readonly effect = 'allow'
  readonly actions: number
  readonly topics: readonly Pattern[]
  readonly who: readonly Condition[]
  readonly maximumQos = 2
  readonly retain = null
  readonly maximumSubscribers = 0
  readonly place: Place
  readonly #grant: Grant

  constructor(grant: Grant, who: readonly Condition[]) {
    this.actions = grant.verb === 'publish' ? writeBits : readBits
    this.topics = grant.topics
    this.who = who
    this.place = grant.place
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

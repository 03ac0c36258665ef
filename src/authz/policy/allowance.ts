import type { Pattern } from './pattern.ts'
import type { Condition, Place, Rule } from './rule.ts'

/** A rule that allows something. The words for it are put together when they are asked for: few ever are. */
export abstract class Allowance implements Rule {
  readonly effect = 'allow'
  readonly actions: number
  readonly topics: readonly Pattern[]
  readonly who: readonly Condition[]
  readonly maximumQos = 2
  readonly retain = null
  readonly maximumSubscribers: number
  readonly place: Place

  constructor(
    actions: number,
    topics: readonly Pattern[],
    who: readonly Condition[],
    maximumSubscribers: number,
    place: Place,
  ) {
    this.actions = actions
    this.topics = topics
    this.who = who
    this.maximumSubscribers = maximumSubscribers
    this.place = place
  }

  abstract get text(): string
}

import { fullFilter } from '../../topic/cover.ts'
import { carriedCover, carriedOverlap } from './carried.ts'
import { offerAll, offerCovering, type Seeker } from './covering.ts'
import { none } from './level-tree.ts'
import { actionBit, type Request, type Rule, requestBits } from './rule.ts'
import { RuleIndex } from './rule-index.ts'
import { Subject } from './subject.ts'
import { TopicLevels } from './topic-levels.ts'
import { WhoHolds } from './who-holds.ts'

export type Effect = 'allow' | 'deny'

/** What a rule that asks somebody else counts as. */
export interface AskedRules {
  /** The one that was asked and allowed it. */
  readonly granted: number
  /** Those that were asked and left it to others. */
  readonly passed: readonly number[]
}

export const nobodyAsked: AskedRules = { granted: -1, passed: [] }

/** Finds the first rule that matches a request; `partly` as for the index of rules. One search at a time: it is used again and again. */
export class Search implements Seeker {
  subject: Subject
  actions = 0
  limit = none
  readonly #rules: readonly Rule[]
  readonly #index: RuleIndex
  readonly #who: WhoHolds
  readonly #levels = new TopicLevels()
  #wildcards = false
  #from = 0
  #qos = 0
  /** RETAIN of what is published, null where it does not count. */
  #retain: boolean | null = null
  /** Only rules of this effect, where one is given. */
  #effect: Effect | null = null
  #asks = true
  #asked = nobodyAsked

  constructor(rules: readonly Rule[], partly: boolean) {
    this.#rules = rules
    this.#index = new RuleIndex(rules, partly)
    this.#who = new WhoHolds(this.#index.conditions)
    this.subject = nobody
  }

  /** The first rule from one on about a message, or about connecting; `none` when there is none. */
  first(subject: Subject, request: Request, from: number): number {
    const { action, retain } = request
    const sends = action === 'publish' || action === 'will'
    this.#begin(subject, requestBits(request), from)
    this.#qos = sends ? request.qos : 0
    this.#retain = sends ? retain : null
    this.#asks = action !== 'receive'
    if (action === 'connect') this.#offerConnecting()
    else this.#offerCovering(request.topic, false)
    return this.limit
  }

  /** The first rule from one on that is about everything a filter matches. */
  covering(subject: Subject, request: Request, from: number): number {
    this.#begin(subject, actionBit.subscribe, from)
    this.#qos = request.qos
    this.#offerCovering(fullFilter(request.topic), true)
    return this.limit
  }

  /** The first rule below `limit` of an effect that is about something a filter matches. */
  overlapping(subject: Subject, request: Request, effect: Effect, limit: number, asked: AskedRules): number {
    this.#begin(subject, actionBit.subscribe, 0)
    this.#qos = request.qos
    this.#asked = asked
    return this.#offerOverlapping(request.topic, effect, limit)
  }

  /** As `covering`, for deliveries, which ask nobody. */
  coveringDeliveries(subject: Subject, filter: string, asked: AskedRules): number {
    this.#begin(subject, actionBit.receive, 0)
    this.#asks = false
    this.#asked = asked
    this.#offerCovering(fullFilter(filter), true)
    return this.limit
  }

  /** As `overlapping`, for deliveries, which ask nobody. */
  overlappingDeliveries(subject: Subject, filter: string, effect: Effect, limit: number, asked: AskedRules): number {
    this.#begin(subject, actionBit.receive, 0)
    this.#asks = false
    this.#asked = asked
    return this.#offerOverlapping(filter, effect, limit)
  }

  excludes(number: number): boolean {
    return (this.#rules[number].actions & this.actions) === 0 || this.#who.isKnownNot(number, this.subject)
  }

  offer(number: number): void {
    if (number >= this.limit || number < this.#from) return
    const rule = this.#rules[number]
    if ((rule.actions & this.actions) === 0 || this.#qos > rule.maximumQos) return
    if (this.#retain !== null && rule.retain !== null && rule.retain !== this.#retain) return
    if (this.#hasEffect(rule, number) && this.#who.holds(number, this.subject)) this.limit = number
  }

  #begin(subject: Subject, actions: number, from: number): void {
    this.subject = subject
    this.actions = actions
    this.limit = none
    this.#from = from
    this.#qos = 0
    this.#retain = null
    this.#effect = null
    this.#asks = true
    this.#asked = nobodyAsked
  }

  #hasEffect({ effect }: Rule, number: number): boolean {
    if (typeof effect === 'string') return this.#effect === null || this.#effect === effect
    if (number === this.#asked.granted) return this.#effect !== 'deny'
    if (!this.#asks || this.#asked.passed.includes(number)) return false
    // What only somebody else can tell is not known to be allowed.
    return this.#effect !== 'allow'
  }

  #offerConnecting(): void {
    for (const { connecting } of this.#index.about(this.subject)) offerAll(connecting, this)
  }

  #offerCovering(topic: string, wildcards: boolean): void {
    const levels = this.#levels.begin(topic)
    this.#wildcards = wildcards
    for (const { always, carried, tree } of this.#index.about(this.subject)) {
      offerAll(always, this)
      for (const number of carried) if (this.#isCarried(number)) this.offer(number)
      if (tree !== null) offerCovering(tree, levels, wildcards, this)
    }
  }

  #offerOverlapping(filter: string, effect: Effect, limit: number): number {
    const levels = this.#levels.begin(fullFilter(filter))
    this.#effect = effect
    this.limit = limit
    for (const { always, carried, allowing, denying } of this.#index.about(this.subject)) {
      offerAll(always, this)
      for (const number of carried) {
        const { topics } = this.#rules[number]
        if (number < this.limit && typeof topics === 'string' && carriedOverlap(topics, levels, this.subject))
          this.offer(number)
      }
      const listed = effect === 'allow' ? allowing : denying
      listed?.offer(levels, this)
    }
    return this.limit === limit ? none : this.limit
  }

  #isCarried(number: number): boolean {
    const { topics } = this.#rules[number]
    if (number >= this.limit || typeof topics !== 'string') return false
    return carriedCover(topics, this.#levels, this.#wildcards, this.subject)
  }
}

const nobody = new Subject({
  id: '',
  identity: { name: '', method: 'anonymous' },
  version: 5,
  listener: '',
  peer: { transport: 'memory', address: '', port: 0, loopback: true, tls: null },
})

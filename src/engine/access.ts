import type { Qos } from '../packet/types.ts'
import { slots, type TopicName } from '../topic/name.ts'
import type { Actor, Decided } from './actor.ts'
import type { Action, Answer, Authorizer, Peer, Verdict } from './ports.ts'
import type { Settings } from './settings.ts'
import type { Subscription } from './subscription.ts'

/** Decisions that are remembered: many for each topic name that is. */
const places = slots * 8

/** What was decided for one client and topic. */
class Remembered implements Decided {
  readonly actor: Actor
  readonly topic: TopicName
  readonly kind: number
  /** The rules it was decided by. */
  readonly version: number
  readonly verdict: Verdict

  constructor(actor: Actor, topic: TopicName, kind: number, version: number, verdict: Verdict) {
    this.actor = actor
    this.topic = topic
    this.kind = kind
    this.version = version
    this.verdict = verdict
  }
}

const permitted: Verdict = { allowed: true, why: 'the rules do not speak of this' }
const receive = 16

/**
 * What clients may do: asks the authorizer, and remembers its decisions by client and topic until the rules change. As
 * many are remembered as there are places; a new one takes the place of an old one.
 */
export class Access {
  readonly #authorizer: Authorizer
  readonly #settings: Settings
  /** The authorizer tells when its decisions change: they may be remembered, and deliveries are asked about. */
  readonly watched: boolean
  readonly #remembered: (Remembered | null)[]
  /** Counts the changes of the rules. */
  version = 1

  constructor(authorizer: Authorizer, settings: Settings) {
    this.#authorizer = authorizer
    this.#settings = settings
    this.watched = authorizer.watch !== undefined
    this.#remembered = this.watched ? new Array<Remembered | null>(places).fill(null) : []
  }

  /** The rules are others than before. */
  changed(): void {
    this.version++
  }

  connect(actor: Actor): Answer<Verdict> {
    return this.watched ? this.#authorizer.decide(actor, 'connect', '', 0, false) : permitted
  }

  /** `pattern` is a filter without its share. */
  subscribe(actor: Actor, pattern: string, qos: Qos): Answer<Verdict> {
    return this.#authorizer.decide(actor, 'subscribe', pattern, qos, false)
  }

  will(actor: Actor, topic: string, qos: Qos, retain: boolean): Answer<Verdict> {
    return this.#authorizer.decide(actor, 'will', topic, qos, retain)
  }

  publish(actor: Actor, topic: TopicName, qos: Qos, retain: boolean): Answer<Verdict> {
    if (!this.watched) return this.#authorizer.decide(actor, 'publish', topic.text, qos, retain)
    const kind = retain ? 4 + qos : qos
    const last = actor.lastPublish
    if (last !== null && last.topic === topic && last.kind === kind && last.version === this.version)
      return last.verdict
    return this.#decide(actor, 'publish', topic, kind)
  }

  /** True when the client may be given a message of this topic. */
  receives(actor: Actor, topic: TopicName): boolean {
    if (!this.watched) return true
    const verdict = this.#decide(actor, 'receive', topic, receive)
    // Deliveries do not wait.
    return verdict instanceof Promise ? false : verdict.allowed
  }

  /** The rules of now allow a client to receive everything a subscription of its matches. */
  whole(subscription: Subscription, actor: Actor): void {
    subscription.wholeFor = actor
    subscription.wholeAt = this.version
  }

  /** What a client is told of a refusal, as `Connection.fail` takes it: empty for no more than the reason. */
  told({ why }: Verdict, peer: Peer): string {
    const { tellRules } = this.#settings
    return tellRules === 'always' || (tellRules === 'local' && peer.loopback) ? why : ''
  }

  #decide(actor: Actor, action: Action, topic: TopicName, kind: number): Answer<Verdict> {
    const place = (Math.imul(actor.serial, 0x9e3779b1) ^ Math.imul(topic.slot + kind * slots, 0x85ebca6b)) >>> 16
    const known = this.#remembered[place]
    if (
      known !== null &&
      known.topic === topic &&
      known.actor === actor &&
      known.kind === kind &&
      known.version === this.version
    ) {
      if (kind !== receive) actor.lastPublish = known
      return known.verdict
    }
    const qos: Qos = (kind & 3) === 0 ? 0 : (kind & 3) === 1 ? 1 : 2
    const verdict = this.#authorizer.decide(actor, action, topic.text, qos, (kind & 4) !== 0)
    if (topic.slot < 0 || verdict instanceof Promise || verdict.passing === true) return verdict
    const remembered = new Remembered(actor, topic, kind, this.version, verdict)
    this.#remembered[place] = remembered
    if (kind !== receive) actor.lastPublish = remembered
    return verdict
  }
}

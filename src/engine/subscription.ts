import type { Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import type { Actor } from './actor.ts'
import type { Message } from './message.ts'

/** Whoever messages are delivered to: a session, or the embedding program. */
export interface Receiver {
  /** Client identifier. */
  readonly id: string
  /** What it is to get is kept while it is away, and until it has it. */
  readonly kept: boolean
  /** Belongs to the router: what it last saw this receiver in, so that overlapping subscriptions are found at once. */
  mark: number
  markIndex: number
  /** The rules allow its client to be given messages of this topic through this subscription. */
  mayReceive(topic: TopicName, subscription: Subscription): boolean
  /** A message of this topic was held back from it, because the rules do not allow it, so many times. */
  withheld(topic: TopicName, qos: Qos, count: number): void
  /** `alone`: nobody else gets this message, so its encoding need not be kept for others. */
  deliver(message: Message, subscription: Subscription, alone: boolean): void
  /** How a shared subscription sees it: takes a message now, would keep it for later, or neither. */
  readonly readiness: Readiness
}

export const Readiness = { Ready: 2, Busy: 1, Away: 0 } as const
export type Readiness = (typeof Readiness)[keyof typeof Readiness]

/** The members of one shared subscription `$share/name/filter` [MQTT 4.8.2]. */
export interface Group {
  readonly text: string
  readonly pattern: string
  add(member: Subscription): void
  remove(member: Subscription): void
  /** The client of this member came or went. */
  moved(member: Subscription): void
  readonly empty: boolean
  /** One of them is kept. */
  readonly kept: boolean
  /** The member that gets the next message of this topic, or null when there is none besides `except` that may have it. */
  choose(topic: TopicName, except: Receiver | null): Subscription | null
}

const qosBits = 3
const noLocalBit = 4
const retainAsPublishedBit = 8

/** One subscription of one receiver. Replaced, never changed, when the client subscribes again [MQTT-3.8.4-3]. */
export class Subscription {
  readonly receiver: Receiver
  /** The filter as the client wrote it. */
  readonly text: string
  /** QoS, No Local and Retain As Published, for there may be millions of these. */
  readonly #options: number
  /** Subscription identifiers to send along, null for none. */
  readonly identifiers: readonly number[] | null
  /** The group, for a shared subscription. */
  readonly group: Group | null
  /** For a union of overlapping subscriptions: the subscriptions it is made of. */
  readonly parts: readonly Subscription[] | null
  /** Who may receive everything it matches, and by which rules; null and 0 when nothing of the kind is known. */
  wholeFor: Actor | null = null
  wholeAt = 0

  constructor(
    receiver: Receiver,
    text: string,
    qos: Qos,
    noLocal: boolean,
    retainAsPublished: boolean,
    identifiers: readonly number[] | null,
    group: Group | null,
    parts: readonly Subscription[] | null,
  ) {
    this.receiver = receiver
    this.text = text
    this.#options = qos | (noLocal ? noLocalBit : 0) | (retainAsPublished ? retainAsPublishedBit : 0)
    this.identifiers = identifiers
    this.group = group
    this.parts = parts
  }

  get qos(): Qos {
    const qos = this.#options & qosBits
    return qos === 0 ? 0 : qos === 1 ? 1 : 2
  }

  get noLocal(): boolean {
    return (this.#options & noLocalBit) !== 0
  }

  get retainAsPublished(): boolean {
    return (this.#options & retainAsPublishedBit) !== 0
  }

  /** What topics are matched with: the filter without `$share/name/`. */
  get pattern(): string {
    return this.group === null ? this.text : this.group.pattern
  }
}

/** Several subscriptions of one receiver as one: one copy at the highest QoS with all identifiers [MQTT-3.3.4-2] [MQTT-3.3.4-4]. */
export function union(parts: readonly Subscription[]): Subscription {
  const first = parts[0]
  if (parts.length === 1) return first
  let qos = first.qos
  const identifiers: number[] = []
  for (const part of parts) {
    if (part.qos > qos) qos = part.qos
    if (part.identifiers !== null) identifiers.push(...part.identifiers)
  }
  const noLocal = parts.some((part) => part.noLocal)
  const retainAsPublished = parts.some((part) => part.retainAsPublished)
  const carried = identifiers.length > 0 ? identifiers : null
  return new Subscription(first.receiver, first.text, qos, noLocal, retainAsPublished, carried, null, parts)
}

/** Whom a topic goes to: one entry a receiver, and the groups of which one member gets it. */
export interface Route {
  readonly topic: TopicName
  /** The subscriptions it was found in. */
  readonly version: number
  readonly direct: readonly Subscription[]
  readonly groups: readonly Group[]
  /** Whom the rules keep from getting it; null for nobody. */
  readonly withheld: Withheld | null
}

/** Those who subscribed to a topic and may not have it, and how often that happened since it was last recorded. */
export interface Withheld {
  readonly topic: TopicName
  readonly subscriptions: readonly Subscription[]
  count: number
}

import type { Counters } from '../base/counters.ts'
import type { Log } from '../base/log.ts'
import { covers } from '../topic/cover.ts'
import { type Filter, isReserved } from '../topic/filter.ts'
import { slots, type TopicName } from '../topic/name.ts'
import { Tree } from '../topic/tree.ts'
import type { Message } from './message.ts'
import type { Journal } from './ports.ts'
import type { Retained } from './retained.ts'
import { SharedGroup } from './shared.ts'
import type { Store } from './store-ports.ts'
import { type Group, type Receiver, type Route, type Subscription, union, type Withheld } from './subscription.ts'

export interface RouterContext {
  readonly counters: Counters
  readonly log: Log
  readonly retained: Retained
  readonly store: Store
  readonly journal: Journal
}

/** Subscribers that all remembered routes together may hold. */
const remembered = 1_000_000

/** Records of what was held back that are made in one go. */
const recordedAtOnce = 1_000

const none: Group[] = []

/** What the tree holds: a subscription, or the group that stands for the members of a shared one. */
type Entry = Subscription | SharedGroup

/** Takes every message to everyone who subscribed to it. The only way in, and the only way out. */
export class Router {
  readonly #context: RouterContext
  readonly #tree = new Tree<Entry>()
  readonly #groups = new Map<string, SharedGroup>()
  readonly #found: Entry[] = []
  /** The routes of recent topics, by the slot of their name. */
  readonly #routes: (Route | null)[] = new Array<Route | null>(slots).fill(null)
  #remembered = 0
  /** What was held back and is not recorded yet. */
  readonly #withheld: Withheld[] = []
  #mark = 0

  constructor(context: RouterContext) {
    this.#context = context
  }

  /** Stores a retained message and delivers any; returns to how many receivers. */
  route(message: Message): number {
    if (message.retain) this.#retain(message)
    const route = this.#routeOf(message.topic)
    const direct = route.direct
    const alone = direct.length + route.groups.length === 1 && !message.retain
    if (route.withheld !== null) this.#withhold(route.withheld)
    let reached = 0
    for (let index = 0; index < direct.length; index++) {
      const subscription = direct[index]
      if (subscription.noLocal && subscription.receiver.id === message.publisher) {
        if (this.#deliverOwn(message, subscription)) reached++
        continue
      }
      this.#deliver(message, subscription, alone)
      reached++
    }
    for (let index = 0; index < route.groups.length; index++)
      if (this.share(route.groups[index], message, null, alone)) reached++
      else this.#withholdFromAll(message)
    return reached
  }

  /** Gives a message to one member of a group, not to `except`; false when there is nobody. */
  share(group: Group, message: Message, except: Receiver | null, alone: boolean): boolean {
    const member = group.choose(message.topic, except)
    if (member === null) return false
    this.#deliver(message, member, alone)
    return true
  }

  /** A message to this topic would be kept for a session. */
  keeps(topic: TopicName): boolean {
    const route = this.#routeOf(topic)
    for (let index = 0; index < route.direct.length; index++) if (route.direct[index].receiver.kept) return true
    for (let index = 0; index < route.groups.length; index++) if (route.groups[index].kept) return true
    return false
  }

  /** How many receivers get everything a filter matches. */
  reachedBy(pattern: string): number {
    const found: Entry[] = []
    this.#tree.match(pattern, found)
    const receivers = new Set<Receiver | SharedGroup>()
    for (const entry of found)
      if (covers(entry.pattern, pattern)) receivers.add(entry instanceof SharedGroup ? entry : entry.receiver)
    return receivers.size
  }

  /** Who may have what is not what it was: the routes are found anew. */
  forget(): void {
    this.#routes.fill(null)
    this.#remembered = 0
  }

  /** Called now and then: tells the receivers what was held back from them since. */
  recordWithheld(): void {
    let left = recordedAtOnce
    for (const each of this.#withheld) {
      const { subscriptions, topic, count } = each
      each.count = 0
      for (let index = 0; index < subscriptions.length && left > 0; index++, left--)
        subscriptions[index].receiver.withheld(topic, subscriptions[index].qos, count)
    }
    this.#withheld.length = 0
  }

  /** The group of a shared subscription, or null when it has no members. */
  group(text: string): Group | null {
    return this.#groups.get(text) ?? null
  }

  subscribe(subscription: Subscription): void {
    this.#context.counters.subscriptions++
    if (subscription.group === null) this.#tree.add(subscription)
    else subscription.group.add(subscription)
  }

  unsubscribe(subscription: Subscription): void {
    const group = subscription.group
    this.#context.counters.subscriptions--
    if (group === null) {
      this.#tree.remove(subscription)
      return
    }
    group.remove(subscription)
    const held = this.#groups.get(group.text)
    if (!group.empty || held === undefined) return
    this.#groups.delete(group.text)
    this.#tree.remove(held)
  }

  /** The group of a shared filter, made when it is the first of its name. */
  groupOf(filter: Filter): Group {
    const known = this.#groups.get(filter.text)
    if (known !== undefined) return known
    const group = new SharedGroup(filter)
    this.#groups.set(filter.text, group)
    this.#tree.add(group)
    return group
  }

  #withhold(withheld: Withheld): void {
    if (withheld.count++ === 0 && this.#withheld.push(withheld) >= recordedAtOnce) this.recordWithheld()
  }

  /** None of the members of a shared subscription may have it. */
  #withholdFromAll(message: Message): void {
    const topic = message.topic.text
    const why = 'not authorized'
    this.#context.counters.publishDropped++
    const event = { kind: 'dropped', clientId: '', identity: '', topic, qos: message.qos, why, count: 1 } as const
    this.#context.journal.record(event)
  }

  #retain(message: Message): void {
    const { retained, store, journal, counters } = this.#context
    const topic = message.topic.text
    if (store.condition === 'failing' && !isReserved(topic)) {
      counters.publishDropped++
      const why = 'store failing'
      return journal.record({ kind: 'dropped', clientId: '', identity: '', topic, qos: message.qos, why, count: 1 })
    }
    if (message.size === 0)
      retained.delete(topic) // [MQTT-3.3.1-6]
    else if (!retained.set(message)) this.#context.log.warn('retained message not stored: limit reached', { topic })
  }

  #deliver(message: Message, subscription: Subscription, alone: boolean): void {
    try {
      subscription.receiver.deliver(message, subscription, alone)
    } catch (error) {
      // A failure while delivering is the receiver's alone.
      this.#context.log.error('delivery failed', {
        clientId: subscription.receiver.id,
        topic: message.topic.text,
        error,
      })
    }
  }

  /** The publisher's own message comes back through those of its subscriptions that are not No Local [MQTT-3.8.3-3]. */
  #deliverOwn(message: Message, subscription: Subscription): boolean {
    const rest = subscription.parts?.filter((part) => !part.noLocal) ?? []
    if (rest.length === 0) return false
    this.#deliver(message, union(rest), false)
    return true
  }

  #routeOf(topic: TopicName): Route {
    if (topic.slot < 0) return this.#find(topic)
    const known = this.#routes[topic.slot]
    if (known !== null && known.topic === topic && known.version === this.#tree.version) return known
    const route = this.#find(topic)
    this.#remembered += route.direct.length
    if (this.#remembered > remembered) {
      this.#routes.fill(null)
      this.#remembered = route.direct.length
    }
    this.#routes[topic.slot] = route
    return route
  }

  #find(topic: TopicName): Route {
    const found = this.#found
    this.#tree.match(topic.text, found)
    const route = this.#compile(topic, found)
    found.length = 0
    return route
  }

  /** One entry a receiver: overlapping subscriptions of one client become their union. */
  #compile(topic: TopicName, found: readonly Entry[]): Route {
    const direct: Subscription[] = []
    let groups: Group[] = none
    let withheld: Subscription[] | null = null
    const mark = ++this.#mark
    for (const entry of found) {
      if (entry instanceof SharedGroup) {
        if (groups === none) groups = [entry]
        else groups.push(entry)
        continue
      }
      const receiver = entry.receiver
      if (!receiver.mayReceive(topic, entry)) {
        if (withheld === null) withheld = [entry]
        else withheld.push(entry)
      } else if (receiver.mark === mark) {
        const other = direct[receiver.markIndex]
        direct[receiver.markIndex] = union([...(other.parts ?? [other]), entry])
      } else {
        receiver.mark = mark
        receiver.markIndex = direct.length
        direct.push(entry)
      }
    }
    const held = withheld === null ? null : { topic, subscriptions: withheld, count: 0 }
    return { topic, version: this.#tree.version, direct, groups, withheld: held }
  }
}

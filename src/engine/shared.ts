import type { Filter } from '../topic/filter.ts'
import type { TopicName } from '../topic/name.ts'
import { type Group, Readiness, type Receiver, type Subscription } from './subscription.ts'

/** Connected members asked whether they can take a message before one that is busy gets it. */
const asked = 64

/**
 * The members of one shared subscription `$share/name/filter` [MQTT 4.8.2]. A message goes to the connected members in
 * rotation, first to one that can take it at once; only when none is connected to one that is away.
 */
export class SharedGroup implements Group {
  readonly text: string
  readonly pattern: string
  readonly #here: Subscription[] = []
  readonly #away: Subscription[] = []
  #next = 0

  constructor(filter: Filter) {
    this.text = filter.text
    this.pattern = filter.pattern
  }

  get empty(): boolean {
    return this.#here.length + this.#away.length === 0
  }

  get kept(): boolean {
    return this.#here.some(isKept) || this.#away.some(isKept)
  }

  add(member: Subscription): void {
    if (member.receiver.readiness === Readiness.Away) this.#away.push(member)
    else this.#here.push(member)
  }

  remove(member: Subscription): void {
    if (!drop(this.#here, member)) drop(this.#away, member)
  }

  moved(member: Subscription): void {
    this.remove(member)
    this.add(member)
  }

  choose(topic: TopicName, except: Receiver | null): Subscription | null {
    return this.#rotate(this.#here, topic, except) ?? this.#rotate(this.#away, topic, except)
  }

  #rotate(members: readonly Subscription[], topic: TopicName, except: Receiver | null): Subscription | null {
    let left = asked
    let fallback = -1
    for (let step = 0; step < members.length && left > 0; step++) {
      const index = (this.#next + step) % members.length
      const member = members[index]
      const { receiver } = member
      if (receiver === except || !receiver.mayReceive(topic, member)) continue
      left--
      if (receiver.readiness === Readiness.Ready) return this.#take(members, index)
      if (fallback < 0) fallback = index
    }
    return fallback < 0 ? null : this.#take(members, fallback)
  }

  #take(members: readonly Subscription[], index: number): Subscription {
    this.#next = (index + 1) % members.length
    return members[index]
  }
}

function isKept(member: Subscription): boolean {
  return member.receiver.kept
}

function drop(members: Subscription[], member: Subscription): boolean {
  const index = members.indexOf(member)
  if (index < 0) return false
  members.splice(index, 1)
  return true
}

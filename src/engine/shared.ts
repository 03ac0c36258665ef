import type { Filter } from '../topic/filter.ts'
import { type Group, Readiness, type Receiver, type Subscription } from './subscription.ts'

/** The members of one shared subscription `$share/name/filter` [MQTT 4.8.2]. */
export class SharedGroup implements Group {
  readonly text: string
  readonly pattern: string
  readonly #members: Subscription[] = []
  #next = 0

  constructor(filter: Filter) {
    this.text = filter.text
    this.pattern = filter.pattern
  }

  get empty(): boolean {
    return this.#members.length === 0
  }

  add(member: Subscription): void {
    this.#members.push(member)
  }

  remove(member: Subscription): void {
    const index = this.#members.indexOf(member)
    if (index < 0) return
    this.#members.splice(index, 1)
    if (index < this.#next) this.#next--
  }

  /**
   * The member whose turn it is: in rotation among those that can take a message now; else one that is connected and
   * busy; else one that is away and keeps its session. Null when there is none, `except` aside.
   */
  choose(except: Receiver | null): Subscription | null {
    const members = this.#members
    let best: Subscription | null = null
    let bestReadiness = -1
    let bestIndex = 0
    for (let step = 0; step < members.length; step++) {
      const index = (this.#next + step) % members.length
      const member = members[index]
      if (member.receiver === except) continue
      const readiness = member.receiver.readiness
      if (readiness <= bestReadiness) continue
      best = member
      bestReadiness = readiness
      bestIndex = index
      if (readiness === Readiness.Ready) break
    }
    if (best !== null) this.#next = (bestIndex + 1) % members.length
    return best
  }
}

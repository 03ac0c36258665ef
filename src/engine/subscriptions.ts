import type { Subscription } from './subscription.ts'

/** Subscriptions up to this number are looked through one by one. */
const few = 16

/** The subscriptions of one session by filter. Most sessions have few, and then a map would be most of their memory. */
export class Subscriptions {
  #few: readonly Subscription[] = none
  #many: Map<string, Subscription> | null = null

  get size(): number {
    return this.#many === null ? this.#few.length : this.#many.size
  }

  get(filter: string): Subscription | undefined {
    if (this.#many !== null) return this.#many.get(filter)
    for (let index = 0; index < this.#few.length; index++) if (this.#few[index].text === filter) return this.#few[index]
    return undefined
  }

  has(filter: string): boolean {
    return this.get(filter) !== undefined
  }

  set(filter: string, subscription: Subscription): void {
    if (this.#many !== null) {
      this.#many.set(filter, subscription)
      return
    }
    this.delete(filter)
    this.#few = this.#few.concat(subscription)
    if (this.#few.length <= few) return
    this.#many = new Map(this.#few.map((each) => [each.text, each]))
    this.#few = none
  }

  delete(filter: string): void {
    if (this.#many !== null) this.#many.delete(filter)
    else if (this.has(filter)) this.#few = this.#few.filter((subscription) => subscription.text !== filter)
  }

  clear(): void {
    this.#few = none
    this.#many = null
  }

  values(): IterableIterator<Subscription> {
    return this.#many === null ? this.#few.values() : this.#many.values()
  }
}

const none: readonly Subscription[] = []

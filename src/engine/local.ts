import type { Filter } from '../topic/filter.ts'
import type { Message } from './message.ts'
import { Readiness, type Receiver, Subscription } from './subscription.ts'

/** A subscription of the program the broker is embedded in. It is always there, and takes everything at once. */
export class LocalReceiver implements Receiver {
  readonly id: string
  readonly kept = false
  mark = 0
  markIndex = 0
  readonly readiness = Readiness.Ready
  readonly #take: (message: Message, retain: boolean) => void

  /** `take` must not keep the message: its payload is valid during the call. */
  constructor(id: string, take: (message: Message, retain: boolean) => void) {
    this.id = id
    this.#take = take
  }

  subscription(filter: Filter): Subscription {
    return new Subscription(this, filter.text, 2, false, true, null, null, null)
  }

  deliver(message: Message, _subscription: Subscription, _alone: boolean): void {
    this.#take(message, message.retain)
  }
}

import type { Filter } from '../topic/filter.ts'
import type { TopicName } from '../topic/name.ts'
import type { Access } from './access.ts'
import type { Actor } from './actor.ts'
import type { Message } from './message.ts'
import { mayReceive } from './receiving.ts'
import { Readiness, type Receiver, Subscription } from './subscription.ts'

/** For whom messages are received, and by which rules. */
interface LocalActor {
  readonly access: Access
  readonly actor: Actor
}

/** A subscription of the program the broker is embedded in. It is always there, and takes everything at once. */
export class LocalReceiver implements Receiver {
  readonly id: string
  readonly kept = false
  mark = 0
  markIndex = 0
  readonly readiness = Readiness.Ready
  /** Gives a message to the program, which must not keep it: its payload is valid during the call. */
  readonly take: (message: Message, retain: boolean) => void
  readonly #for: LocalActor | null

  /** Without `whom` it is for the program itself, which may have everything. */
  constructor(id: string, take: (message: Message, retain: boolean) => void, whom: LocalActor | null = null) {
    this.id = id
    this.take = take
    this.#for = whom
  }

  subscription(filter: Filter): Subscription {
    return new Subscription(this, filter.text, 2, false, true, null, null, null)
  }

  mayReceive(topic: TopicName, subscription: Subscription): boolean {
    return this.#for === null || mayReceive(this.#for.access, this.#for.actor, topic, subscription)
  }

  withheld(): void {}

  deliver(message: Message, _subscription: Subscription, _alone: boolean): void {
    this.take(message, message.retain)
  }
}

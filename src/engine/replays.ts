import type { Clock } from '../base/clock.ts'
import { Ring } from '../base/ring.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { Subscription } from './subscription.ts'

/** Retained messages still to be sent because of a new subscription; null in between to give way to others. */
export interface Replay {
  readonly subscription: Subscription
  readonly messages: Iterator<Message | null>
}

/** Whom retained messages are replayed to. */
export interface ReplayReceiver {
  /** Takes one more QoS 1 or 2 message now. */
  readonly ready: boolean
  offerRetained(message: Message, subscription: Subscription): void
}

/** Retained messages sent in one turn before other clients get theirs. */
const portion = 200

/** The replays of one session, one after the other, each as fast as the client takes it. */
export class Replays {
  readonly #receiver: ReplayReceiver
  #waiting = new Ring<Replay>()

  constructor(receiver: ReplayReceiver) {
    this.#receiver = receiver
  }

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  add(replay: Replay): void {
    this.#waiting.push(replay)
  }

  /** Its subscription ended, or was replaced. */
  cancel(filter: string): void {
    for (let left = this.#waiting.length; left > 0; left--) {
      const replay = this.#waiting.shift()
      if (replay !== undefined && replay.subscription.text !== filter) this.#waiting.push(replay)
    }
  }

  /** Sends some; true when there is more that could be sent at once. */
  send(outbox: Outbox, clock: Clock): boolean {
    for (let sent = 0; sent < portion; sent++) {
      const replay = this.#waiting.peek()
      if (replay === undefined || outbox.full) return false
      if (replay.subscription.qos > 0 && !this.#receiver.ready) return false
      const next = replay.messages.next()
      if (next.done === true) this.#waiting.shift()
      else if (next.value !== null && !next.value.expired(clock.now()))
        this.#receiver.offerRetained(next.value, replay.subscription)
    }
    return true
  }
}

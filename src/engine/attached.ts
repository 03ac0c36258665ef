import type { Reason } from '../packet/reason.ts'
import type { PacketType } from '../packet/types.ts'
import type { Delivery } from './inflight.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { Verdict } from './ports.ts'
import type { SendQuota } from './send-quota.ts'

/** The network connection a session is on, as far as the session is concerned. */
export interface Attached {
  readonly outbox: Outbox
  /** QoS 1 and 2 messages the client takes without acknowledging [MQTT 3.1.2.11.3]. */
  readonly sendQuota: SendQuota
  fail(reason: Reason, detail: string): void
  /** Ends it because the rules say so; `what` is what they do not allow. */
  forbid(what: string, verdict: Verdict): void
  /** Another network connection takes over the session. */
  takenOver(): void
  /** Sends an acknowledgement, once what was staged is safe when `staged` says that it depends on that. */
  answer(type: PacketType, id: number, reason: Reason, reasonString: string | null, staged: boolean): void
  /** Deliveries are held back for it. */
  readonly holding: boolean
  /** Sends a delivery in its turn, and one of QoS 2 once its packet identifier is safe. */
  sendWhenSafe(session: HeldSender, delivery: Delivery, message: Message): void
}

/** Who sends what was held back. */
export interface HeldSender {
  sendHeld(delivery: Delivery, message: Message): void
}

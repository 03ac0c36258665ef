import type { Attached } from './attached.ts'
import type { Delivery, Inflight } from './inflight.ts'
import type { Message } from './message.ts'
import type { Store } from './store-ports.ts'
import type { Group } from './subscription.ts'

interface KeptContext {
  readonly store: Store
  readonly router: { group(text: string): Group | null }
}

/** Stages that a delivery begins under its packet identifier; `number` is that of its session. */
export function stageSent({ store }: KeptContext, number: number, delivery: Delivery, message: Message): void {
  const { id, qos, retain, identifiers, group } = delivery
  if (delivery.sequence > 0) return store.sent(delivery.sequence, id)
  if (store.condition === 'failing') return
  delivery.sequence = store.append(message, number, qos, retain, id, identifiers, group === null ? null : group.text)
  delivery.message = null
}

/** A client must not see a QoS 2 packet identifier that could be forgotten; what comes after it stays behind it. */
export function waits(attached: Attached, delivery: Delivery): boolean {
  return attached.holding || (delivery.qos === 2 && delivery.sequence > 0)
}

/** The message of a delivery, from the store if it is not at hand; null when it is gone. */
export function recall({ store, router }: KeptContext, delivery: Delivery): Message | null {
  if (delivery.message !== null || delivery.sequence === 0) return delivery.message
  const stored = store.read(delivery.sequence)
  if (stored === null) return null
  delivery.recalled(stored, stored.share === null ? null : router.group(stored.share))
  return stored.message
}

/** Offers QoS 1 messages of shared subscriptions, which were sent and not acknowledged, to others. */
export function surrenderSent(context: KeptContext, sent: Inflight, take: (delivery: Delivery) => boolean): void {
  for (const delivery of sent.inOrder()) {
    if (delivery.group === null || delivery.qos !== 1) continue
    recall(context, delivery)?.keep()
    if (!take(delivery)) continue
    sent.remove(delivery)
    if (delivery.sequence > 0) context.store.settle(delivery.sequence)
  }
}

import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { Store } from './store-ports.ts'
import type { Subscription } from './subscription.ts'

interface Context {
  readonly store: Store
  readonly router: Router
}

/** Ends a subscription of a session that goes on. */
export function endSubscription({ store, router }: Context, session: Session, subscription: Subscription): void {
  const { text } = subscription
  session.subscriptions.delete(text)
  if (session.kept) store.dropSubscription(session.number, text)
  if (subscription.group !== null) session.sharedSubscriptions--
  session.cancelReplays(text)
  router.unsubscribe(subscription)
}

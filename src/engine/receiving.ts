import { matches } from '../topic/filter.ts'
import type { TopicName } from '../topic/name.ts'
import type { Access } from './access.ts'
import type { Actor } from './actor.ts'
import type { Subscription } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'

/** The rules allow a client to be given messages of a topic through a subscription; of one never seen nothing can be said. */
export function mayReceive(access: Access, actor: Actor | null, topic: TopicName, subscription: Subscription): boolean {
  if (actor === null) return true
  if (subscription.wholeFor === actor && subscription.wholeAt === access.version) return true
  return access.receives(actor, topic)
}

/** What waited for a client may be given to it by the rules of now, through any of its subscriptions. */
export function stillMayReceive(access: Access, actor: Actor | null, topic: TopicName, of: Subscriptions): boolean {
  if (actor === null || access.receives(actor, topic)) return true
  for (const subscription of of.values())
    if (matches(subscription.pattern, topic.text) && mayReceive(access, actor, topic, subscription)) return true
  return false
}

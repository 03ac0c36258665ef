import { BrokerError } from './base/errors.ts'
import type { PublishOptions, ReceivedMessage } from './embedding.ts'
import { Actor } from './engine/actor.ts'
import type { Core } from './engine/core.ts'
import { denied } from './engine/denied.ts'
import { LocalReceiver } from './engine/local.ts'
import type { Message } from './engine/message.ts'
import type { Action, Identity, Verdict } from './engine/ports.ts'
import { filterOf, messageOf, received } from './local-message.ts'
import type { Qos } from './packet/types.ts'
import { hasWildcard, isReserved } from './topic/filter.ts'

/** A part of this program that may do what the rules allow it, like a client that came through a listener. */
export class LocalClient {
  readonly #core: Core
  readonly #actor: Actor

  /** @internal Use {@link Broker.client}. */
  constructor(core: Core, id: string, identity: Identity) {
    this.#core = core
    const peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null } as const
    this.#actor = new Actor(id, identity, 5, 'local', peer)
  }

  get id(): string {
    return this.#actor.id
  }

  /**
   * Publishes a message if the rules allow it. Resolves with how many receivers it went to.
   *
   * @throws BrokerError NOT_AUTHORIZED when they do not; TOPIC_INVALID for a topic with wildcards or over the limits.
   */
  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<number> {
    const { access, router } = this.#core
    const message = messageOf(this.#core, this.id, topic, payload, options)
    const { qos, retain } = message
    const verdict = isReserved(topic) ? reserved : await access.publish(this.#actor, message.topic, qos, retain)
    if (!verdict.allowed) throw this.#denied('publish', topic, qos, verdict)
    return router.route(message)
  }

  /**
   * Calls `take` for every message a topic filter matches and the rules allow, retained ones first, until the returned
   * function is called. What `take` throws is logged.
   *
   * @throws BrokerError NOT_AUTHORIZED when the rules do not allow the subscription; TOPIC_INVALID for an invalid filter.
   */
  async subscribe(filter: string, take: (message: ReceivedMessage) => void): Promise<() => void> {
    const { access } = this.#core
    const parsed = filterOf(filter)
    const verdict = await access.subscribe(this.#actor, parsed.pattern, 2)
    if (!verdict.allowed) throw this.#denied('subscribe', filter, 2, verdict)
    const receiver = new LocalReceiver(this.id, guarded(this.#core, filter, take), { access, actor: this.#actor })
    const subscription = receiver.subscription(parsed)
    if (verdict.whole === true) access.whole(subscription, this.#actor)
    return begin(this.#core, receiver, subscription)
  }

  #denied(action: Action, topic: string, qos: Qos, verdict: Verdict): BrokerError {
    denied(this.#core, this.#actor, action, topic, qos, verdict)
    return new BrokerError('NOT_AUTHORIZED', `${this.id} may not ${action} ${JSON.stringify(topic)}: ${verdict.why}`)
  }
}

const reserved: Verdict = { allowed: false, why: 'topics under $SYS belong to the broker' }

/** Gives messages to a part of this program; what it throws is its own. */
export function guarded({ log }: Core, filter: string, take: (message: ReceivedMessage) => void) {
  return (message: Message, retain: boolean) => {
    try {
      take(received(message, retain))
    } catch (error) {
      log.error('a subscriber in this program failed', { filter, error })
    }
  }
}

/** Begins a subscription with the retained messages; returns what ends it. */
export function begin(core: Core, receiver: LocalReceiver, subscription: ReturnType<LocalReceiver['subscription']>) {
  const { router, retained, clock } = core
  const { pattern } = subscription
  router.subscribe(subscription)
  const before = hasWildcard(pattern) ? retained.matching(pattern) : [retained.get(pattern)].values()
  for (let next = before.next(); next.done !== true; next = before.next()) {
    const message = next.value
    if (message !== null && !message.expired(clock.now()) && receiver.mayReceive(message.topic, subscription))
      receiver.take(message, true)
  }
  return () => router.unsubscribe(subscription)
}

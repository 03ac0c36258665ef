import type { Log } from '../base/log.ts'
import type { Access } from './access.ts'
import type { Actor } from './actor.ts'
import type { Answer, Journal, Verdict } from './ports.ts'
import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store-ports.ts'
import type { Subscription } from './subscription.ts'
import { endSubscription } from './subscription-end.ts'

export interface ReviewsContext {
  readonly settings: Settings
  readonly access: Access
  readonly sessions: Iterable<Session>
  readonly router: Router
  readonly store: Store
  readonly journal: Journal
  readonly log: Log
}

/** Subscriptions that are looked at before others get their turn. */
const atOnce = 500
/** Decisions that somebody else is asked for at a time. */
const askedAtOnce = 100

/**
 * Looks at what clients have again when the rules changed, or when a client came back to a session it had: whether it
 * may be connected, and whether it may have its subscriptions. Until it was looked at, every delivery is.
 */
export class AccessReviews {
  readonly #context: ReviewsContext
  /** Sessions that are still to be looked at. */
  #waiting: Iterator<Session>[] = []
  #subscriptions: Iterator<Subscription> | null = null
  #session: Session | null = null
  #next: NodeJS.Immediate | null = null
  /** Decisions that somebody else was asked for. */
  #asked = 0

  constructor(context: ReviewsContext) {
    this.#context = context
  }

  /** The rules changed: from here on only the new ones hold. */
  changed(): void {
    const { access, router, sessions } = this.#context
    access.changed()
    router.forget()
    this.#session = null
    this.#subscriptions = null
    this.#waiting = [sessions[Symbol.iterator]()]
    this.#go()
  }

  /** The client of a session proved anew who it is, and is not who it was. */
  identified(session: Session): void {
    if (this.#context.access.watched) this.#mayConnect(session)
    this.session(session)
  }

  /** The client of a session is not who it was when it subscribed. */
  session(session: Session): void {
    if (!this.#context.access.watched || session.subscriptions.size === 0) return
    this.#context.router.forget()
    this.#waiting.push([session].values())
    this.#go()
  }

  close(): void {
    if (this.#next !== null) clearImmediate(this.#next)
    this.#waiting = []
    this.#subscriptions = null
  }

  #go(): void {
    this.#next ??= setImmediate(() => {
      this.#next = null
      for (let left = atOnce; left > 0; left--) {
        if (this.#asked >= askedAtOnce) return
        if (!this.#step()) return this.#context.router.forget()
      }
      this.#go()
    })
  }

  /** Looks at one subscription, or goes on to the next session; false when there is nothing left. */
  #step(): boolean {
    const next = this.#subscriptions?.next()
    if (next?.done === false && this.#session !== null) {
      this.#look(this.#session, next.value)
      return true
    }
    this.#subscriptions = null
    const session = this.#nextSession()
    if (session === null) return false
    this.#session = session
    this.#subscriptions = [...session.subscriptions.values()].values()
    this.#mayConnect(session)
    return true
  }

  #nextSession(): Session | null {
    for (let sessions = this.#waiting[0]; sessions !== undefined; sessions = this.#waiting[0]) {
      const next = sessions.next()
      if (next.done !== true) return next.value
      this.#waiting.shift()
    }
    return null
  }

  #mayConnect(session: Session): void {
    const { actor, owner } = session
    if (actor === null || owner === null) return
    this.#decide(session, actor, this.#context.access.connect(actor), (verdict) => {
      if (!verdict.allowed && session.owner === owner) owner.forbid('being connected', verdict)
    })
  }

  #look(session: Session, subscription: Subscription): void {
    const { access } = this.#context
    const { actor } = session
    if (actor === null || (subscription.wholeFor === actor && subscription.wholeAt === access.version)) return
    const answer = access.subscribe(actor, subscription.pattern, subscription.qos)
    this.#decide(session, actor, answer, (verdict) => {
      if (session.subscriptions.get(subscription.text) !== subscription) return
      if (!verdict.allowed) this.#end(session, actor, subscription, verdict)
      else if (verdict.whole === true) access.whole(subscription, actor)
    })
  }

  /** Goes on with the verdict, unless the rules or the client are others by then: those are looked at by themselves. */
  #decide(session: Session, actor: Actor, answer: Answer<Verdict>, then: (verdict: Verdict) => void): void {
    if (!(answer instanceof Promise)) return then(answer)
    const { access, router, log } = this.#context
    const { version } = access
    const settled = (verdict: Verdict | null) => {
      if (this.#asked-- === askedAtOnce) this.#go()
      if (verdict === null || access.version !== version || session.actor !== actor) return
      then(verdict)
      router.forget()
    }
    this.#asked++
    answer.then(settled, (error: unknown) => {
      log.error('a decision failed', { clientId: session.id, error })
      settled(null)
    })
  }

  /** A subscription ends. An MQTT 5 client can be told in no other way than by the end of its connection. */
  #end(session: Session, actor: Actor, subscription: Subscription, verdict: Verdict): void {
    const { journal, log, settings } = this.#context
    const { id: clientId, attached } = session
    const { text: topic } = subscription
    const { why: detail, rule = '' } = verdict
    endSubscription(this.#context, session, subscription)
    journal.record({ kind: 'unsubscribed', clientId, identity: actor.identity.name, topic, detail, rule })
    log.warn('a subscription is not allowed any more', { clientId, topic, why: detail })
    if (attached === null || (actor.version !== 5 && settings.deniedMqtt3 === 'ignore')) return
    attached.forbid(`the subscription to ${topic}`, verdict)
  }
}

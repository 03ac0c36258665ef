import { Timer, type Wheel } from '../base/wheel.ts'
import type { Delivery } from './inflight.ts'
import type { Router } from './router.ts'
import { Session, type SessionContext } from './session.ts'
import type { SessionRecord } from './store-ports.ts'
import { Readiness } from './subscription.ts'
import { publishWill, type Will, type WillContext } from './will.ts'

export interface SessionsContext extends SessionContext, WillContext {
  readonly wheel: Wheel
  readonly router: Router
}

/** The Session Expiry Interval of a session that does not expire [MQTT 3.1.2.11.2]. */
export const forever = 0xffff_ffff

/** All sessions by client identifier, and what happens to them in time: expiry and delayed wills. */
export class Sessions {
  readonly #context: SessionsContext
  readonly #sessions = new Map<string, Session>()
  /** How many sessions belong to each principal; those of clients that proved nothing are not counted. */
  readonly #principals = new Map<string, number>()
  #closing = false

  constructor(context: SessionsContext) {
    this.#context = context
  }

  get size(): number {
    return this.#sessions.size
  }

  get(id: string): Session | null {
    return this.#sessions.get(id) ?? null
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values()
  }

  /** How many sessions belong to a principal. */
  of(principal: string): number {
    return this.#principals.get(principal) ?? 0
  }

  /** Makes a session; one that outlives its connection is kept. */
  create(id: string, principal: string, expiryInterval: number): Session {
    const { store } = this.#context
    const session = new Session(id, expiryInterval > 0 ? store.number() : 0, store.position, this.#context)
    return this.#add(session, principal)
  }

  /** Makes a session that was kept. */
  restore(record: SessionRecord): Session {
    const session = new Session(record.clientId, record.number, 0, this.#context)
    session.expiryInterval = record.expiryInterval
    return this.#add(session, record.principal)
  }

  /** The client is here: its session goes on, and the will of the connection before is not sent [MQTT-3.1.3-9]. */
  arrived(session: Session, principal: string, will: Will | null): void {
    const { store } = this.#context
    this.#cancel(session)
    this.#belongs(session, principal)
    if (session.kept) this.#keep(session, 0)
    if (session.will !== null && session.will.number !== will?.number) store.dropWill(session.will.number)
    session.will = will
    if (will !== null) store.putWill(will.record)
  }

  /** The client proved anew who it is: its will is that of who it is now. */
  identified(session: Session): void {
    const { will, actor } = session
    if (will === null || actor === null) return
    session.will = will.of(actor)
    this.#context.store.putWill(session.will.record)
  }

  /** The connection of the session is gone; `willing` unless the client took back its will [MQTT-3.14.4-3]. */
  left(session: Session, willing: boolean): void {
    session.detach()
    session.tellGroups()
    if (this.#closing) return this.#leave(session)
    if (!willing) this.#forgetWill(session)
    if (session.expiryInterval === 0) return this.end(session)
    this.#keep(session, this.#context.clock.wall())
    if (session.will !== null && session.will.delay > 0) this.#putOff(session.will)
    this.wait(session, session.will === null ? 0 : session.will.delay * 1_000, session.expiryInterval * 1_000)
    session.surrender((delivery) => this.#handOver(delivery, session, Readiness.Busy))
  }

  /** Sets the timers of a session whose client is away: milliseconds until its will is sent, and until it expires. */
  wait(session: Session, will: number, expiry: number): void {
    const { wheel } = this.#context
    if (session.will !== null && will <= 0) this.#publishWill(session)
    else if (session.will !== null) wheel.set((session.willTimer ??= new Timer(() => this.#publishWill(session))), will)
    if (session.expiryInterval === forever) return
    if (expiry <= 0) this.end(session)
    else wheel.set((session.expiryTimer ??= new Timer(() => this.end(session))), expiry)
  }

  /** Ends a session: its subscriptions and messages are gone, its will is sent now [MQTT-3.1.2-8]. */
  end(session: Session): void {
    if (this.#sessions.get(session.id) !== session) return
    const { router, counters } = this.#context
    this.#cancel(session)
    this.#sessions.delete(session.id)
    counters.sessions = this.#sessions.size
    this.#belongs(session, '')
    for (const subscription of session.subscriptions.values()) router.unsubscribe(subscription)
    session.surrender((delivery) => this.#handOver(delivery, session, Readiness.Away))
    session.end()
    if (session.kept) this.#forget(session)
    session.subscriptions.clear()
    this.#publishWill(session)
  }

  /** From here on sessions are left as they are: the broker closes. */
  close(): void {
    this.#closing = true
    for (const session of this.#sessions.values()) this.#cancel(session)
  }

  #add(session: Session, principal: string): Session {
    this.#sessions.set(session.id, session)
    this.#belongs(session, principal)
    this.#context.counters.sessions = this.#sessions.size
    return session
  }

  #belongs(session: Session, principal: string): void {
    if (session.principal === principal) return
    const left = this.of(session.principal) - 1
    if (left > 0) this.#principals.set(session.principal, left)
    else this.#principals.delete(session.principal)
    session.principal = principal
    if (principal !== '') this.#principals.set(principal, this.of(principal) + 1)
  }

  /** The broker closes: what is kept of the session goes on counting, and its will is due when the broker is back. */
  #leave(session: Session): void {
    if (session.kept) this.#keep(session, this.#context.clock.wall())
  }

  #keep(session: Session, leftAt: number): void {
    const { number, id: clientId, principal, expiryInterval, perhapsSent } = session
    this.#context.store.putSession({ number, clientId, principal, expiryInterval, leftAt, perhapsSent })
  }

  #forget(session: Session): void {
    const { store } = this.#context
    store.dropSession(session.number)
    for (const { text } of session.subscriptions.values()) store.dropSubscription(session.number, text)
    session.received?.clear()
  }

  #cancel(session: Session): void {
    if (session.expiryTimer !== null) this.#context.wheel.cancel(session.expiryTimer)
    if (session.willTimer !== null) this.#context.wheel.cancel(session.willTimer)
  }

  /** A will with a delay is due at a time that passes while the broker is down, too. */
  #putOff(will: Will): void {
    const { store, clock } = this.#context
    store.putWill({ ...will.record, dueAt: clock.wall() + will.delay * 1_000 })
  }

  #publishWill(session: Session): void {
    const will = session.will
    this.#forgetWill(session)
    if (will !== null) publishWill(this.#context, will)
  }

  #forgetWill(session: Session): void {
    if (session.will !== null) this.#context.store.dropWill(session.will.number)
    session.will = null // [MQTT-3.1.2-10]
  }

  /** Gives a message of a shared subscription to another member that is at least this ready. */
  #handOver(delivery: Delivery, from: Session, least: Readiness): boolean {
    if (delivery.message === null) return false
    const member = delivery.group?.choose(delivery.message.topic, from) ?? null
    if (member === null || member.receiver.readiness < least) return false
    member.receiver.deliver(delivery.message, member, true)
    return true
  }
}

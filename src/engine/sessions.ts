import { Timer, type Wheel } from '../base/wheel.ts'
import type { Delivery } from './inflight.ts'
import type { Router } from './router.ts'
import { Session, type SessionContext, type StoredWill } from './session.ts'
import { Readiness } from './subscription.ts'

export interface SessionsContext extends SessionContext {
  readonly wheel: Wheel
  readonly router: Router
}

/** The Session Expiry Interval of a session that does not expire [MQTT 3.1.2.11.2]. */
export const forever = 0xffff_ffff

/** All sessions by client identifier, and what happens to them in time: expiry and delayed wills. */
export class Sessions {
  readonly #context: SessionsContext
  readonly #sessions = new Map<string, Session>()

  constructor(context: SessionsContext) {
    this.#context = context
  }

  get size(): number {
    return this.#sessions.size
  }

  get(id: string): Session | null {
    return this.#sessions.get(id) ?? null
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  create(id: string): Session {
    const session = new Session(id, this.#context)
    this.#sessions.set(id, session)
    this.#context.counters.sessions = this.#sessions.size
    return session
  }

  /** The client is here: its session goes on, and the will of the connection before is not sent [MQTT-3.1.3-9]. */
  arrived(session: Session, will: StoredWill | null): void {
    this.#cancel(session)
    session.will = will
  }

  /** The connection of the session is gone; `willing` unless the client took back its will [MQTT-3.14.4-3]. */
  left(session: Session, willing: boolean): void {
    session.detach()
    session.tellGroups()
    if (!willing) session.will = null
    if (session.expiryInterval === 0) return this.end(session)
    const { wheel } = this.#context
    if (session.will === null || session.will.delay === 0) this.#publishWill(session)
    else wheel.set((session.willTimer ??= new Timer(() => this.#publishWill(session))), session.will.delay * 1_000)
    if (session.expiryInterval !== forever)
      wheel.set((session.expiryTimer ??= new Timer(() => this.end(session))), session.expiryInterval * 1_000)
    session.surrender((delivery) => this.#handOver(delivery, session, Readiness.Busy))
  }

  /** Ends a session: its subscriptions and messages are gone, its will is sent now [MQTT-3.1.2-8]. */
  end(session: Session): void {
    if (this.#sessions.get(session.id) !== session) return
    this.#cancel(session)
    this.#sessions.delete(session.id)
    this.#context.counters.sessions = this.#sessions.size
    for (const subscription of session.subscriptions.values()) this.#context.router.unsubscribe(subscription)
    session.subscriptions.clear()
    session.surrender((delivery) => this.#handOver(delivery, session, Readiness.Away))
    session.end()
    this.#publishWill(session)
  }

  /** Ends all of them without wills: the broker closes. */
  clear(): void {
    for (const session of this.#sessions.values()) {
      this.#cancel(session)
      session.end()
    }
    this.#sessions.clear()
  }

  #cancel(session: Session): void {
    if (session.expiryTimer !== null) this.#context.wheel.cancel(session.expiryTimer)
    if (session.willTimer !== null) this.#context.wheel.cancel(session.willTimer)
  }

  #publishWill(session: Session): void {
    const will = session.will
    session.will = null // [MQTT-3.1.2-10]
    if (will !== null) this.#context.router.route(will.message())
  }

  /** Gives a message of a shared subscription to another member that is at least this ready. */
  #handOver(delivery: Delivery, from: Session, least: Readiness): boolean {
    const member = delivery.group?.choose(from) ?? null
    if (member === null || member.receiver.readiness < least) return false
    member.receiver.deliver(delivery.message, member, true)
    return true
  }
}

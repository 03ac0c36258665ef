import type { Qos } from '../packet/types.ts'
import { parseFilter } from '../topic/filter.ts'
import { actorFrom } from './actor.ts'
import type { Core } from './core.ts'
import { Received } from './received.ts'
import type { Session } from './session.ts'
import type { Recovery, SessionRecord, SubscriptionRecord, WillRecord } from './store-ports.ts'
import { establish } from './subscribe.ts'
import { publishWill, Will } from './will.ts'

/** Milliseconds within which a store gives a sign of life. */
const heartbeat = 60_000

/** Brings back what the store kept, and lets the time count that passed meanwhile. */
export function recover(core: Core): void {
  const recovering = new Recovering(core)
  const alive = core.store.load(recovering)
  core.retained.load()
  recovering.finish(Math.min(core.clock.wall(), alive + heartbeat))
}

class Recovering implements Recovery {
  readonly #core: Core
  readonly #sessions = new Map<number, Session>()
  readonly #records: SessionRecord[] = []
  /** Those to which something may have been sent that is not told of. */
  readonly #unsure = new Set<number>()
  readonly #wills = new Map<number, WillRecord>()

  constructor(core: Core) {
    this.#core = core
  }

  session(record: SessionRecord): void {
    this.#sessions.set(record.number, this.#core.sessions.restore(record))
    this.#records.push(record)
    if (record.leftAt === 0 || record.perhapsSent) this.#unsure.add(record.number)
  }

  subscription(number: number, record: SubscriptionRecord): void {
    const session = this.#sessions.get(number)
    const filter = parseFilter(record.filter)
    if (session === undefined || filter === null) return this.#core.store.dropSubscription(number, record.filter)
    establish(this.#core.router, session, filter, record)
  }

  will(record: WillRecord): void {
    this.#wills.set(record.number, record)
    const session = this.#sessions.get(record.number)
    const topic = this.#core.names.of(record.topic)
    if (session !== undefined && topic !== null)
      session.will = new Will(record.number, topic, actorFrom(record.clientId, record.actor), record)
  }

  received(number: number, packetId: number): void {
    const session = this.#sessions.get(number)
    if (session === undefined) return this.#core.store.dropReceived(number, packetId)
    session.received ??= new Received(number, this.#core.store)
    session.received.again(packetId, 0)
  }

  delivery(number: number, sequence: number, qos: Qos, packetId: number, released: boolean, weight: number): boolean {
    const session = this.#sessions.get(number)
    session?.restore(sequence, qos, packetId, released, weight, !this.#unsure.has(number))
    return session !== undefined
  }

  /** Sets everything going. `alive`: wall-clock milliseconds at which the broker was there for the last time, about. */
  finish(alive: number): void {
    const { clock, sessions } = this.#core
    const now = clock.wall()
    for (const record of this.#records) {
      const session = this.#sessions.get(record.number)
      if (session === undefined) continue
      const leftAt = record.leftAt === 0 ? alive : record.leftAt
      if (record.leftAt === 0) this.#core.store.putSession({ ...record, leftAt, perhapsSent: session.perhapsSent })
      const will = this.#wills.get(record.number)
      sessions.wait(
        session,
        will === undefined ? 0 : due(will, record, now) - now,
        leftAt + record.expiryInterval * 1_000 - now,
      )
    }
    for (const record of this.#wills.values()) if (!this.#sessions.has(record.number)) this.#publish(record)
  }

  /** The will of a client whose session ended with the broker. */
  #publish(record: WillRecord): void {
    const { names, store } = this.#core
    const topic = names.of(record.topic)
    store.dropWill(record.number)
    if (topic === null) return
    publishWill(this.#core, new Will(record.number, topic, actorFrom(record.clientId, record.actor), record))
  }
}

/** Wall-clock milliseconds at which a will is published: a client that was there at a crash has its whole delay to return. */
function due(will: WillRecord, session: SessionRecord, now: number): number {
  if (will.dueAt > 0) return will.dueAt
  return (session.leftAt > 0 ? session.leftAt : now) + will.delay * 1_000
}

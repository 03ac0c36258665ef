import { Timer } from '../base/wheel.ts'
import { encodeConnack, encodeDisconnect } from '../packet/encode.ts'
import { Reason, reasonName } from '../packet/reason.ts'
import { lastPacketTypes, type PacketType, type Version } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import { Actor, actorOfNobody } from './actor.ts'
import type { Attached, HeldSender } from './attached.ts'
import type { Core } from './core.ts'
import { Held, type HeldItem, HeldPublish, packed } from './held.ts'
import { expired } from './identity.ts'
import type { Delivery } from './inflight.ts'
import type { Message } from './message.ts'
import { nobody } from './nobody.ts'
import { anySize, Outbox } from './outbox.ts'
import type { Client, Denial, Exchange, Identity, ListenerRules, Peer, Verdict, Wire } from './ports.ts'
import { afterConnect, returnCode } from './refusal-codes.ts'
import { SendQuota } from './send-quota.ts'
import type { Session } from './session.ts'
import type { Durability } from './store-ports.ts'

/** How far a network connection has come. */
export const Phase = { Opening: 0, Authenticating: 1, Connected: 2, Closed: 3 } as const
export type Phase = (typeof Phase)[keyof typeof Phase]

/** Told who the client turned out to be, and what to send it last. */
export type Authenticated = (identity: Identity, data: Buffer | null) => void

/** Milliseconds in which it must be found out who a client is; most who are asked give up sooner by themselves. */
const longestAnswer = 60_000
/** Milliseconds a timer is set for at the most. */
const day = 86_400_000
let serials = 0

/** Whoever has not said who it is. */
const unknown = actorOfNobody('')

/**
 * The state of one network connection, and the one place where it ends: `fail` chooses what the client is told by
 * its version and phase, and sees that it is logged, counted and recorded once.
 */
export class Connection implements Attached, Client {
  readonly core: Core
  readonly wire: Wire
  readonly rules: ListenerRules
  /** Different for every connection of this process. */
  readonly serial = ++serials
  phase: Phase = Phase.Opening
  /** Null until CONNECT has told. */
  protocol: Version | null = null
  id = ''
  /** The client gave no identifier, and this one was made up for it. */
  assigned = false
  identity: Identity = nobody
  /** The client as the rules see it, once it is known who it is. */
  actor: Actor
  /** The user name it gave. */
  userName = ''
  /** The place of the rule that refused it, empty for none. */
  #rule = ''
  /** The types of the last eight packets the client sent, four bits each, the last lowest. */
  recentPackets = 0
  /** Clock milliseconds at which it was told that it is connected. */
  connectedAt = 0
  session: Session | null = null
  readonly outbox: Outbox
  sendQuota: SendQuota
  /** Milliseconds without a packet after which the client is given up, 0 for never [MQTT-3.1.2-22]. */
  patience = 0
  lastHeard: number
  /** Reason strings are welcome anywhere [MQTT-3.1.2-29]. */
  problemInformation = true
  /** QoS 2 messages received on this connection and not released. */
  unreleased = 0
  /** Topics by the client's topic aliases. */
  aliases: (TopicName | undefined)[] | null = null
  lastTopic: TopicName | null = null
  /** The method and the exchange of enhanced authentication at hand [MQTT 4.12]. */
  authenticationMethod: string | null = null
  exchange: Exchange | null = null
  authenticated: Authenticated = () => {}
  /** What the core counted of changes when who it is was asked: later ones may have changed the answer. */
  identityChanges = 0
  /** Something was asked and packets wait for the answer. */
  waiting = false
  /** Goes on with what the client sent meanwhile. */
  resume: () => void = () => {}
  readonly timer: Timer
  /** Looks whether the identity has come to its end; null for one without. */
  #expiry: Timer | null = null
  /** What is sent only when the store has what it depends on. */
  #held: Held | null = null
  #stalled = false

  constructor(core: Core, wire: Wire, rules: ListenerRules) {
    this.core = core
    this.wire = wire
    this.rules = rules
    this.outbox = new Outbox(core, wire, core.settings.outboxBytes)
    this.sendQuota = new SendQuota(0, 0)
    this.actor = unknown
    this.lastHeard = core.clock.now()
    this.timer = new Timer(() => this.#overdue())
    core.wheel.set(this.timer, rules.connectTimeout)
  }

  get peer(): Peer {
    return this.wire.peer
  }

  get listener(): string {
    return this.rules.name
  }

  get version(): Version {
    return this.protocol ?? 4
  }

  /** What must be safe before the client is told that it is. */
  get durability(): Durability {
    return this.identity.durability ?? this.rules.durability
  }

  get closed(): boolean {
    return this.phase === Phase.Closed
  }

  /** The client is who it says, for as long as that holds. */
  identify(identity: Identity): void {
    this.identity = identity
    this.actor = new Actor(this.id, identity, this.version, this.listener, this.peer)
    if (this.identityChanges !== this.core.identityChanges) this.review()
    if (identity.expiresAt !== undefined) this.#expiry ??= new Timer(() => this.#watchIdentity())
    this.#watchIdentity()
  }

  /** Makes itself known to the session; true when the rules see no difference to who was there before. */
  become(session: Session): boolean {
    const before = session.actor
    if (before?.sameAs(this.actor)) this.actor = before
    session.actor = this.actor
    return this.actor === before
  }

  #watchIdentity(): void {
    const { core, identity } = this
    if (this.#expiry === null || this.closed) return
    const left = (identity.expiresAt ?? Number.POSITIVE_INFINITY) - core.clock.wall()
    if (left <= 0) this.deny(expired(identity))
    else core.wheel.set(this.#expiry, Math.min(left, day))
  }

  /** Ends the connection if its identity is no longer good in the eyes of who said it was. */
  review(): void {
    const denial = this.identity === nobody || this.closed ? null : (this.core.authenticator.review?.(this) ?? null)
    if (denial !== null) this.deny(denial)
  }

  /** Sends a packet, if the client takes one of its size; a client that does not take what must be said cannot be served. */
  send(bytes: Buffer): void {
    if (bytes.length <= this.outbox.maximumPacketSize) this.outbox.raw(bytes)
    else this.fail(Reason.PacketTooLarge, `an answer of ${bytes.length} bytes is over the client's maximum packet size`)
  }

  /**
   * Sends an acknowledgement, in its turn: not before those that came before it, and when `staged` says that it depends on
   * what was just staged, not before that is safe.
   */
  answer(type: PacketType, id: number, reason: Reason, reasonString: string | null, staged: boolean): void {
    const position = staged ? this.core.commits.frontier(this.durability) : 0
    if (position === 0 && (this.#held === null || this.#held.empty))
      return this.outbox.acknowledge(type, id, reason, reasonString)
    if (reasonString === null) this.#hold(position, packed(type, id, reason))
    else this.#hold(position, () => this.outbox.acknowledge(type, id, reason, reasonString))
  }

  sendWhenSafe(session: HeldSender, delivery: Delivery, message: Message): void {
    const position = delivery.qos === 2 ? this.core.commits.frontier(this.durability) : 0
    if (position === 0 && !this.holding) return session.sendHeld(delivery, message)
    message.keep()
    this.#hold(position, new HeldPublish(session, delivery, message))
  }

  get holding(): boolean {
    return this.#held !== null && this.#held.publishes > 0
  }

  /** Does it once everything staged so far is safe, in its turn among what is held back. */
  whenSafe(then: () => void): void {
    const position = this.core.commits.frontier(this.durability)
    if (position === 0 && (this.#held === null || this.#held.empty)) then()
    else this.#hold(position, then)
  }

  #hold(position: number, item: HeldItem): void {
    this.#held ??= new Held(this.core.commits, this.durability, this.outbox)
    this.#held.add(position, item)
    const { commits, settings } = this.core
    if (this.#held.length > 4 * settings.receiveMaximum && !this.waiting)
      this.wait(commits.safe(this.durability), () => {})
  }

  takenOver(): void {
    const reason = this.phase === Phase.Connected ? Reason.SessionTakenOver : Reason.ServerBusy
    this.fail(reason, 'the client connected again') // [MQTT-3.1.4-3]
  }

  /** Ends the connection because of who the client is, or is not. */
  deny({ reason, detail, told = '' }: Denial): void {
    if (this.identity === nobody && !this.closed) this.core.counters.authenticationsFailed++
    this.fail(reason, detail, told)
  }

  /** Ends the connection, or does not let it come about, because the rules say so; `what` is what they do not allow. */
  forbid(what: string, verdict: Verdict): void {
    this.#rule = verdict.rule ?? ''
    const told = this.core.access.told(verdict, this.peer)
    this.fail(Reason.NotAuthorized, `${what}: ${verdict.why}`, told === '' ? '' : `${what}: ${told}`)
  }

  /** Ends the connection because of what the client or an operator did; the client is `told` so. Idempotent. */
  fail(reason: Reason, detail: string, told: string = detail): void {
    if (this.phase === Phase.Closed) return
    const text = told === '' ? reasonName(reason) : `${reasonName(reason)}: ${told}`
    if (this.phase === Phase.Connected) {
      if (this.protocol === 5)
        this.#last(encodeDisconnect(afterConnect(reason), { reasonString: text }, this.outbox.maximumPacketSize))
    } else {
      this.#refuse(reason, text)
    }
    this.#finish('server', reason, detail, true)
  }

  /** Refuses a CONNECT in the words of its version; in none where the version has none [MQTT-3.2.2-7]. */
  #refuse(reason: Reason, text: string): void {
    if (this.protocol === null) return
    if (this.protocol === 5) {
      this.#last(encodeConnack(5, false, reason, { reasonString: text }, this.outbox.maximumPacketSize))
      return
    }
    const code = returnCode(reason)
    if (code > 0) this.outbox.raw(encodeConnack(this.protocol, false, code, {}, anySize))
  }

  #last(bytes: Buffer): void {
    if (bytes.length <= this.outbox.maximumPacketSize) this.outbox.raw(bytes)
  }

  /** The client said DISCONNECT. */
  left(reason: number, willing: boolean): void {
    if (this.phase !== Phase.Closed)
      this.#finish('client', reason, willing ? 'disconnected with will' : 'disconnected', willing)
  }

  /** The network connection ended by itself. */
  lost(cause: Error | null): void {
    if (this.phase !== Phase.Closed)
      this.#finish(
        'network',
        Reason.UnspecifiedError,
        cause === null ? 'connection closed by the client' : cause.message,
        true,
      )
  }

  /**
   * Holds back what the client sends next until `answer` is there, then calls `use` with it. A rejection is a failure
   * of ours: the client is told so.
   */
  wait<T>(answer: Promise<T>, use: (value: T) => void): void {
    this.waiting = true
    this.wire.pause()
    const settled = (then: () => void) => {
      this.waiting = false
      if (this.closed) return
      this.guard(then)
      if (!this.waiting && !this.closed) this.resume()
    }
    answer.then(
      (value) => settled(() => use(value)),
      (error: unknown) => {
        this.core.log.error('a decision failed', { clientId: this.id, error })
        settled(() => this.fail(Reason.ServerUnavailable, 'a decision could not be made'))
      },
    )
  }

  /** Runs what serves this client; an exception in it is a defect of ours that costs only this client. */
  guard(serve: () => void): void {
    try {
      serve()
    } catch (error) {
      this.broken(error)
    }
  }

  broken(error: unknown): void {
    this.core.log.error('internal error', { clientId: this.id, error })
    this.fail(Reason.ImplementationSpecificError, 'internal error')
  }

  /** The client does not take what it is sent, so it is not read from: its keep alive says nothing meanwhile. */
  stalled(): void {
    const { wheel, settings } = this.core
    this.#stalled = true
    if (settings.stallTimeout > 0) wheel.set(this.timer, settings.stallTimeout * 1_000)
    else wheel.cancel(this.timer)
  }

  /** Watches the keep alive, from now on. */
  keepAlive(): void {
    this.#stalled = false
    this.lastHeard = this.core.clock.now()
    if (this.patience > 0) this.core.wheel.set(this.timer, this.patience)
    else this.core.wheel.cancel(this.timer)
  }

  #overdue(): void {
    // Said CONNECT, and is to be told of its session once that is safe, or once it is known who it is.
    const asked = this.waiting && this.core.clock.now() - this.lastHeard < longestAnswer
    if (this.phase !== Phase.Connected && (this.session !== null || asked))
      return this.core.wheel.set(this.timer, this.rules.connectTimeout)
    if (this.phase !== Phase.Connected) return this.fail(Reason.UnspecifiedError, 'no complete CONNECT in time')
    if (this.#stalled)
      return this.fail(
        Reason.QuotaExceeded,
        `took nothing of what it was sent for ${this.core.settings.stallTimeout} seconds`,
      )
    if (this.waiting) return this.keepAlive()
    const silent = this.core.clock.now() - this.lastHeard
    if (silent >= this.patience)
      this.fail(Reason.KeepAliveTimeout, `nothing heard for ${Math.round(silent / 1_000)} seconds`)
    else this.core.wheel.set(this.timer, this.patience - silent)
  }

  #finish(by: 'client' | 'server' | 'network', reason: number, detail: string, willing: boolean): void {
    const { core, session } = this
    const connected = this.phase === Phase.Connected
    this.phase = Phase.Closed
    core.wheel.cancel(this.timer)
    if (this.#expiry !== null) core.wheel.cancel(this.#expiry)
    this.exchange?.close?.()
    this.exchange = null
    this.#held?.close()
    this.outbox.flush()
    this.outbox.close()
    this.wire.close()
    this.#record(by, reason, detail, connected)
    this.session = null
    // A client that was not told that it is connected leaves no will.
    if (session !== null && session.owner === this) core.sessions.left(session, willing && connected)
  }

  #record(by: 'client' | 'server' | 'network', reason: number, detail: string, connected: boolean): void {
    const { core, id: clientId, listener } = this
    const address = this.peer.address
    const fields = { clientId, listener, address, by, reason: reasonName(reason), detail }
    const identity = this.identity === nobody ? this.userName : this.identity.name
    if (connected) {
      core.counters.connections--
      core.log.info('client disconnected', fields)
      const lastPackets = lastPacketTypes(this.recentPackets)
      const duration = core.clock.now() - this.connectedAt
      const event = { clientId, identity, listener, address, by, reason, detail, lastPackets, duration }
      return core.journal.record({ kind: 'disconnected', ...event })
    }
    core.counters.connectionsRefused++
    const unlogged = core.refusals.admit()
    if (unlogged !== null) core.log.warn('connection refused', { ...fields, unlogged })
    const rule = this.#rule
    core.journal.record({ kind: 'refused', clientId, identity, listener, address, reason, detail, rule })
  }
}

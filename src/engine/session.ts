import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import { Ring } from '../base/ring.ts'
import type { Flushable, Turn } from '../base/turn.ts'
import type { Timer } from '../base/wheel.ts'
import { Reason } from '../packet/reason.ts'
import { PacketType, type Qos } from '../packet/types.ts'
import { Delivery, Inflight } from './inflight.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { DropReason, Journal } from './ports.ts'
import type { Settings } from './settings.ts'
import { Readiness, type Receiver, type Subscription } from './subscription.ts'

/** The network connection a session is on, as far as the session is concerned. */
export interface Attached {
  readonly outbox: Outbox
  /** QoS 1 and 2 messages the client takes without acknowledging [MQTT 3.1.2.11.3]. */
  readonly sendQuota: number
  fail(reason: Reason, detail: string): void
}

/** A will as it waits with its session [MQTT 3.1.2.5]. */
export interface StoredWill {
  /** Makes the message, its expiry counted from the call. */
  readonly message: () => Message
  /** Seconds between the loss of the connection and its publication. */
  readonly delay: number
}

/** Retained messages still to be sent because of a new subscription; null in between to give way to others. */
export interface Replay {
  readonly subscription: Subscription
  readonly messages: Iterator<Message | null>
}

export interface SessionContext {
  readonly settings: Settings
  readonly clock: Clock
  readonly counters: Counters
  readonly turn: Turn
  readonly journal: Journal
}

/** Retained messages sent in one turn before other clients get theirs. */
const replayed = 200

/**
 * What the broker keeps for one client identifier [MQTT 4.1]: subscriptions, messages to send and to be acknowledged,
 * QoS 2 packet identifiers received. It outlives the network connection by its expiry interval.
 */
export class Session implements Receiver, Flushable {
  readonly id: string
  readonly subscriptions = new Map<string, Subscription>()
  /** How many of them are shared. */
  sharedSubscriptions = 0
  readonly inflight = new Inflight()
  /** Packet identifiers of QoS 2 messages received and not released [MQTT-4.3.3-10], each with the connection it last came on. */
  readonly received = new Map<number, number>()
  mark = 0
  markIndex = 0
  attached: Attached | null = null
  /** Seconds it outlives its connection; 0xFFFFFFFF for ever. */
  expiryInterval = 0
  will: StoredWill | null = null
  expiryTimer: Timer | null = null
  willTimer: Timer | null = null
  readonly #context: SessionContext
  readonly #queue = new Ring<Delivery>()
  #queuedBytes = 0
  #resend: Delivery[] = []
  #resent = 0
  /** PUBLISH packets sent on this connection that take a quota. */
  #unacknowledged = 0
  #unacknowledgedBytes = 0
  #replays: Replay[] = []
  #enlisted = false
  #settled = 0
  #ended = false

  constructor(id: string, context: SessionContext) {
    this.id = id
    this.#context = context
  }

  get queued(): number {
    return this.#queue.length
  }

  get readiness(): Readiness {
    const attached = this.attached
    if (attached === null) return Readiness.Away
    return this.#idle && this.#admits(attached) ? Readiness.Ready : Readiness.Busy
  }

  deliver(message: Message, subscription: Subscription, alone: boolean): void {
    this.#offer(message, subscription, subscription.retainAsPublished && message.retain, alone)
  }

  /** Delivers a message that was there before the subscription, with RETAIN set; not to its own publisher if it is No Local. */
  offerRetained(message: Message, subscription: Subscription): void {
    if (!subscription.noLocal || message.publisher !== this.id) this.#offer(message, subscription, true, true)
  }

  #offer(message: Message, subscription: Subscription, retain: boolean, alone: boolean): void {
    const qos = message.qos < subscription.qos ? message.qos : subscription.qos
    const attached = this.attached
    if (qos === 0) {
      if (attached !== null) this.#sendUnassured(attached, message, retain, subscription.identifiers, alone)
      else if (this.#context.settings.queueQos0)
        this.#enqueue(new Delivery(message, 0, retain, subscription.identifiers, subscription.group))
      return
    }
    const delivery = new Delivery(message, qos, retain, subscription.identifiers, subscription.group)
    if (attached !== null && this.#idle && this.#admits(attached)) this.#send(attached, delivery, alone)
    else this.#enqueue(delivery)
  }

  /** PUBACK, or PUBREC with a refusal: the delivery is over. */
  settle(delivery: Delivery): void {
    this.inflight.remove(delivery)
    if (delivery.onWire) {
      this.#unacknowledged--
      this.#unacknowledgedBytes -= delivery.message.weight
    }
    if (
      this.attached !== null &&
      (this.#queue.length > 0 || this.#resent < this.#resend.length || this.#replays.length > 0)
    )
      this.#later()
  }

  /** Begins or goes on with a new network connection: sends again what was not acknowledged [MQTT-4.4.0-1]. */
  attach(attached: Attached): void {
    this.attached = attached
    this.#unacknowledged = 0
    this.#unacknowledgedBytes = 0
    this.tellGroups()
    this.#resend = this.inflight.inOrder()
    this.#resent = 0
    for (const delivery of this.#resend) delivery.onWire = false
    this.pump()
  }

  /** Tells the groups of its shared subscriptions that the client came or went. */
  tellGroups(): void {
    if (this.sharedSubscriptions === 0) return
    for (const subscription of this.subscriptions.values()) subscription.group?.moved(subscription)
  }

  /** The network connection is gone. */
  detach(): void {
    this.attached = null
    this.#resend = []
    for (const delivery of this.inflight.inOrder()) delivery.message.keep()
  }

  /** Sends what waits: unacknowledged messages first, then the queue, then retained messages. */
  pump(): void {
    const attached = this.attached
    if (attached === null) return
    while (this.#resent < this.#resend.length) if (!this.#sendAgain(attached, this.#resend[this.#resent])) return
    if (this.#resend.length > 0) this.#resend = []
    this.#resent = 0
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      if (attached.outbox.full || (next.qos > 0 && !this.#admits(attached))) return
      this.#dequeue()
      if (next.message.expired(this.#context.clock.now())) this.#dropped(next.message, next.qos, 'expired')
      else if (next.qos === 0) this.#sendUnassured(attached, next.message, next.retain, next.identifiers, true)
      else this.#send(attached, next, true)
    }
    if (this.#replays.length > 0) this.#replay(attached)
  }

  /** Retained messages for a new subscription, sent as fast as the client takes them. */
  replay(replay: Replay): void {
    this.#replays.push(replay)
    this.#later()
  }

  cancelReplays(filter: string): void {
    this.#replays = this.#replays.filter((replay) => replay.subscription.text !== filter)
  }

  flush(): void {
    this.#enlisted = false
    this.pump()
    this.attached?.outbox.flush()
  }

  /**
   * Offers the messages of shared subscriptions to the other members: what was not sent, and QoS 1 that was not
   * acknowledged. QoS 2 that was sent stays with this client [MQTT-4.8.2-4] [MQTT-4.8.2-5].
   */
  surrender(take: (delivery: Delivery) => boolean): void {
    for (const delivery of this.inflight.inOrder()) {
      if (delivery.group !== null && delivery.qos === 1 && take(delivery)) this.inflight.remove(delivery)
    }
    if (this.#queue.length === 0) return
    for (const delivery of this.#takeQueue()) {
      if (delivery.group === null || !take(delivery)) this.#enqueue(delivery)
    }
  }

  /**
   * Called every second: messages that were sent before the last call and are still not acknowledged move into memory
   * of their own, for where they were encoded lies much that is long gone.
   */
  settleDown(): void {
    if (this.inflight.count > 0) this.inflight.keepOlder(this.#settled)
    this.#settled = this.inflight.orders
  }

  /** The session is over: forgets all it holds. */
  end(): void {
    this.#ended = true
    this.#takeQueue()
    this.#replays = []
    this.attached = null
  }

  /** The client may be sent one more QoS 1 or 2 message [MQTT-3.3.4-9]. */
  #admits(attached: Attached): boolean {
    return (
      this.#unacknowledged < attached.sendQuota &&
      (this.#unacknowledgedBytes < this.#context.settings.maximumInflightBytes || this.#unacknowledged === 0) &&
      !attached.outbox.full
    )
  }

  get #idle(): boolean {
    return this.#queue.length === 0 && this.#resend.length === 0
  }

  #later(): void {
    if (this.#enlisted) return
    this.#enlisted = true
    this.#context.turn.enlist(this)
  }

  #sendUnassured(
    attached: Attached,
    message: Message,
    retain: boolean,
    identifiers: readonly number[] | null,
    alone: boolean,
  ): void {
    const outbox = attached.outbox
    if (outbox.full) return this.#dropped(message, 0, 'receiver behind')
    if (!outbox.fits(message, false, identifiers)) return this.#dropped(message, 0, 'too large for receiver')
    outbox.publish(message, 0, retain, false, 0, identifiers, alone, this.#context.clock.now())
  }

  #send(attached: Attached, delivery: Delivery, alone: boolean): void {
    const outbox = attached.outbox
    if (!outbox.fits(delivery.message, true, delivery.identifiers))
      return this.#dropped(delivery.message, delivery.qos, 'too large for receiver')
    this.inflight.add(delivery)
    delivery.onWire = true
    this.#unacknowledged++
    this.#unacknowledgedBytes += delivery.message.weight
    outbox.publish(
      delivery.message,
      delivery.qos,
      delivery.retain,
      false,
      delivery.id,
      delivery.identifiers,
      alone,
      this.#context.clock.now(),
    )
  }

  /** Sends one unacknowledged delivery again; false when the client takes no more for now. */
  #sendAgain(attached: Attached, delivery: Delivery): boolean {
    const outbox = attached.outbox
    if (this.inflight.get(delivery.id) !== delivery) {
      this.#resent++
      return true
    }
    if (outbox.full || (!delivery.released && !this.#admits(attached))) return false
    this.#resent++
    if (delivery.released) {
      outbox.acknowledge(PacketType.Pubrel, delivery.id, Reason.Success, null)
    } else if (outbox.fits(delivery.message, true, delivery.identifiers)) {
      delivery.onWire = true
      this.#unacknowledged++
      this.#unacknowledgedBytes += delivery.message.weight
      outbox.publish(
        delivery.message,
        delivery.qos,
        delivery.retain,
        true,
        delivery.id,
        delivery.identifiers,
        true,
        this.#context.clock.now(),
      )
    } else {
      this.inflight.remove(delivery)
      this.#dropped(delivery.message, delivery.qos, 'too large for receiver')
    }
    return true
  }

  #replay(attached: Attached): void {
    for (let sent = 0; sent < replayed; ) {
      const replay = this.#replays[0]
      if (replay === undefined || attached.outbox.full) return
      const assured = replay.subscription.qos > 0
      if (assured && !this.#admits(attached)) return
      const next = replay.messages.next()
      sent++
      if (next.done === true) this.#replays.shift()
      else if (next.value !== null && !next.value.expired(this.#context.clock.now()))
        this.offerRetained(next.value, replay.subscription)
    }
    this.#later()
  }

  #enqueue(delivery: Delivery): void {
    const { settings, counters } = this.#context
    const weight = delivery.message.weight
    if (this.#ended) return this.#dropped(delivery.message, delivery.qos, 'session ended')
    if (counters.queuedBytes + weight > settings.queueBytesTotal)
      return this.#dropped(delivery.message, delivery.qos, 'memory limit')
    if (weight > settings.queueBytes) return this.#dropped(delivery.message, delivery.qos, 'queue full')
    while (this.#queue.length >= settings.queueMessages || this.#queuedBytes + weight > settings.queueBytes) {
      if (this.#overflow(delivery)) return
    }
    delivery.message.keep()
    this.#queue.push(delivery)
    this.#queuedBytes += weight
    counters.queued++
    counters.queuedBytes += weight
  }

  /** Makes room in a full queue; true when the new delivery is the one to go. */
  #overflow(delivery: Delivery): boolean {
    const oldest = this.#queue.peek()
    const policy = this.#context.settings.queuePolicy
    if (policy === 'drop-oldest' && oldest !== undefined) {
      this.#dequeue()
      this.#dropped(oldest.message, oldest.qos, 'queue full')
      return false
    }
    this.#dropped(delivery.message, delivery.qos, 'queue full')
    if (policy === 'disconnect') this.attached?.fail(Reason.QuotaExceeded, 'the queue of the session is full')
    return true
  }

  #dequeue(): Delivery | undefined {
    const delivery = this.#queue.shift()
    if (delivery === undefined) return undefined
    const weight = delivery.message.weight
    this.#queuedBytes -= weight
    this.#context.counters.queued--
    this.#context.counters.queuedBytes -= weight
    return delivery
  }

  #takeQueue(): Delivery[] {
    const all: Delivery[] = []
    for (let next = this.#dequeue(); next !== undefined; next = this.#dequeue()) all.push(next)
    return all
  }

  #dropped(message: Message, qos: Qos, why: DropReason): void {
    this.#context.counters.publishDropped++
    this.#context.journal.record({ kind: 'dropped', clientId: this.id, topic: message.topic.text, qos, why })
  }
}

import type { Clock } from '../base/clock.ts'
import type { Flushable, Turn } from '../base/turn.ts'
import type { Timer } from '../base/wheel.ts'
import { Reason } from '../packet/reason.ts'
import { PacketType, type Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import type { Access } from './access.ts'
import type { Actor } from './actor.ts'
import type { Attached } from './attached.ts'
import { Delivery, Inflight } from './inflight.ts'
import { recall, stageSent, surrenderSent, waits } from './kept-delivery.ts'
import type { Message } from './message.ts'
import type { DropReason, Journal } from './ports.ts'
import { Queue, type QueueContext, type QueueOwner } from './queue.ts'
import type { Received } from './received.ts'
import { mayReceive, stillMayReceive } from './receiving.ts'
import { type Replay, Replays } from './replays.ts'
import { Readiness, type Receiver, type Subscription } from './subscription.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Will } from './will.ts'

export interface SessionContext extends QueueContext {
  readonly clock: Clock
  readonly turn: Turn
  readonly journal: Journal
  readonly access: Access
}

/**
 * What the broker keeps for one client identifier [MQTT 4.1]: subscriptions, messages to send and to be acknowledged,
 * QoS 2 packet identifiers received. It outlives the network connection by its expiry interval.
 */
export class Session implements Receiver, QueueOwner, Flushable {
  readonly id: string
  /** What the store knows it by, 0 when it ends with its connection and is not kept. */
  readonly number: number
  /** The batch of the store that it is safe with. */
  readonly since: number
  /** The name of the identity it belongs to, empty for nobody. */
  principal = ''
  readonly subscriptions = new Subscriptions()
  /** How many of them are shared. */
  sharedSubscriptions = 0
  #inflight: Inflight | null = null
  /** QoS 2 packet identifiers that are not released, null when there never was one. */
  received: Received | null = null
  mark = 0
  markIndex = 0
  /** Its client as it was last seen, null for one that was not here since the broker began. */
  actor: Actor | null = null
  /** The network connection it is on, and that one once it has been told so with CONNACK. */
  owner: Attached | null = null
  attached: Attached | null = null
  /** Seconds it outlives its connection; 0xFFFFFFFF for ever. */
  expiryInterval = 0
  will: Will | null = null
  expiryTimer: Timer | null = null
  willTimer: Timer | null = null
  readonly #context: SessionContext
  #queue: Queue | null = null
  #resend: readonly Delivery[] = none
  #resent = 0
  #replays: Replays | null = null
  /** How many that wait were perhaps sent before the broker ended without being able to tell. */
  #perhapsSent = 0
  #enlisted = false

  constructor(id: string, number: number, since: number, context: SessionContext) {
    this.id = id
    this.since = since
    this.number = number
    this.#context = context
  }

  get kept(): boolean {
    return this.number > 0
  }

  /** Some of what waits may have been sent before the broker ended without being able to tell. */
  get perhapsSent(): boolean {
    return this.#perhapsSent > 0
  }

  get queued(): number {
    return this.#queue === null ? 0 : this.#queue.length
  }

  get readiness(): Readiness {
    const attached = this.attached
    if (attached === null) return Readiness.Away
    return this.#idle && this.#admits(attached) ? Readiness.Ready : Readiness.Busy
  }

  mayReceive(topic: TopicName, subscription: Subscription): boolean {
    return mayReceive(this.#context.access, this.actor, topic, subscription)
  }

  withheld(topic: TopicName, qos: Qos, count: number): void {
    this.#recordDrop(topic.text, qos, 'not authorized', count)
  }

  deliver(message: Message, subscription: Subscription, alone: boolean): void {
    this.#offer(message, subscription, subscription.retainAsPublished && message.retain, alone)
  }

  /** Delivers a message that was there before the subscription, with RETAIN set; not to its own publisher if it is No Local. */
  offerRetained(message: Message, subscription: Subscription): void {
    if (subscription.noLocal && message.publisher === this.id) return
    if (this.mayReceive(message.topic, subscription)) this.#offer(message, subscription, true, true)
    else this.withheld(message.topic, message.qos, 1)
  }

  #offer(message: Message, subscription: Subscription, retain: boolean, alone: boolean): void {
    const qos = message.qos < subscription.qos ? message.qos : subscription.qos
    const attached = this.attached
    const { identifiers, group } = subscription
    if (qos === 0) {
      if (attached !== null) this.#sendUnassured(attached, message, retain, identifiers, alone)
      else if (this.#context.settings.queueQos0) this.#waiting.add(message, 0, retain, identifiers, group)
      return
    }
    if (attached !== null && this.#idle && this.#admits(attached))
      this.#send(attached, new Delivery(message, 0, qos, retain, identifiers, group, message.weight), message, alone)
    else this.#waiting.add(message, qos, retain, identifiers, group)
  }

  /** The delivery that was sent under a packet identifier and is not acknowledged, or null. */
  underWay(id: number): Delivery | null {
    return this.#inflight === null ? null : this.#inflight.get(id)
  }

  get #sent(): Inflight {
    return (this.#inflight ??= new Inflight())
  }

  /** PUBACK, PUBCOMP, or PUBREC with a refusal: the delivery is over. */
  settle(delivery: Delivery): void {
    this.#sent.remove(delivery)
    if (delivery.sequence > 0) this.#context.store.settle(delivery.sequence)
    if (this.attached === null) return
    this.attached.sendQuota.giveBack(delivery)
    if (this.queued > 0 || this.#resent < this.#resend.length || this.#replays !== null) this.#later()
  }

  /** PUBREC: the client has the message [MQTT-4.3.3-4]. True when that was staged in the store. */
  release(delivery: Delivery): boolean {
    const staged = delivery.sequence > 0 && !delivery.released
    delivery.released = true
    delivery.message = null
    if (staged) this.#context.store.released(delivery.sequence)
    return staged
  }

  /** Takes up one of its messages that the store had when the broker began. */
  restore(sequence: number, qos: Qos, packetId: number, released: boolean, weight: number, sure: boolean): void {
    if (packetId === 0) {
      this.#waiting.pushStored(sequence, weight)
      if (!sure) this.#perhapsSent = this.queued
      return
    }
    const delivery = new Delivery(null, sequence, qos, false, null, null, weight)
    delivery.released = released
    delivery.attempted = true
    this.#sent.restore(delivery, packetId)
  }

  /** Begins or goes on with a new network connection: sends again what was not acknowledged [MQTT-4.4.0-1]. */
  attach(attached: Attached): void {
    this.attached = attached
    this.tellGroups()
    this.#resend = this.#inflight === null ? none : this.#inflight.inOrder()
    this.#resent = 0
    for (const delivery of this.#resend) delivery.onWire = false
    this.pump()
  }

  /** Tells the groups of its shared subscriptions that the client came or went. */
  tellGroups(): void {
    if (this.sharedSubscriptions === 0) return
    for (const subscription of this.subscriptions.values()) subscription.group?.moved(subscription)
  }

  get #waiting(): Queue {
    return (this.#queue ??= new Queue(this, this.#context))
  }

  /** The network connection is gone. */
  detach(): void {
    this.owner = null
    this.attached = null
    this.#resend = none
    if (this.queued === 0) this.#queue = null
    if (this.#inflight === null) return
    for (const delivery of this.#inflight.inOrder()) delivery.message?.keep()
    if (this.#inflight.count === 0) this.#inflight = null
  }

  /** Sends what waits: unacknowledged messages first, then the queue, then retained messages. */
  pump(): void {
    const attached = this.attached
    if (attached === null) return
    while (this.#resent < this.#resend.length) if (!this.#sendAgain(attached, this.#resend[this.#resent])) return
    this.#resend = none
    this.#resent = 0
    const queue = this.#queue
    for (let next = queue === null ? null : queue.peek(); queue !== null && next !== null; next = queue.peek()) {
      if (attached.outbox.full || (next.qos > 0 && !this.#admits(attached))) return next.message?.keep()
      queue.shift()
      const message = next.message
      if (message === null || message.expired(this.#context.clock.now())) this.discard(next, 'expired')
      else if (!this.#stillMayReceive(message)) this.discard(next, 'not authorized')
      else if (next.qos === 0) this.#sendQueuedUnassured(attached, next, message)
      else this.#send(attached, next, message, true)
    }
    if (this.#replays === null) return
    if (this.#replays.send(attached.outbox, this.#context.clock)) this.#later()
    if (this.#replays.empty) this.#replays = null
  }

  /** Retained messages for a new subscription, sent as fast as the client takes them. */
  replay(replay: Replay): void {
    this.#replays ??= new Replays(this)
    this.#replays.add(replay)
    this.#later()
  }

  cancelReplays(filter: string): void {
    this.#replays?.cancel(filter)
  }

  /** The client may be sent one more QoS 1 or 2 message now. */
  get ready(): boolean {
    return this.attached !== null && this.#admits(this.attached)
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
    if (this.#inflight !== null) surrenderSent(this.#context, this.#inflight, take)
    if (this.sharedSubscriptions > 0 || !this.kept) this.#queue?.surrender(take)
  }

  /**
   * Called every second: messages that were sent before the last call and are still not acknowledged move into memory
   * of their own, for where they were encoded lies much that is long gone.
   */
  settleDown(): void {
    this.#inflight?.settleDown()
  }

  /** The session is over: forgets all it holds. */
  end(): void {
    const { store } = this.#context
    this.#waiting.end()
    for (const delivery of this.#inflight?.inOrder() ?? none) if (delivery.sequence > 0) store.settle(delivery.sequence)
    this.#replays = null
    this.owner = this.attached = null
  }

  /** The client may be sent one more QoS 1 or 2 message [MQTT-3.3.4-9]. */
  #admits(attached: Attached): boolean {
    return attached.sendQuota.left && !attached.outbox.full
  }

  get #idle(): boolean {
    return this.queued === 0 && this.#resend.length === 0
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
    if (outbox.full) return this.dropped(message, 0, 'receiver behind')
    if (!outbox.fits(message, false, identifiers)) return this.dropped(message, 0, 'too large for receiver')
    outbox.publish(message, 0, retain, false, 0, identifiers, alone, this.#context.clock.now())
  }

  #sendQueuedUnassured(attached: Attached, delivery: Delivery, message: Message): void {
    if (delivery.sequence > 0) this.#context.store.settle(delivery.sequence)
    this.#sendUnassured(attached, message, delivery.retain, delivery.identifiers, true)
  }

  #send(attached: Attached, delivery: Delivery, message: Message, alone: boolean): void {
    if (!attached.outbox.fits(message, true, delivery.identifiers))
      return this.discard(delivery, 'too large for receiver')
    this.#sent.add(delivery)
    if (this.#perhapsSent > 0 && delivery.sequence > 0) {
      this.#perhapsSent--
      delivery.attempted = delivery.qos === 1
    }
    // What was encoded stays in memory, and need not be copied to be kept.
    const atOnce = delivery.qos === 1 && !attached.holding
    if (atOnce) this.#publish(attached, delivery, message, alone)
    if (this.kept) stageSent(this.#context, this.number, delivery, message)
    if (!atOnce) this.#sendStaged(attached, delivery, message, alone)
    attached.sendQuota.take(delivery)
  }

  #sendStaged(attached: Attached, delivery: Delivery, message: Message, alone: boolean): void {
    if (waits(attached, delivery)) attached.sendWhenSafe(this, delivery, message)
    else this.#publish(attached, delivery, message, alone)
  }

  /** Sends the PUBLISH of a delivery. Until it is acknowledged the message need not be at hand if the store has it. */
  #publish(attached: Attached, delivery: Delivery, message: Message, alone: boolean): void {
    const { qos, retain, attempted, id, identifiers } = delivery
    attached.outbox.publish(message, qos, retain, attempted, id, identifiers, alone, this.#context.clock.now())
    delivery.attempted = true
    if (delivery.sequence > 0) delivery.message = null
  }

  /** Sends what was held back until it is safe, unless it is over. */
  sendHeld(delivery: Delivery, message: Message): void {
    const attached = this.attached
    if (attached !== null && this.underWay(delivery.id) === delivery && !delivery.released)
      this.#publish(attached, delivery, message, true)
  }

  /** Sends one unacknowledged delivery again; false when the client takes no more for now. */
  #sendAgain(attached: Attached, delivery: Delivery): boolean {
    const outbox = attached.outbox
    if (this.underWay(delivery.id) !== delivery) {
      this.#resent++
      return true
    }
    if (outbox.full || (!delivery.released && !this.#admits(attached))) return false
    this.#resent++
    if (delivery.released) {
      attached.answer(PacketType.Pubrel, delivery.id, Reason.Success, null, delivery.sequence > 0)
      return true
    }
    const message = recall(this.#context, delivery)
    const obstacle = this.#obstacle(message, delivery, attached)
    if (message === null || obstacle !== null) {
      this.#sent.remove(delivery)
      this.discard(delivery, obstacle ?? 'expired')
      return true
    }
    attached.sendQuota.take(delivery)
    this.#sendStaged(attached, delivery, message, true)
    return true
  }

  #obstacle(message: Message | null, delivery: Delivery, { outbox }: Attached): DropReason | null {
    if (message === null) return 'expired'
    if (!outbox.fits(message, true, delivery.identifiers)) return 'too large for receiver'
    return this.#stillMayReceive(message) ? null : 'not authorized'
  }

  #stillMayReceive({ topic }: Message): boolean {
    return stillMayReceive(this.#context.access, this.actor, topic, this.subscriptions)
  }

  /** Gives up a delivery that was in the queue or under way. */
  discard(delivery: Delivery, why: DropReason): void {
    const { store, router } = this.#context
    const { message, qos, group } = delivery
    if (delivery.sequence > 0) store.settle(delivery.sequence)
    // Another member of a shared subscription may have what this one may not, unless it may have it already.
    const free = why === 'not authorized' && (qos < 2 || !delivery.attempted)
    if (free && group !== null && message !== null && router.share(group, message, this, true)) return
    this.dropped(message, qos, why)
  }

  /** The queue is full, and that is to end the connection. */
  overflowed(): void {
    this.attached?.fail(Reason.QuotaExceeded, 'the queue of the session is full')
  }

  /** A message was for the session, and does not reach its client. */
  dropped(message: Message | null, qos: Qos, why: DropReason): void {
    this.#context.counters.publishDropped++
    this.#recordDrop(message === null ? '' : message.topic.text, qos, why, 1)
  }

  #recordDrop(topic: string, qos: Qos, why: DropReason, count: number): void {
    const identity = this.actor === null ? this.principal : this.actor.identity.name
    this.#context.journal.record({ kind: 'dropped', clientId: this.id, identity, topic, qos, why, count })
  }
}

const none: readonly Delivery[] = []

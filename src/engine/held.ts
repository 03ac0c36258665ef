import { Ring } from '../base/ring.ts'
import { Sequences } from '../base/sequences.ts'
import { PacketType } from '../packet/types.ts'
import type { HeldSender } from './attached.ts'
import type { Commits, Holder } from './commits.ts'
import type { Delivery } from './inflight.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { Durability } from './store-ports.ts'

/** A QoS 2 delivery whose packet identifier must be safe before the client may see it. */
export class HeldPublish {
  readonly session: HeldSender
  readonly delivery: Delivery
  readonly message: Message

  constructor(session: HeldSender, delivery: Delivery, message: Message) {
    this.session = session
    this.delivery = delivery
    this.message = message
  }
}

/** An acknowledgement as a number (type, packet identifier and reason code), a delivery, or anything else to do. */
export type HeldItem = number | HeldPublish | (() => void)

/** What one client may be sent only when the store has come so far, in the order it was to be sent [MQTT-4.6.0-2]. */
export class Held implements Holder {
  readonly #commits: Commits
  readonly #durability: Durability
  readonly #outbox: Outbox
  readonly #positions = new Sequences()
  readonly #items = new Ring<HeldItem>()
  /** How many deliveries are held back. */
  publishes = 0
  #enlisted = false
  #closed = false

  constructor(commits: Commits, durability: Durability, outbox: Outbox) {
    this.#commits = commits
    this.#durability = durability
    this.#outbox = outbox
  }

  get length(): number {
    return this.#items.length
  }

  get empty(): boolean {
    return this.#items.length === 0
  }

  /** Holds back until the store has reached `position`, and at least as long as what was held back before. */
  add(position: number, item: HeldItem): void {
    this.#positions.push(position)
    this.#items.push(item)
    if (item instanceof HeldPublish) this.publishes++
    if (!this.#enlisted) this.#enlist()
  }

  safe(position: number): void {
    this.#enlisted = false
    if (this.#closed) return
    while (this.#items.length > 0 && this.#positions.peek() <= position) {
      this.#positions.shift()
      const item = this.#items.shift()
      if (item !== undefined) this.#let(item)
    }
    if (this.#items.length > 0) this.#enlist()
  }

  /** The connection is gone: nothing is sent any more. */
  close(): void {
    this.#closed = true
    this.#items.clear()
  }

  #enlist(): void {
    this.#enlisted = true
    this.#commits.enlist(this, this.#durability)
  }

  #let(item: HeldItem): void {
    if (typeof item === 'number') this.#outbox.acknowledge(typeOf(item), (item >> 8) & 0xffff, item & 0xff, null)
    else if (item instanceof HeldPublish) this.#publish(item)
    else item()
  }

  #publish({ session, delivery, message }: HeldPublish): void {
    this.publishes--
    session.sendHeld(delivery, message)
  }
}

/** An acknowledgement as a number. */
export function packed(type: PacketType, id: number, reason: number): number {
  return (type << 24) | (id << 8) | reason
}

function typeOf(item: number): PacketType {
  switch (item >> 24) {
    case PacketType.Puback:
      return PacketType.Puback
    case PacketType.Pubrec:
      return PacketType.Pubrec
    case PacketType.Pubrel:
      return PacketType.Pubrel
    default:
      return PacketType.Pubcomp
  }
}

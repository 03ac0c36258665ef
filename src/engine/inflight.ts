import type { Qos } from '../packet/types.ts'
import type { Message } from './message.ts'
import type { Group } from './subscription.ts'

/** One message on its way to one session: waiting in its queue, or sent and not yet acknowledged. */
export class Delivery {
  readonly message: Message
  readonly qos: Qos
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The shared subscription it came through, whose other members may take it over. */
  readonly group: Group | null
  /** Packet identifier, 0 while it waits. */
  id = 0
  /** Order of first sending, for sending again in the same order [MQTT-4.6.0-5]. */
  order = 0
  /** PUBREC came: from here on only PUBREL is sent again [MQTT-4.3.3-6]. */
  released = false
  /** The PUBLISH went out on this network connection and takes one of its send quota [MQTT 4.9]. */
  onWire = false

  constructor(message: Message, qos: Qos, retain: boolean, identifiers: readonly number[] | null, group: Group | null) {
    this.message = message
    this.qos = qos
    this.retain = retain
    this.identifiers = identifiers
    this.group = group
  }
}

const largestId = 65_535

/**
 * The QoS 1 and 2 messages sent to a session and not acknowledged, by packet identifier. Identifiers begin at 1 and
 * rise, so the low bits of the identifier find the place in a small table; one whose place is taken is passed over.
 */
export class Inflight {
  #table: (Delivery | null)[] = []
  #count = 0
  #next = 1
  #order = 0

  get count(): number {
    return this.#count
  }

  /** How many deliveries there ever were. */
  get orders(): number {
    return this.#order
  }

  /** Moves the messages of the deliveries before `order` into memory of their own. */
  keepOlder(order: number): void {
    for (const delivery of this.#table) if (delivery !== null && delivery.order < order) delivery.message.keep()
  }

  /** Takes up a delivery under the next free packet identifier. There may be at most 65,535 [MQTT-2.2.1-4]. */
  add(delivery: Delivery): void {
    if (this.#count * 2 >= this.#table.length) this.#grow()
    const mask = this.#table.length - 1
    let id = this.#next
    while (this.#table[id & mask] !== null) id = id === largestId ? 1 : id + 1
    this.#table[id & mask] = delivery
    this.#next = id === largestId ? 1 : id + 1
    this.#count++
    delivery.id = id
    delivery.order = this.#order++
  }

  get(id: number): Delivery | null {
    if (this.#table.length === 0) return null
    const delivery = this.#table[id & (this.#table.length - 1)]
    return delivery !== null && delivery.id === id ? delivery : null
  }

  remove(delivery: Delivery): void {
    const place = delivery.id & (this.#table.length - 1)
    if (this.#table[place] !== delivery) return
    this.#table[place] = null
    this.#count--
    if (this.#count === 0 && this.#table.length > 1_024) this.#table = []
  }

  /** All of them, in the order they were first sent. */
  inOrder(): Delivery[] {
    const all: Delivery[] = []
    for (const delivery of this.#table) if (delivery !== null) all.push(delivery)
    return all.sort((one, other) => one.order - other.order)
  }

  #grow(): void {
    const old = this.#table
    if (old.length > largestId) return
    this.#table = new Array<Delivery | null>(Math.max(8, old.length * 2)).fill(null)
    for (const delivery of old) if (delivery !== null) this.#table[delivery.id & (this.#table.length - 1)] = delivery
  }
}

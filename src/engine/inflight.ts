import type { Qos } from '../packet/types.ts'
import type { Message } from './message.ts'
import type { StoredDelivery } from './store-ports.ts'
import type { Group } from './subscription.ts'

/** One message on its way to one session: waiting in its queue, or sent and not yet acknowledged. */
export class Delivery {
  /** Null while the store has it and it need not be at hand. */
  message: Message | null
  /** What the store knows it by, 0 when it is not kept there. */
  sequence: number
  readonly qos: Qos
  retain: boolean
  identifiers: readonly number[] | null
  /** The shared subscription it came through, whose other members may take it over. */
  group: Group | null
  readonly weight: number
  /** Packet identifier, 0 while it waits. */
  id = 0
  /** Order of first sending, for sending again in the same order [MQTT-4.6.0-5]. */
  order = 0
  /** PUBREC came: from here on only PUBREL is sent again [MQTT-4.3.3-6]. */
  released = false
  /** The PUBLISH went out on this network connection and takes one of its send quota [MQTT 4.9]. */
  onWire = false
  /** The PUBLISH may have gone out before: the next is a repetition [MQTT-3.3.1-1]. */
  attempted = false

  constructor(
    message: Message | null,
    sequence: number,
    qos: Qos,
    retain: boolean,
    identifiers: readonly number[] | null,
    group: Group | null,
    weight: number,
  ) {
    this.message = message
    this.sequence = sequence
    this.qos = qos
    this.retain = retain
    this.identifiers = identifiers
    this.group = group
    this.weight = weight
  }

  /** It was read from the store. */
  recalled(stored: StoredDelivery, group: Group | null): void {
    this.message = stored.message
    this.retain = stored.retain
    this.identifiers = stored.identifiers
    this.group = group
  }
}

const largestId = 65_535

/**
 * The QoS 1 and 2 messages sent to a session and not acknowledged, by packet identifier. Identifiers begin at 1 and
 * rise, so the low bits of the identifier find the place in a small table; one whose place is taken is passed over.
 */
export class Inflight {
  #table: (Delivery | null)[] = none
  #count = 0
  #next = 1
  #order = 0
  #settled = 0

  get count(): number {
    return this.#count
  }

  /** Moves the messages of deliveries that were there at the last call into memory of their own; gives back what is not used. */
  settleDown(): void {
    if (this.#count > 0) {
      for (const delivery of this.#table)
        if (delivery !== null && delivery.order < this.#settled) delivery.message?.keep()
    } else if (this.#table.length > 1_024) this.#table = none
    this.#settled = this.#order
  }

  /** Takes up a delivery under the next free packet identifier. There may be at most 65,535 [MQTT-2.2.1-4]. */
  add(delivery: Delivery): void {
    if (this.#count * 2 >= this.#table.length) this.#grow()
    const mask = this.#table.length - 1
    let id = this.#next
    while (this.#table[id & mask] !== null) id = id === largestId ? 1 : id + 1
    this.#take(delivery, id)
  }

  /** Takes up a delivery under the packet identifier it has had, behind those taken up before. */
  restore(delivery: Delivery, id: number): void {
    if (this.#table.length === 0) this.#grow()
    while (this.#table[id & (this.#table.length - 1)] !== null) {
      if (this.#table.length > largestId) return
      this.#grow()
    }
    this.#take(delivery, id)
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
  }

  /** All of them, in the order they were first sent. */
  inOrder(): Delivery[] {
    const all: Delivery[] = []
    for (const delivery of this.#table) if (delivery !== null) all.push(delivery)
    return all.sort((one, other) => one.order - other.order)
  }

  #take(delivery: Delivery, id: number): void {
    this.#table[id & (this.#table.length - 1)] = delivery
    this.#next = id === largestId ? 1 : id + 1
    this.#count++
    delivery.id = id
    delivery.order = this.#order++
  }

  #grow(): void {
    const old = this.#table
    if (old.length > largestId) return
    this.#table = new Array<Delivery | null>(Math.max(8, old.length * 2)).fill(null)
    for (const delivery of old) if (delivery !== null) this.#table[delivery.id & (this.#table.length - 1)] = delivery
  }
}

/** The table of a session to which nothing was sent; it has no places, so nothing is ever put there. */
const none: (Delivery | null)[] = []

import type { Ledger, Stream } from './ledger.ts'

/** One PUBLISH as it came in. */
export interface Arrival {
  readonly publisher: string
  readonly number: number
  readonly qos: number
  readonly dup: boolean
  readonly id: number
}

/** Arrivals of one message. */
interface Count {
  /** Without DUP. */
  fresh: number
  /** Given to the application: at QoS 2 once only. */
  delivered: number
}

/**
 * What one subscriber got, over all its connections, and the packet identifiers it still holds, as a correct client
 * does: at QoS 1 until it sends PUBACK or is cut off, at QoS 2 until PUBREL comes.
 */
export class Receipts {
  readonly subscriber: string
  readonly #qos: number
  readonly #ledger: Ledger
  readonly #counts = new Map<string, Count[]>()
  readonly #latest = new Map<string, number>()
  readonly #held = new Map<number, Arrival>()

  constructor(subscriber: string, qos: number, ledger: Ledger) {
    this.subscriber = subscriber
    this.#qos = qos
    this.#ledger = ledger
  }

  arrived(arrival: Arrival): void {
    const stream = this.#ledger.streamOf(arrival.publisher)
    const sent = stream?.timesSent(arrival.number) ?? 0
    if (stream === null || sent === 0) return this.#violate(arrival, 'came, but nobody sent it')
    if (arrival.qos !== Math.min(stream.qos, this.#qos)) this.#violate(arrival, 'came at another QoS')
    const count = this.#count(arrival)
    const before = this.#held.get(arrival.id)
    if (before !== undefined) this.#checkHeld(arrival, before)
    const again = arrival.qos === 2 && before?.number === arrival.number && before.publisher === arrival.publisher
    if (!arrival.dup) count.fresh++
    if (!again) count.delivered++
    this.#held.set(arrival.id, arrival)
    this.#checkCount(arrival, count, sent)
    if (count.delivered === 1 && !again) this.#checkOrder(arrival)
  }

  /** The client is done with a packet identifier: it sent PUBACK, or PUBREL came. */
  release(id: number): void {
    this.#held.delete(id)
  }

  /** A new connection: what a client remembers over several are the identifiers of QoS 2 [MQTT-4.3.3-10]. */
  connected(): void {
    for (const [id, { qos }] of this.#held) if (qos === 1) this.#held.delete(id)
  }

  /** The server has no session, so the client gives up its own. */
  forget(): void {
    this.#held.clear()
  }

  /** Acknowledged numbers of a stream that never arrived here. */
  missing(stream: Stream): readonly number[] {
    const counts = this.#counts.get(stream.publisher) ?? []
    return [...stream.acknowledgedNumbers].filter((number) => counts[number] === undefined)
  }

  #count({ publisher, number }: Arrival): Count {
    let counts = this.#counts.get(publisher)
    if (counts === undefined) this.#counts.set(publisher, (counts = []))
    return (counts[number] ??= { fresh: 0, delivered: 0 })
  }

  /** An identifier the client has not given back stands for one message only, and coming again it says so. */
  #checkHeld(arrival: Arrival, before: Arrival): void {
    if (before.publisher !== arrival.publisher || before.number !== arrival.number)
      this.#violate(arrival, `took identifier ${arrival.id} while ${before.publisher} ${before.number} held it`)
    else if (!arrival.dup) this.#violate(arrival, `came again under identifier ${arrival.id} without DUP`)
  }

  /**
   * Each time the publisher sent the message the broker may have taken it for a new one: at QoS 1 always, at QoS 2 when
   * a crash made it forget what it had not acknowledged. All other arrivals are repetitions.
   */
  #checkCount(arrival: Arrival, { fresh, delivered }: Count, allowed: number): void {
    if (!arrival.dup && fresh > allowed) this.#violate(arrival, `came ${fresh} times without DUP, ${allowed} allowed`)
    if (arrival.qos === 2 && delivered > 1) this.#violate(arrival, `was delivered ${delivered} times at QoS 2`)
  }

  #checkOrder(arrival: Arrival): void {
    const latest = this.#latest.get(arrival.publisher) ?? -1
    if (arrival.number < latest) this.#violate(arrival, `came after ${latest}`)
    else this.#latest.set(arrival.publisher, arrival.number)
  }

  #violate({ publisher, number, qos, dup, id }: Arrival, what: string): void {
    const flags = `QoS ${qos}${dup ? ', DUP' : ''}, identifier ${id}`
    this.#ledger.violate(`${this.subscriber}: ${publisher} ${number} (${flags}) ${what}`)
  }
}

import type { Delivery } from './inflight.ts'

/** How many QoS 1 and 2 messages one network connection may be sent before it acknowledges some [MQTT 4.9]. */
export class SendQuota {
  readonly #maximum: number
  readonly #maximumBytes: number
  #packets = 0
  #bytes = 0

  /** `maximumBytes` of messages; one is allowed whatever its size. */
  constructor(maximum: number, maximumBytes: number) {
    this.#maximum = maximum
    this.#maximumBytes = maximumBytes
  }

  /** One more may be sent [MQTT-3.3.4-9]. */
  get left(): boolean {
    return this.#packets < this.#maximum && (this.#bytes < this.#maximumBytes || this.#packets === 0)
  }

  /** A PUBLISH goes out. */
  take(delivery: Delivery): void {
    delivery.onWire = true
    this.#packets++
    this.#bytes += delivery.weight
  }

  /** It was acknowledged; nothing changes for one that was not sent on this connection. */
  giveBack(delivery: Delivery): void {
    if (!delivery.onWire) return
    this.#packets--
    this.#bytes -= delivery.weight
  }
}

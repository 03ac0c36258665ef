import type { Store } from './store-ports.ts'

/** Packet identifiers of QoS 2 messages received and not released [MQTT-4.3.3-10], each with the connection it last came on. */
export class Received {
  readonly #number: number
  readonly #store: Store
  #serials: Map<number, number> | null = null

  /** `number`: what the store knows the session by, 0 when it is not kept. */
  constructor(number: number, store: Store) {
    this.#number = number
    this.#store = store
  }

  /** The connection an identifier last came on, undefined for one that is free. */
  get(packetId: number): number | undefined {
    return this.#serials?.get(packetId)
  }

  /** An identifier came for the first time. */
  add(packetId: number, serial: number): void {
    if (this.#number > 0) this.#store.putReceived(this.#number, packetId)
    this.again(packetId, serial)
  }

  /** An identifier the store has came again. */
  again(packetId: number, serial: number): void {
    this.#serials ??= new Map()
    this.#serials.set(packetId, serial)
  }

  /** PUBREL: the identifier is free again [MQTT-4.3.3-12]. */
  delete(packetId: number): void {
    if (this.#serials?.delete(packetId) && this.#number > 0) this.#store.dropReceived(this.#number, packetId)
  }

  clear(): void {
    if (this.#serials !== null) for (const packetId of this.#serials.keys()) this.delete(packetId)
  }
}

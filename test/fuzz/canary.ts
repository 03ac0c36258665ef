import type { Broker } from '../../src/index.ts'
import { v4 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'

/**
 * Two well-behaved clients, one publishing to the other with QoS 1. However others behave, every message must be
 * acknowledged and must come once, in order.
 */
export class Canary {
  readonly #writer: WireClient
  readonly #reader: WireClient
  readonly #topic: string
  #sent = 0

  constructor(writer: WireClient, reader: WireClient, topic: string) {
    this.#writer = writer
    this.#reader = reader
    this.#topic = topic
  }

  static async connect(broker: Broker, name: string): Promise<Canary> {
    const address = { host: '127.0.0.1', port: broker.addresses[0]?.port ?? 0 }
    return Canary.begin(await WireClient.open(address, v4), await WireClient.open(address, v4), name)
  }

  /** With two connections on which nothing was sent yet. */
  static async begin(writer: WireClient, reader: WireClient, name: string): Promise<Canary> {
    for (const [client, role] of [
      [writer, 'writer'],
      [reader, 'reader'],
    ] as const) {
      client.send(v4.connect({ clientId: `${name}-${role}` }))
      await client.expect('connack', { code: 0 })
    }
    await reader.subscribe({ filter: name, qos: 1 })
    return new Canary(writer, reader, name)
  }

  /** Sends so many messages at once and sees each acknowledged and delivered, in order. */
  async sing(count: number): Promise<void> {
    const first = this.#sent
    this.#sent += count
    const songs = Array.from({ length: count }, (_, index) => this.#song(first + index))
    this.#writer.send(...songs)
    for (let index = first; index < first + count; index++) {
      await this.#writer.expect('puback', { id: identifierOf(index), code: 0 })
      const payload = String(index)
      const got = await this.#reader.expect('publish', { topic: this.#topic, qos: 1, dup: false, payload })
      this.#reader.send(v4.puback(got.id))
    }
    await this.#reader.expectNoMore()
    await this.#writer.expectNoMore()
  }

  destroy(): void {
    this.#writer.destroy()
    this.#reader.destroy()
  }

  #song(index: number): Buffer {
    return v4.publish({ topic: this.#topic, qos: 1, id: identifierOf(index), payload: String(index) })
  }
}

function identifierOf(index: number): number {
  return 1 + (index % 65_535)
}

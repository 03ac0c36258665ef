import { connect, type Socket } from 'node:net'
import { decode, packetSize, type ServerPacket } from '../../kit/decode.ts'
import type { Packets } from '../../kit/packets.ts'

export interface LinkEvents {
  packet(packet: ServerPacket): void
  /** The server sent what no server may send. */
  forbidden(why: string): void
  /** Once, also when nobody answered. What the server sent before it went was told before. */
  closed(): void
}

/** One network connection of a client that lives through many: packets in as they come, bytes out. */
export class Link {
  readonly #packets: Packets
  readonly #socket: Socket
  readonly #events: LinkEvents
  #received: Buffer = Buffer.alloc(0)

  constructor(port: number, packets: Packets, events: LinkEvents) {
    this.#packets = packets
    this.#events = events
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => events.closed())
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  /** Lets what was sent arrive, then ends the connection as a lost client does: without DISCONNECT. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    try {
      for (let bytes = this.#next(); bytes !== null; bytes = this.#next()) {
        this.#events.packet(decode(this.#packets.version, bytes))
      }
    } catch (error) {
      this.#events.forbidden(String(error))
      this.#socket.destroy()
    }
  }

  /** The next whole packet, or null. */
  #next(): Buffer | null {
    const size = packetSize(this.#received)
    if (size === null || size > this.#received.length) return null
    const bytes = this.#received.subarray(0, size)
    this.#received = this.#received.subarray(size)
    return bytes
  }
}

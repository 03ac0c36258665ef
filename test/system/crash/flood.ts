// Clients for as much traffic as a broker takes, which look at no more of a packet than they need.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { v4 } from '../../kit/packets.ts'

const packetIds = 65_535
const publishTypes = 0x30
const connackLength = 4
const pubackLength = 4

async function socketTo(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** What comes on a socket, without the CONNACK at its beginning and cut where `length` says a packet ends; 0 for not yet. */
function packets(socket: Socket, length: (bytes: Buffer, at: number) => number, take: (packet: Buffer) => void): void {
  let waiting: Buffer = Buffer.alloc(0)
  let begun = false
  socket.on('data', (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    let at = 0
    if (!begun && waiting.length >= connackLength) at = connackLength
    begun ||= at > 0
    for (
      let size = begun ? length(waiting, at) : 0;
      size > 0 && at + size <= waiting.length;
      size = length(waiting, at)
    ) {
      take(waiting.subarray(at, at + size))
      at += size
    }
    waiting = waiting.subarray(at)
  })
}

/** Publishes numbers, one after the other, with QoS 1, as fast as they are acknowledged. */
export class FloodPublisher {
  readonly topic: string
  readonly #window: number
  /** Numbers below this were acknowledged. */
  acknowledged = 0
  #sent = 0
  #socket: Socket | null = null

  constructor(topic: string, window: number) {
    this.topic = topic
    this.#window = window
  }

  /** Begins anew with the first number that was not acknowledged. */
  async begin(port: number): Promise<void> {
    const socket = await socketTo(port)
    this.#socket = socket
    this.#sent = this.acknowledged
    socket.write(v4.connect({ clientId: this.topic }))
    packets(
      socket,
      (bytes, at) => (bytes.length - at < pubackLength ? 0 : pubackLength),
      () => {
        this.acknowledged++
      },
    )
    socket.on('data', () => this.#fill(socket))
    this.#fill(socket)
  }

  end(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  #fill(socket: Socket): void {
    if (this.#sent - this.acknowledged > this.#window / 2) return
    const all: Buffer[] = []
    for (; this.#sent - this.acknowledged < this.#window; this.#sent++) {
      const payload = Buffer.alloc(50)
      payload.writeUInt32BE(this.#sent)
      all.push(v4.publish({ topic: this.topic, qos: 1, id: (this.#sent % packetIds) + 1, payload }))
    }
    socket.write(Buffer.concat(all))
  }
}

/** A persistent session that acknowledges what it gets, some milliseconds later if it should. */
export class FloodSubscriber {
  readonly #clientId: string
  readonly #topics: readonly string[]
  readonly #lag: number
  /** By topic: the number up to which all have come. */
  readonly complete = new Map<string, number>()
  /** Numbers that came before one below them had. */
  skipped = 0
  #socket: Socket | null = null

  constructor(clientId: string, topics: readonly string[], lag: number) {
    this.#clientId = clientId
    this.#topics = topics
    this.#lag = lag
  }

  async begin(port: number): Promise<void> {
    const socket = await socketTo(port)
    this.#socket = socket
    let acknowledgements: Buffer[] = []
    const answer = () => {
      if (acknowledgements.length > 0 && !socket.destroyed) socket.write(Buffer.concat(acknowledgements))
      acknowledgements = []
    }
    const suback = new Promise<void>((resolve) => {
      packets(
        socket,
        (bytes, at) => (bytes.length - at < 2 ? 0 : 2 + (bytes[at + 1] ?? 0)),
        (packet) => {
          if ((packet[0] ?? 0) >> 4 !== publishTypes >> 4) return resolve()
          acknowledgements.push(v4.puback(this.#take(packet)))
        },
      )
    })
    socket.on('data', () => (this.#lag === 0 ? answer() : setTimeout(answer, this.#lag)))
    socket.write(v4.connect({ clientId: this.#clientId, clean: false }))
    const filters = this.#topics.map((filter) => ({ filter, qos: 1 }))
    socket.write(v4.subscribe({ id: 1, filters }))
    await Promise.race([suback, once(socket, 'close')])
    if (socket.destroyed) throw new Error('the broker closed the connection')
  }

  end(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  /** Returns the packet identifier. */
  #take(packet: Buffer): number {
    const topicEnd = 4 + packet.readUInt16BE(2)
    const topic = packet.toString('latin1', 4, topicEnd)
    const number = packet.readUInt32BE(topicEnd + 2)
    const next = this.complete.get(topic) ?? 0
    // A lower one came before.
    if (number > next) this.skipped++
    else if (number === next) this.complete.set(topic, next + 1)
    return packet.readUInt16BE(topicEnd)
  }
}

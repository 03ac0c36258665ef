import { createServer, type Server, type Socket } from 'node:net'
import { readHeader } from '../../../src/cli/bench/wire.ts'

const answers: Readonly<Record<number, (body: Buffer) => Buffer>> = {
  1: () => Buffer.from([0x20, 2, 0, 0]),
  8: (body) => Buffer.from([0x90, 3, body[0]!, body[1]!, 0]),
  12: () => Buffer.from([0xd0, 0]),
}

/** A relay for one subscriber of QoS 0 that loses, repeats and swaps messages and knows how many, or stalls once. */
export class FaultyBroker {
  repeated = 0
  swapped = 0
  /** What each CONNECT said. */
  readonly connects: { clientId: string; clean: boolean }[] = []
  readonly #fault: 'faulty' | 'stalls'
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #subscriber: Socket | null = null
  #held: Buffer | null = null
  #lost = 0
  #count = 0

  constructor(fault: 'faulty' | 'stalls') {
    this.#fault = fault
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** With one that waits to be swapped when no other comes after it. */
  get lost(): number {
    return this.#lost + (this.#held === null ? 0 : 1)
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      rest = this.#packets(socket, Buffer.concat([rest, chunk]))
    })
  }

  #packets(socket: Socket, bytes: Buffer): Buffer {
    const bounds = { body: 0, end: 0 }
    let at = 0
    while (bytes.length - at >= 2) {
      readHeader(bytes, at, bytes.length, bounds)
      if (bounds.end <= 0 || bounds.end > bytes.length) break
      this.#packet(socket, bytes.subarray(at, bounds.end), bytes.subarray(bounds.body, bounds.end))
      at = bounds.end
    }
    return Buffer.from(bytes.subarray(at))
  }

  #packet(socket: Socket, packet: Buffer, body: Buffer): void {
    const type = packet[0]! >> 4
    if (type === 1) this.connects.push({ clientId: body.toString('utf8', 12), clean: (body[7]! & 2) === 2 })
    if (type === 8) this.#subscriber = socket
    if (type === 14) socket.end()
    if (type === 3) this.#relay(Buffer.from(packet))
    else socket.write(answers[type]?.(body) ?? '')
  }

  #relay(packet: Buffer): void {
    this.#count++
    if (this.#fault === 'faulty') this.#spoil(packet)
    else {
      if (this.#count === 150) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      this.#subscriber?.write(packet)
    }
  }

  #spoil(packet: Buffer): void {
    const held = this.#held
    this.#held = null
    if (this.#count % 11 === 0) this.#lost++
    else if (this.#count % 13 === 0) {
      this.repeated++
      this.#subscriber?.write(Buffer.concat([packet, packet]))
    } else if (this.#count % 17 === 0 && (this.#count + 1) % 11 !== 0) this.#held = packet
    else this.#subscriber?.write(packet)
    if (held === null) return
    this.swapped++
    this.#subscriber?.write(held)
  }
}

// The wire-test kit: bytes in, bytes out, and nothing of src/ in between.
//
//     import { test } from 'node:test'
//     import { v4, v5, hex } …                         packets.ts, bytes.ts: every packet, every field replaceable
//     import { fresh, useTarget } from '../../kit/target.ts'
//
//     const broker = useTarget()                       in-process broker for this file, or --target
//
//     test('a QoS 1 PUBLISH is answered by PUBACK with its identifier [MQTT3-3.3.4-1]', async () => {
//       const topic = fresh()                          a name no other test uses: topics, client ids
//       const reader = await broker.connect(v4)        open, CONNECT, CONNACK 0
//       await reader.subscribe({ filter: topic, qos: 1 })
//       const writer = await broker.connect(v4, { clientId: fresh(), clean: false })
//       writer.send(v4.publish({ topic, qos: 1, id: 7, payload: 'x' }))
//       await writer.expect('puback', { id: 7 })
//       const got = await reader.expect('publish', { topic, qos: 1, dup: false, payload: 'x' })
//       reader.send(v4.puback(got.id))
//       await reader.expectNoMore()                    PINGREQ: the very next packet is PINGRESP
//     })
//
// expect(type, fields) compares the fields given (properties: those given, `undefined` for must-not-be-there) and
// returns the packet. expectBytes(bytes) compares the bytes. expectClosed() wants the end of the connection and no
// packet before it; expectDisconnect(codes…) wants DISCONNECT (MQTT 5) with one of the codes, then the end;
// expectRefused(codes…) wants CONNACK with one of the codes, then the end (with no codes: any code but 0, or no CONNACK);
// expectBroken(codes…) fits every version: below 5 it is expectClosed, in 5 expectDisconnect.
//
// exchange.ts has whole exchanges: publish(writer, fields) to its last acknowledgement, receive(reader, expected) with
// the acknowledgements we owe.
//
// "Nothing is delivered" needs no sleep: let the sender finish first (`await writer.expectNoMore()`), then ask the
// receiver (`await reader.expectNoMore()`).
//
// end() leaves without DISCONNECT (the Will is published), disconnect() with it; both wait for the end. Clients still
// open when a test ends are cut off. Times: useTarget({ fakeClock: true }) and `await broker.elapse(ms)`.
// Tests that need settings or an authorizer of ours: `test(title, broker.ours, …)` skips them on a foreign target.
//
// Against another broker: PETALTAIL_WIRE_TARGET=host:port node --test test/wire/…, for WebSocket besides
// PETALTAIL_WIRE_WEBSOCKET_TARGET=ws://host:port/path, or all of it by `npm run conformance -- --target host:port`.

import { once } from 'node:events'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { decode, type PacketOf, packetSize, type ServerPacket, type ServerPacketType } from './decode.ts'
import { compare, type Expected, isOf } from './expected.ts'
import type { FilterFields, Packets, ReasonFields } from './packets.ts'
import { type Direction, Transcript } from './transcript.ts'

type Waiter = () => void

// Ours answers, however slow the machine; of another broker silence may be the answer.
const patience = Number(process.env.PETALTAIL_WIRE_PATIENCE ?? (process.env.PETALTAIL_WIRE_TARGET ? 5_000 : 60_000))

export class WireClient {
  /** The packets of the protocol version this connection speaks; decides how packets of the server are read. */
  packets: Packets
  readonly #stream: Duplex
  readonly #transcript = new Transcript()
  readonly #queue: Buffer[] = []
  #received: Buffer = Buffer.alloc(0)
  #failure: Error | null = null
  #closed = false
  #waiter: Waiter | null = null

  constructor(stream: Duplex, packets: Packets) {
    this.#stream = stream
    this.packets = packets
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', () => this.#end())
    stream.on('end', () => this.#end())
    stream.on('close', () => this.#end())
  }

  /** A TCP connection, with nothing sent yet. */
  static async open(address: { host: string; port: number }, packets: Packets): Promise<WireClient> {
    const socket = connect({ ...address, noDelay: true })
    await once(socket, 'connect')
    return new WireClient(socket, packets)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes in one write. */
  send(...parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts)
    this.#transcript.note('sent', bytes)
    if (this.#stream.writable) this.#stream.write(bytes)
  }

  /** The next packet, whatever it is, or null for the end of the connection. Throws if no server may send it. */
  async next(): Promise<ServerPacket | null> {
    const bytes = await this.nextBytes()
    try {
      return bytes && decode(this.packets.version, bytes)
    } catch (error) {
      throw this.#wrong(`what came is forbidden: ${String(error)}`)
    }
  }

  /** The next packet as bytes that may mean anything, or null for the end of the connection. */
  async nextBytes(): Promise<Buffer | null> {
    await this.#until(() => this.#queue.length > 0 || this.#closed || this.#failure !== null)
    const bytes = this.#queue.shift()
    if (bytes === undefined && this.#failure !== null) throw this.#wrong(this.#failure.message)
    return bytes ?? null
  }

  async expect<T extends ServerPacketType>(type: T, fields?: Expected<T>): Promise<PacketOf<T>> {
    const packet = await this.next()
    if (packet === null) throw this.#wrong(`${type} expected, but the connection was closed`)
    if (!isOf(packet, type)) throw this.#wrong(`${type} expected, but ${packet.type} came`)
    try {
      if (fields !== undefined) compare(packet, fields)
    } catch (difference) {
      throw this.#wrong(`${type} is not as expected: ${String(difference)}`)
    }
    return packet
  }

  /** Whole packets, byte for byte. */
  async expectBytes(...expected: readonly Uint8Array[]): Promise<void> {
    for (const bytes of expected) {
      const packet = await this.nextBytes()
      const got = packet?.toString('hex') ?? 'the end'
      const wanted = Buffer.from(bytes).toString('hex')
      if (got !== wanted) throw this.#wrong(`${wanted} expected, but ${got} came`)
    }
  }

  /** The server has nothing more to say: the next packet answers our PINGREQ. */
  async expectNoMore(): Promise<void> {
    this.send(this.packets.pingreq())
    await this.expect('pingresp')
  }

  /** The server closes the connection and sends no packet before. */
  async expectClosed(): Promise<void> {
    const packet = await this.next()
    if (packet !== null) throw this.#wrong(`the end of the connection expected, but ${packet.type} came`)
  }

  /** The server sends DISCONNECT with one of the codes and closes [MQTT 5]. */
  async expectDisconnect(...codes: readonly number[]): Promise<PacketOf<'disconnect'>> {
    const packet = await this.expect('disconnect')
    if (!codes.includes(packet.code)) throw this.#wrong(`DISCONNECT has code ${packet.code}, not ${codes.join(' or ')}`)
    await this.expectClosed()
    return packet
  }

  /** The answer to a packet that breaks the protocol: DISCONNECT with one of the codes in MQTT 5, and the end. */
  async expectBroken(...codes: readonly number[]): Promise<void> {
    if (this.packets.version === 5) await this.expectDisconnect(...codes)
    else await this.expectClosed()
  }

  /** CONNACK with one of the codes, then the end. With no codes: any but 0, or no CONNACK at all. */
  async expectRefused(...codes: readonly number[]): Promise<void> {
    const packet = codes.length > 0 ? await this.expect('connack') : await this.next()
    if (packet === null) return
    if (packet.type !== 'connack') throw this.#wrong(`CONNACK expected, but ${packet.type} came`)
    const fits = codes.length === 0 ? packet.code !== 0 : codes.includes(packet.code)
    if (!fits) throw this.#wrong(`CONNACK has code ${packet.code}, not ${codes.join(' or ')}`)
    await this.expectClosed()
  }

  /** SUBSCRIBE, and SUBACK that grants every QoS asked for. Retained messages, if any, come after. */
  async subscribe(...filters: readonly (FilterFields | string)[]): Promise<void> {
    this.send(this.packets.subscribe({ id: 65_535, filters }))
    const codes = filters.map((filter) => (typeof filter === 'string' ? 0 : (filter.qos ?? 0)))
    await this.expect('suback', { id: 65_535, codes })
  }

  /** Packets up to PINGRESP: what the server has for us now, in its order. */
  async drain(): Promise<ServerPacket[]> {
    this.send(this.packets.pingreq())
    const packets: ServerPacket[] = []
    for (;;) {
      const packet = await this.next()
      if (packet === null) throw this.#wrong('the connection was closed while draining')
      if (packet.type === 'pingresp') return packets
      packets.push(packet)
    }
  }

  /** Says DISCONNECT and waits for the server to close. */
  async disconnect(fields?: ReasonFields): Promise<void> {
    this.send(this.packets.disconnect(fields))
    await this.end()
  }

  /** Closes our half without DISCONNECT, as a lost client, and waits for the server to close; packets are dropped. */
  async end(): Promise<void> {
    this.#stream.end()
    await this.#until(() => this.#closed)
  }

  /** Resets the connection. */
  destroy(): void {
    this.#stream.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    try {
      for (let size = packetSize(this.#received); size !== null && size <= this.#received.length; ) {
        const bytes = this.#received.subarray(0, size)
        this.#received = this.#received.subarray(size)
        this.#transcript.note('received', bytes)
        this.#queue.push(bytes)
        size = packetSize(this.#received)
      }
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
    }
    this.#waiter?.()
  }

  #end(): void {
    if (!this.#closed && this.#received.length > 0) this.#failure ??= new Error('the connection ended inside a packet')
    this.#closed = true
    this.#waiter?.()
  }

  async #until(met: () => boolean): Promise<void> {
    if (met()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(this.#wrong(`nothing came in ${patience} ms`)), patience)
    this.#waiter = () => {
      if (met()) resolve()
    }
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiter = null
    }
  }

  #wrong(message: string): Error {
    const unread: Direction = 'unread'
    const rest = this.#received.length > 0 ? `\n${this.#transcript.line(unread, this.#received)}` : ''
    return new Error(`${message}\nMQTT ${this.packets.version}, last packets:\n${this.#transcript.text()}${rest}`)
  }
}

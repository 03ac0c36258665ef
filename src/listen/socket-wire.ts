import type { Socket } from 'node:net'
import type { Acceptor, ListenerRules, Peer, Wire, WireEvents } from '../engine/ports.ts'
import { AcceptedSocket, type SocketEvents } from './accepted-socket.ts'
import type { Deadline, Deadlines } from './deadlines.ts'

/** What a wire needs of whoever let its connection in. */
export interface WireOwner {
  /** Cuts off peers that do not take the end of their connection. */
  readonly closing: Deadlines
  /** Called once, when the connection is gone. */
  released(address: string): void
}

/** A socket (TCP, TLS or unix) as a wire. */
export class SocketWire implements Wire, SocketEvents, Deadline {
  readonly peer: Peer
  readonly #socket: AcceptedSocket | Socket
  readonly #owner: WireOwner
  #events: WireEvents | null = null
  #cause: Error | null = null
  #ending = false

  constructor(socket: AcceptedSocket | Socket, peer: Peer, owner: WireOwner) {
    this.#socket = socket
    this.peer = peer
    this.#owner = owner
  }

  /** Introduces the wire to the engine; from here on events flow. */
  open(acceptor: Acceptor, rules: ListenerRules): void {
    this.#events = acceptor.accept(this, rules)
    const socket = this.#socket
    if (socket instanceof AcceptedSocket) socket.wire = this
    else listen(socket, this)
    // It may have been lost before anybody was told of it.
    if (socket.closed) this.closed()
  }

  write(bytes: Buffer): boolean {
    if (this.#ending || !this.#socket.writable) return false
    return this.#socket.write(bytes)
  }

  pause(): void {
    if (!this.#ending) this.#socket.pause()
  }

  resume(): void {
    if (!this.#ending) this.#socket.resume()
  }

  close(): void {
    if (this.#ending) return
    this.#ending = true
    const socket = this.#socket
    if (socket.destroyed) return
    this.#owner.closing.add(this)
    // What still comes is discarded: unread, it would make the kernel reset the connection and lose our last bytes.
    socket.resume()
    socket.end()
  }

  destroy(): void {
    this.#ending = true
    this.#socket.destroy()
  }

  expire(): void {
    this.#socket.destroy()
  }

  read(bytes: Buffer, length: number): void {
    if (!this.#ending) this.#events?.data(bytes, length)
  }

  drained(): void {
    if (!this.#ending) this.#events?.drained()
  }

  failed(cause: Error): void {
    this.#cause ??= cause
  }

  ended(): void {
    if (this.#ending) return
    if (this.#socket.writableLength === 0) this.destroy()
    else this.close()
  }

  closed(): void {
    const events = this.#events
    if (events === null) return
    this.#events = null
    this.#ending = true
    this.#owner.closing.remove(this)
    this.#owner.released(this.peer.address)
    events.closed(this.#cause)
  }
}

/** Sends the events of a socket of Node's to its wire. */
function listen(socket: Socket, wire: SocketEvents): void {
  socket.on('data', (bytes: Buffer) => wire.read(bytes, bytes.length))
  socket.on('drain', () => wire.drained())
  socket.on('error', (cause) => wire.failed(cause))
  socket.on('end', () => wire.ended())
  socket.on('close', () => wire.closed())
}

import type { Socket } from 'node:net'
import type { TlsDetails } from '../engine/ports.ts'
import { AcceptedSocket, type SocketEvents } from './accepted-socket.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import type { Limits } from './limits.ts'
import type { Remote } from './peer.ts'
import type { WireOwner } from './socket-wire.ts'
import { tlsFailure } from './tls-failure.ts'

export type Handshake = 'PROXY header' | 'TLS handshake' | 'WebSocket upgrade'

/** What the admissions of one listener share. */
export interface AdmissionDesk {
  readonly limits: Limits
  readonly handshakes: Deadlines<Admission>
  readonly closing: Deadlines
  refused(address: string, why: string, detail: string): void
}

/**
 * A connection with handshakes before MQTT, from accept until the engine takes it, it is refused, or its time is over.
 * It gives back what the limits counted when the socket closes, whatever became of the connection. Until the engine has
 * one it is the wire of a socket that tells wires.
 */
export class Admission implements Deadline, WireOwner, SocketEvents {
  readonly socket: AcceptedSocket | Socket
  readonly #desk: AdmissionDesk
  remote: Remote
  tls: TlsDetails | null = null
  handshake: Handshake
  #state: 'pending' | 'admitted' | 'refused' = 'pending'
  #address: string | null = null
  #closed = false

  constructor(socket: AcceptedSocket | Socket, remote: Remote, handshake: Handshake, desk: AdmissionDesk) {
    this.socket = socket
    this.remote = remote
    this.handshake = handshake
    this.#desk = desk
    if (socket instanceof AcceptedSocket) socket.wire = this
    else socket.on('error', (cause) => this.failed(cause)).once('close', () => this.closed())
    desk.handshakes.add(this)
  }

  get pending(): boolean {
    return this.#state === 'pending'
  }

  get closing(): Deadlines {
    return this.#desk.closing
  }

  released(): void {
    this.closed()
  }

  /** Counts the connection for its client's address, or refuses it. */
  enterAddress(): boolean {
    const why = this.#desk.limits.enterAddress(this.remote.address)
    if (why === null) this.#address = this.remote.address
    else this.refuse(why, '')
    return why === null
  }

  /** The handshakes are done; from here on the engine has the connection. */
  admit(): void {
    this.#state = 'admitted'
    this.#desk.handshakes.remove(this)
  }

  refuse(why: string, detail: string): void {
    this.refuseSoftly(why, detail)
    this.socket.destroy()
  }

  /** Leaves time, up to the deadline, to send an answer and close. */
  refuseSoftly(why: string, detail: string): void {
    if (this.#state !== 'pending') return
    this.#state = 'refused'
    this.#desk.refused(this.remote.address, why, detail)
  }

  expire(): void {
    this.refuse('handshake took too long', this.handshake)
  }

  /** The listener closes: nobody is to blame. */
  abandon(): void {
    this.#state = 'refused'
    this.socket.destroy()
  }

  read(): void {}
  drained(): void {}
  ended(): void {}

  failed(cause: unknown): void {
    if (this.pending && this.handshake === 'TLS handshake') this.refuse('TLS handshake failed', tlsFailure(cause))
  }

  closed(): void {
    if (this.#closed) return
    this.#closed = true
    this.failed(reset)
    // The layer above may know why and tells after its own end, still in this turn.
    if (this.pending) setImmediate(() => this.refuseSoftly('connection lost in a handshake', this.handshake))
    this.#desk.handshakes.remove(this)
    this.#desk.limits.leave()
    if (this.#address !== null) this.#desk.limits.leaveAddress(this.#address)
  }
}

/** What a connection fails with that was closed in the middle. */
const reset = { code: 'ECONNRESET' }

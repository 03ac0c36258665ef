import { Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Acceptor, ListenerRules } from '../engine/ports.ts'
import { AcceptedSocket, acceptHandles } from './accepted-socket.ts'
import { AcceptedTlsSocket } from './accepted-tls-socket.ts'
import { bind, urlOf } from './address.ts'
import { Admission, type AdmissionDesk } from './admission.ts'
import { Deadlines } from './deadlines.ts'
import { setForAccepted } from './inherited.ts'
import { Limits } from './limits.ts'
import type { SystemHandle } from './node-streams.ts'
import { defaultTls, type ListenerOptions } from './options.ts'
import { local, peerOf, type Remote, remoteOf } from './peer.ts'
import { readProxyHeader } from './proxy-stage.ts'
import { SocketWire, type WireOwner } from './socket-wire.ts'
import type { Supplies } from './supplies.ts'
import { TlsCredentials } from './tls-credentials.ts'
import type { ServedCertificate } from './tls-expiry.ts'
import { overHandles, TlsServerSocket } from './tls-socket.ts'
import { TlsStage } from './tls-stage.ts'
import { WebSocketStage } from './websocket-stage.ts'
import { WebSocketWire } from './websocket-wire.ts'

/** One open listener. */
export interface Listener {
  /** What logs and the journal call it. */
  readonly name: string
  /** Where clients connect, with the real port: `mqtt://127.0.0.1:1883`. */
  readonly url: string
  /** Connections now, those still in a handshake included. */
  readonly connections: number
  /** The certificates it shows now; none without TLS. */
  readonly certificates: readonly ServedCertificate[]
  /** Stops accepting and ends unfinished handshakes. Connections the engine knows are the engine's to close. */
  close(): Promise<void>
}

/**
 * Opens a listener; connections go to `acceptor` once their handshakes are done.
 *
 * @throws BrokerError when the address or the TLS files cannot be used.
 */
export async function openListener(
  options: ListenerOptions,
  acceptor: Acceptor,
  log: Log,
  clock: Clock = systemClock(),
  supplies: Supplies = {},
): Promise<Listener> {
  const entrance = new Entrance(options, acceptor, log, clock, supplies)
  try {
    await entrance.open()
  } catch (error) {
    await entrance.close()
    throw error
  }
  return entrance
}

/** Milliseconds of silence before the operating system asks whether the peer is still there. */
const probeAfter = 120_000
/** Milliseconds a peer has to take the end of its connection. */
const closeTimeout = 2_000

/** Where connections come in: limits first, then handshakes, then the engine. */
class Entrance implements Listener, WireOwner, AdmissionDesk {
  url: string
  readonly limits: Limits
  readonly handshakes: Deadlines<Admission>
  readonly closing: Deadlines
  readonly #options: ListenerOptions
  readonly #acceptor: Acceptor
  readonly #log: Log
  readonly #server = new Server()
  readonly #tls: TlsStage | null
  readonly #websocket: WebSocketStage | null
  #rules: ListenerRules
  /** Sockets have the options they need when they are accepted. */
  #prepared = false

  constructor(options: ListenerOptions, acceptor: Acceptor, log: Log, clock: Clock, supplies: Supplies) {
    this.#options = options
    this.#acceptor = acceptor
    this.#log = log
    this.#rules = options.rules
    this.url = urlOf(options, options.port)
    this.limits = new Limits(options, clock)
    this.handshakes = new Deadlines<Admission>(options.handshakeTimeout, clock)
    this.closing = new Deadlines(closeTimeout, clock)
    this.#tls = this.#tlsStage(supplies, clock)
    this.#websocket = this.#websocketStage()
  }

  get name(): string {
    return this.#rules.name
  }

  get connections(): number {
    return this.limits.connections
  }

  get certificates(): readonly ServedCertificate[] {
    return this.#tls?.credentials.certificates ?? []
  }

  async open(): Promise<void> {
    const server = this.#server
    this.url = await bind(server, this.#options)
    this.#prepared = this.#options.transport === 'unix' || setForAccepted(server, probeAfter)
    if (this.#rules.name === '') this.#rules = { ...this.#rules, name: this.url }
    server.on('error', (cause) => this.#log.error('listener failed', { listener: this.url, cause: cause.message }))
    const take = (socket: AcceptedSocket | Socket) => this.#take(socket)
    const failed = (status: number) => this.#log.warn('accept failed', { listener: this.url, status })
    const make = this.#socketMaker()
    if (make === null || !acceptHandles(server, (handle) => take(make(handle)), failed)) server.on('connection', take)
  }

  /** Makes sockets of handles; null where what comes next takes over sockets of the ordinary kind only. */
  #socketMaker(): ((handle: SystemHandle) => AcceptedSocket | Socket) | null {
    const tls = this.#tls
    if (tls === null) return this.#websocket === null ? (handle) => new AcceptedSocket(handle) : null
    return overHandles && this.#options.proxyProtocol === 'off' ? (handle) => tls.socketOver(handle) : null
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#tls?.credentials.close()
    for (const admission of this.handshakes.drain()) admission.abandon()
  }

  released(address: string): void {
    this.limits.leave()
    this.limits.leaveAddress(address)
  }

  refused(address: string, why: string, detail: string): void {
    this.#acceptor.refused({ listener: this.#rules.name, address, why, detail })
  }

  #take(socket: AcceptedSocket | Socket): void {
    const { transport, proxyProtocol } = this.#options
    const remote = transport === 'unix' ? local : farEnd(socket)
    const why = this.limits.enter()
    if (why !== null) {
      socket.destroy()
      this.refused(remote.address, why, '')
      return
    }
    if (!this.#prepared) {
      socket.setNoDelay(true)
      // Finds out about clients that are gone without a word and have no keep alive of their own.
      socket.setKeepAlive(true, probeAfter)
    }
    if (proxyProtocol !== 'off') {
      const admission = new Admission(socket, remote, 'PROXY header', this)
      readProxyHeader(admission, proxyProtocol, (_, rest) => this.#proceed(admission, rest))
    } else if (this.#tls !== null || this.#websocket !== null) {
      const admission = new Admission(socket, remote, 'TLS handshake', this)
      if (admission.enterAddress()) this.#proceed(admission, Buffer.alloc(0))
    } else this.#takePlain(socket, remote)
  }

  /** The short way of TCP and unix sockets without a proxy: nothing to wait for. */
  #takePlain(socket: AcceptedSocket | Socket, remote: Remote): void {
    const why = this.limits.enterAddress(remote.address)
    if (why === null) {
      new SocketWire(socket, peerOf(this.#options.transport, remote, null), this).open(this.#acceptor, this.#rules)
      return
    }
    this.limits.leave()
    socket.destroy()
    this.refused(remote.address, why, '')
  }

  #proceed(admission: Admission, rest: Buffer): void {
    const { socket } = admission
    const ours = socket instanceof AcceptedSocket
    if (socket instanceof AcceptedTlsSocket || socket instanceof TlsServerSocket) this.#tls?.shake(admission, socket)
    else if (this.#tls !== null && !ours) this.#tls.shakeOver(admission, socket)
    else if (this.#websocket !== null && !ours) this.#websocket.upgrade(admission, socket)
    else {
      const wire = this.#admitSocket(admission, socket)
      if (rest.length > 0) wire.read(rest, rest.length)
    }
  }

  #admitSocket(admission: Admission, socket: AcceptedSocket | Socket): SocketWire {
    admission.admit()
    const wire = new SocketWire(socket, peerOf(this.#options.transport, admission.remote, admission.tls), admission)
    wire.open(this.#acceptor, this.#rules)
    return wire
  }

  #tlsStage(supplies: Supplies, clock: Clock): TlsStage | null {
    const { transport, tls } = this.#options
    if (transport !== 'tls' && transport !== 'wss') return null
    const options = tls ?? defaultTls
    if (options.certificate === null && options.key === null && supplies.identity === undefined)
      throw new BrokerError('TLS_INVALID', `${this.url} needs a certificate and its key`)
    const listener = this.#rules.name === '' ? this.url : this.#rules.name
    const credentials = new TlsCredentials(options, supplies, { listener, log: this.#log, clock })
    const requestCertificates = options.clientCertificate !== 'none'
    const requireCertificates = options.clientCertificate === 'require' && options.judged === 'handshake'
    const wired = transport === 'tls'
    const applications = options.alpn ?? [wired ? 'mqtt' : 'http/1.1']
    const manner = { requestCertificates, requireCertificates, applications, wired }
    return new TlsStage(credentials, manner, (admission, socket) => {
      if (wired) this.#admitSocket(admission, socket)
      else if (socket instanceof TlsServerSocket) this.#websocket?.upgrade(admission, socket)
    })
  }

  #websocketStage(): WebSocketStage | null {
    const { transport, websocket } = this.#options
    if (transport !== 'ws' && transport !== 'wss') return null
    return new WebSocketStage(websocket, (admission, client, socket) => {
      admission.admit()
      const peer = peerOf(transport, admission.remote, admission.tls)
      new WebSocketWire(client, socket, peer, this.closing).open(this.#acceptor, this.#rules)
    })
  }
}

function farEnd(socket: AcceptedSocket | Socket): Remote {
  if (!(socket instanceof AcceptedSocket)) return remoteOf(socket.remoteAddress, socket.remotePort)
  const { address, port } = socket.peer
  return remoteOf(address, port)
}

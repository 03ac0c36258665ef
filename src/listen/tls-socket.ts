// TLS sockets of a server made directly over the handle of an accepted connection. Node puts each over a net.Socket that
// only hands bytes through, which costs time in every handshake and memory for every idle connection, and lets no such
// socket read into a shared buffer. Both follow from where the handle comes from, and that can be chosen: a TLS socket
// asks its `_wrapHandle` for it. A version of Node without such a method makes sockets the usual way.

import { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { type readIntoShared, type SocketEvents, tell, type WiredSocket } from './accepted-socket.ts'

export type SniChooser = (name: string, answer: (error: Error | null, context?: SecureContext) => void) => void

export interface TlsSocketOptions {
  readonly isServer: true
  readonly secureContext: SecureContext
  readonly requestCert: boolean
  readonly rejectUnauthorized: false
  readonly ALPNProtocols: Uint8Array
  readonly SNICallback?: SniChooser
  readonly onread?: typeof readIntoShared
}

/** Whether TLS sockets can be made over a handle. */
export const overHandles = ['_wrapHandle', '_releaseControl'].every((name) => methodOf(name) !== null)

/** What the constructor of TLSSocket takes beyond what its types say. */
interface TlsSocketConstructor {
  new (below: Socket | null, options: TlsSocketOptions): TLSSocket
}

const Base = constructorOf(TLSSocket)

// A constructor must be done before it may set fields, and this one takes the handle before that.
let handed: object | null = null

/** The server's end of a TLS connection, over a socket or the handle of one. */
export class TlsServerSocket extends Base {
  /** Called once, when the handshake is done. */
  secured: () => void = ignored

  constructor(below: object, options: TlsSocketOptions) {
    super(socketOrHanded(below), options)
    // Without a socket below it takes itself for a client that has yet to connect.
    Reflect.set(this, 'connecting', false)
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    // Its name for a handshake that is done.
    if (event !== 'secure') return super.emit(event, ...values)
    const { secured } = this
    this.secured = ignored
    secured()
    return true
  }

  /** Called by the constructor of TLSSocket. */
  _wrapHandle(below: unknown, given: unknown, busy: unknown): unknown {
    const handle = handed ?? given
    handed = null
    return Reflect.apply(methodOf('_wrapHandle')!, this, [below, handle, busy])
  }

  /** The handshake is done: what fails from here on is an error of the socket. */
  release(): void {
    const release = methodOf('_releaseControl')
    if (release !== null) Reflect.apply(release, this, [])
  }

  /** Why the certificate of the client could not be verified, as OpenSSL says it; null when it could. */
  get failure(): string | null {
    const handle: unknown = Reflect.get(this, '_handle')
    const verify: unknown = isObject(handle) ? Reflect.get(handle, 'verifyError') : null
    if (typeof verify !== 'function') return 'UNSPECIFIED'
    const error: unknown = Reflect.apply(verify, handle, [])
    if (!isObject(error)) return null
    const code: unknown = Reflect.get(error, 'code')
    return typeof code === 'string' ? code : 'UNSPECIFIED'
  }
}

/**
 * One over a handle that reads into the buffer all connections share, as `onread` in its options says. After a pause it may
 * still hand on what came in the same read of the network, 64 KiB at the most.
 */
export class WiredTlsSocket extends TlsServerSocket implements WiredSocket {
  wire: SocketEvents | null = null

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const heard = event === 'error' || super.emit(event, ...values)
    tell(this.wire, event, values[0])
    return heard
  }
}

function ignored(): void {}

function socketOrHanded(below: object): Socket | null {
  if (below instanceof Socket) return below
  handed = below
  return null
}

function constructorOf(value: unknown): TlsSocketConstructor {
  if (isConstructor(value)) return value
  throw new TypeError('node:tls has no TLSSocket')
}

function isConstructor(value: unknown): value is TlsSocketConstructor {
  return typeof value === 'function'
}

function methodOf(name: string): ((...values: unknown[]) => unknown) | null {
  const method: unknown = Reflect.get(TLSSocket.prototype, name)
  return isFunction(method) ? method : null
}

function isFunction(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

// Node's TLS sockets, for what reads from a stream (WebSockets) and where something was read before (PROXY). Without the
// latter they are made directly over the handle of an accepted connection. Node puts each over a net.Socket that only hands
// bytes through, which costs time in every handshake and memory for every idle connection. That follows from where the
// handle comes from, and it can be chosen: a TLS socket asks its `_wrapHandle` for it. A version of Node without such a
// method makes sockets the usual way.

import type { X509Certificate } from 'node:crypto'
import { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { isFunction, isRecord } from './node-streams.ts'

/** The server's end of a TLS connection, a socket of Node's or our own. */
export interface TlsConnection {
  /** Called once, when the handshake is done. */
  secured: () => void
  readonly servername?: string | false | null
  readonly alpnProtocol: string | false | null
  /** Why the certificate of the client could not be verified, as OpenSSL says it; null when it could. */
  readonly failure: string | null
  getProtocol(): string | null
  getCipher(): { readonly name: string }
  getSharedSigalgs(): string[]
  getPeerX509Certificate(): X509Certificate | undefined
}

/** Answers at once. */
export type SniChooser = (
  this: TlsConnection,
  name: string,
  answer: (error: Error | null, context?: SecureContext) => void,
) => void

export interface TlsSocketOptions {
  readonly isServer: true
  readonly secureContext: SecureContext
  readonly requestCert: boolean
  readonly rejectUnauthorized: false
  readonly ALPNProtocols: Uint8Array
  readonly SNICallback?: SniChooser
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
export class TlsServerSocket extends Base implements TlsConnection {
  secured: () => void = ignored

  constructor(below: object, options: TlsSocketOptions) {
    super(socketOrHanded(below), options)
    // Without a socket below it takes itself for a client that has yet to connect.
    Reflect.set(this, 'connecting', false)
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    // Its name for a handshake that is done.
    if (event !== 'secure') return super.emit(event, ...values)
    // What fails from here on is an error of the socket.
    const release = methodOf('_releaseControl')
    if (release !== null) Reflect.apply(release, this, [])
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

  get failure(): string | null {
    const handle: unknown = Reflect.get(this, '_handle')
    const verify: unknown = isRecord(handle) ? Reflect.get(handle, 'verifyError') : null
    return typeof verify === 'function' ? verificationFailure(Reflect.apply(verify, handle, [])) : 'UNSPECIFIED'
  }
}

/** The code of what verifying a certificate came to. */
export function verificationFailure(error: unknown): string | null {
  if (!isRecord(error)) return null
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : 'UNSPECIFIED'
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

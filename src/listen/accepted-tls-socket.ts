import { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { AcceptedSocket } from './accepted-socket.ts'
import { nodeStreams, owner, type SystemHandle, type TlsHandle, type TlsOwner } from './node-streams.ts'
import { type TlsConnection, type TlsSocketOptions, verificationFailure } from './tls-socket.ts'

/**
 * The server's end of a TLS connection, directly over the handle of an accepted one. After a pause it may still hand on what
 * came in the same read of the network, 64 KiB at the most.
 */
export class AcceptedTlsSocket extends AcceptedSocket implements TlsConnection, TlsOwner {
  secured: () => void = ignored
  readonly #session: TlsHandle
  readonly #options: TlsSocketOptions
  #established = false

  constructor(connection: SystemHandle, options: TlsSocketOptions) {
    const session = nodeStreams!.overTls(connection, options.secureContext)
    super(connection, session)
    // Renegotiation is refused by the context: nothing to count.
    session.onhandshakestart = ignored
    session.onhandshakedone = onHandshakeDone
    session.oncertcb = onCertificate
    session.onerror = onError
    session.setALPNProtocols(options.ALPNProtocols)
    if (options.requestCert) session.setVerifyMode(true, false)
    if (options.SNICallback !== undefined) session.enableCertCb()
    this.#session = session
    this.#options = options
  }

  get servername(): string | false | null {
    return this.#session.getServername()
  }

  get alpnProtocol(): string | false | null {
    return this.#session.getALPNNegotiatedProtocol()
  }

  get failure(): string | null {
    return verificationFailure(this.#session.verifyError())
  }

  getProtocol(): string | null {
    return this.#session.getProtocol()
  }

  getCipher(): { readonly name: string } {
    return this.#session.getCipher()
  }

  getSharedSigalgs(): string[] {
    return this.#session.getSharedSigalgs()
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    // What Node's method needs of a socket.
    const socket = { _handle: this.#session }
    const certificate: unknown = Reflect.apply(TLSSocket.prototype.getPeerX509Certificate, socket, [])
    return certificate instanceof X509Certificate ? certificate : undefined
  }

  handshakeDone(): void {
    if (this.#established || this.destroyed) return
    this.#established = true
    const { secured } = this
    this.secured = ignored
    secured()
  }

  chooseContext(name: string): void {
    const session = this.#session
    const answer = (_: Error | null, chosen?: { readonly context: unknown }) => {
      if (chosen !== undefined) session.sni_context = chosen.context
    }
    if (name !== '') this.#options.SNICallback?.call(this, name, answer)
    try {
      session.certCbDone()
    } catch (cause) {
      this.fail(cause instanceof Error ? cause : new Error(String(cause)))
    }
  }

  override gone(): void {
    // What of a write or a context is still waited for refers to the session, which would never be freed.
    this.#session.destroySSL()
    super.gone()
  }
}

function ignored(): void {}

function onHandshakeDone(this: TlsHandle): void {
  this[owner].handshakeDone()
}

function onCertificate(this: TlsHandle, { servername = '' }: { readonly servername?: string }): void {
  this[owner].chooseContext(servername)
}

function onError(this: TlsHandle, cause: Error): void {
  this[owner].fail(cause)
}

import type { Socket } from 'node:net'
import { BrokerError } from '../base/errors.ts'
import { AcceptedTlsSocket } from './accepted-tls-socket.ts'
import type { Admission } from './admission.ts'
import type { SystemHandle } from './node-streams.ts'
import type { TlsContexts } from './tls-contexts.ts'
import type { TlsCredentials } from './tls-credentials.ts'
import { detailsOf } from './tls-details.ts'
import { certificateFailure } from './tls-failure.ts'
import { type SniChooser, type TlsConnection, TlsServerSocket, type TlsSocketOptions } from './tls-socket.ts'

export type AfterTls = (admission: Admission, socket: TlsSocket) => void
/** A socket of either kind. */
export type TlsSocket = AcceptedTlsSocket | TlsServerSocket

/** How the handshakes of one listener are done. */
export interface TlsManner {
  /** Clients are asked for a certificate. */
  readonly requestCertificates: boolean
  /** Clients without a certificate of a known authority end here. */
  readonly requireCertificates: boolean
  /** The ALPN names of what is spoken inside. */
  readonly applications: readonly string[]
  /** What is inside reads from a wire, not from a stream. */
  readonly wired: boolean
}

/** Does the TLS handshakes of one listener. */
export class TlsStage {
  readonly credentials: TlsCredentials
  readonly #manner: TlsManner
  readonly #next: AfterTls
  readonly #applications: Uint8Array
  /** What all sockets are made with until the certificates change. */
  #options: TlsSocketOptions | null = null

  constructor(credentials: TlsCredentials, manner: TlsManner, next: AfterTls) {
    this.credentials = credentials
    this.#manner = manner
    this.#next = next
    this.#applications = Buffer.concat(manner.applications.map(encodeApplication))
  }

  /** A socket over the handle of an accepted connection. */
  socketOver(handle: SystemHandle): TlsSocket {
    const options = this.#socketOptions()
    return this.#manner.wired ? new AcceptedTlsSocket(handle, options) : new TlsServerSocket(handle, options)
  }

  /** Shakes hands over the admission's socket, from which other things may have been read before. */
  shakeOver(admission: Admission, below: Socket): void {
    const socket = new TlsServerSocket(below, this.#socketOptions())
    socket.on('error', (cause) => admission.failed(cause))
    socket.on('close', () => admission.closed())
    this.shake(admission, socket)
  }

  shake(admission: Admission, socket: TlsSocket): void {
    admission.handshake = 'TLS handshake'
    socket.secured = () => {
      if (admission.pending) this.#shaken(admission, socket)
      else socket.destroy()
    }
  }

  #shaken(admission: Admission, socket: TlsSocket): void {
    const { requestCertificates, requireCertificates } = this.#manner
    const details = detailsOf(socket, requestCertificates)
    admission.tls = details
    if (details.authorized || !requireCertificates) this.#next(admission, socket)
    else admission.refuse('client certificate not accepted', certificateFailure(details.failure))
  }

  #socketOptions(): TlsSocketOptions {
    const { contexts } = this.credentials
    if (this.#options?.secureContext !== contexts.standard) this.#options = this.#optionsOf(contexts)
    return this.#options
  }

  #optionsOf(contexts: TlsContexts): TlsSocketOptions {
    return {
      isServer: true,
      secureContext: contexts.standard,
      requestCert: this.#manner.requestCertificates,
      rejectUnauthorized: false,
      ALPNProtocols: this.#applications,
      ...(contexts.hasNames ? { SNICallback: chooserOf(contexts) } : {}),
    }
  }
}

/** Chooses by server name; called as a method of the socket. */
function chooserOf(contexts: TlsContexts): SniChooser {
  return function choose(this: TlsConnection, name, answer) {
    answer(null, contexts.named(name, () => this.getSharedSigalgs()) ?? undefined)
  }
}

/** A protocol name as it is sent [RFC 7301, 3.1]. */
function encodeApplication(name: string): Buffer {
  const bytes = Buffer.from(name)
  if (bytes.length === 0 || bytes.length > 255)
    throw new BrokerError('TLS_INVALID', `${JSON.stringify(name)} cannot be an ALPN name: it needs 1 to 255 bytes`)
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}

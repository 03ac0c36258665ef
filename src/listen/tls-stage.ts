import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { TlsDetails } from '../engine/ports.ts'
import type { Admission } from './admission.ts'
import type { TlsOptions } from './options.ts'
import { certificateFailure, tlsFailure } from './tls-failure.ts'
import { loadCertificates } from './tls-files.ts'

/** Certificates of a chain that are looked at. */
const maximumChain = 10

export type AfterTls = (admission: Admission, socket: TLSSocket) => void

/**
 * Does the TLS handshakes of one listener. `applications` are the ALPN names of what is spoken inside.
 *
 * @throws BrokerError when a file cannot be read or used.
 */
export class TlsStage {
  readonly #server: Server
  readonly #admissions = new WeakMap<object, Admission>()

  constructor(options: TlsOptions, applications: readonly string[], next: AfterTls) {
    const certificates = loadCertificates(options)
    const requested = options.clientCertificate !== 'none'
    this.#server = createServer({
      ...certificates.options,
      SNICallback: (name, answer) => answer(null, certificates.named(name) ?? undefined),
      ALPNProtocols: [...(options.alpn ?? applications)],
      requestCert: requested,
      rejectUnauthorized: options.clientCertificate === 'require',
    })
    this.#server.on('secureConnection', (socket) => {
      const admission = this.#admissionOf(socket)
      if (admission === undefined || !admission.pending) socket.destroy()
      else {
        admission.tls = detailsOf(socket, requested)
        next(admission, socket)
      }
    })
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket))
  }

  shake(admission: Admission): void {
    admission.handshake = 'TLS handshake'
    this.#admissions.set(admission.socket, admission)
    this.#server.emit('connection', admission.socket)
  }

  #failed(error: Error, socket: TLSSocket): void {
    const rejected: unknown = socket.authorizationError
    const why = rejected ? certificateFailure(rejected) : tlsFailure(error)
    this.#admissionOf(socket)?.refuse('TLS handshake failed', why)
  }

  /** A TLS socket keeps the socket below it in `_parent`; nothing public leads from one to the other. */
  #admissionOf(socket: TLSSocket): Admission | undefined {
    const below: unknown = Reflect.get(socket, '_parent')
    return isObject(below) ? this.#admissions.get(below) : undefined
  }
}

function detailsOf(socket: TLSSocket, requested: boolean): TlsDetails {
  const certificates = requested ? chainOf(socket) : []
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    serverName: textOrNull(Reflect.get(socket, 'servername')),
    alpn: textOrNull(socket.alpnProtocol),
    certificates,
    authorized: certificates.length > 0 && socket.authorized,
    failure: certificates.length > 0 && !socket.authorized ? String(socket.authorizationError) : null,
  }
}

/** The client's certificate and its issuers, as far as the client sent them. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < maximumChain) {
    if (chain.at(-1)?.equals(certificate.raw) === true) break
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/** Node says `false` or null where nothing was named. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

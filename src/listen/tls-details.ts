import type { TlsDetails } from '../engine/ports.ts'
import type { TlsConnection } from './tls-socket.ts'

/** Certificates that are taken of what a client sent: none may be left out that TLS could have made use of. */
const maximumChain = 17

/** What the handshake of a socket established. */
export function detailsOf(socket: TlsConnection, requested: boolean): TlsDetails {
  const certificates = requested ? chainOf(socket) : []
  // The verification of no certificate succeeds.
  const failure = certificates.length > 0 ? socket.failure : null
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    serverName: textOrNull(socket.servername),
    alpn: textOrNull(socket.alpnProtocol),
    certificates,
    authorized: certificates.length > 0 && failure === null,
    failure,
  }
}

/** The client's certificate and its issuers, as far as the client sent them; a resumed session has only the first. */
function chainOf(socket: TlsConnection): Buffer[] {
  const chain: Buffer[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < maximumChain) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/** Node says `false` or null where nothing was named. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

import type { CertificateFacts, Peer, TlsDetails } from '../../engine/ports.ts'

/** A certificate a listener accepted, and why. */
export interface Acceptance {
  readonly facts: CertificateFacts
  /**
   * `issued`: an authority vouches for its names; `listed`: the operator does; `registered`: the registry of devices
   * knows its thumbprint, and nobody vouches for its names.
   */
  readonly grounds: 'issued' | 'listed' | 'registered'
  /** Wall-clock milliseconds since 1970, or null when its dates do not matter. */
  readonly expiresAt: number | null
}

// By what TLS established: that is one object for each connection.
const acceptances = new WeakMap<TlsDetails, Acceptance>()

export function remember(tls: TlsDetails, acceptance: Acceptance): void {
  acceptances.set(tls, acceptance)
}

/** The certificate of a connection, or null when none was accepted: then whoever asks must act as if there were none. */
export function acceptedCertificate({ tls }: Peer): Acceptance | null {
  return tls === null ? null : (acceptances.get(tls) ?? null)
}

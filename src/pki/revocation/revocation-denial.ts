import type { CertificateFacts, Denial } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'

export function revokedBy({ subject, serial }: CertificateFacts, by: string): Denial {
  const detail = `the certificate of ${subject} (serial ${serial}) is revoked ${by}`
  return { reason: Reason.NotAuthorized, detail, told: 'the certificate is revoked' }
}

export function uncovered({ subject, serial, issuer }: CertificateFacts): Denial {
  const detail = `there is no current revocation list of ${issuer} for the certificate of ${subject} (serial ${serial})`
  return { reason: Reason.NotAuthorized, detail, told: 'whether the certificate is revoked cannot be known' }
}

export function unknownTo({ subject, serial }: CertificateFacts, responder: string): Denial {
  const detail = `the responder ${responder} does not know the certificate of ${subject} (serial ${serial})`
  return { reason: Reason.NotAuthorized, detail, told: 'the authority does not know the certificate' }
}

export function unavailable({ subject, serial }: CertificateFacts, why: string): Denial {
  const detail = `the status of the certificate of ${subject} (serial ${serial}) cannot be found out: ${why}`
  return { reason: Reason.ServerUnavailable, detail, told: 'the status of the certificate cannot be found out now' }
}

export function tooMany({ subject, serial }: CertificateFacts): Denial {
  const told = 'too many authorities may have signed the certificate'
  return { reason: Reason.NotAuthorized, detail: `${told} of ${subject} (serial ${serial})`, told }
}

export function rootless({ subject, serial, issuer }: CertificateFacts): Denial {
  const detail = `of the certificate of ${subject} (serial ${serial}) the issuer ${issuer} is not known, so it cannot be looked up`
  return { reason: Reason.NotAuthorized, detail, told: 'the certificates between it and a known authority are missing' }
}

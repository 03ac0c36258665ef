import type { CertificateFacts, Denial, TlsDetails } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'

/** Why a certificate that no authority and no list vouches for is not accepted. */
export function untrusted(tls: TlsDetails, facts: CertificateFacts, now: number): Denial {
  return datesFailure(facts, now) ?? denial(facts, causes.get(tls.failure ?? '') ?? otherCause(tls.failure))
}

/** Why a certificate is not valid at a time, or null. */
export function datesFailure(facts: CertificateFacts, now: number): Denial | null {
  if (now > facts.notAfter) return denial(facts, `expired on ${date(facts.notAfter)}`)
  return now < facts.notBefore ? denial(facts, `is not valid before ${date(facts.notBefore)}`) : null
}

export function notForClients(facts: CertificateFacts): Denial {
  return denial(facts, 'is not meant for clients')
}

function denial(facts: CertificateFacts, why: string): Denial {
  const detail = `the certificate of ${facts.subject} (serial ${facts.serial}, issued by ${facts.issuer}) ${why}`
  return { reason: Reason.NotAuthorized, detail, told: `the certificate ${why}` }
}

/** Without a failure it was verified, by an authority that was known then. */
function otherCause(failure: string | null): string {
  return failure === null ? unknownAuthority : `could not be verified (${failure})`
}

function date(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}

const unknownAuthority = 'is signed by an authority that is not known here'

const causes: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'is signed by an authority whose certificate expired'],
  ['CERT_NOT_YET_VALID', 'is signed by an authority whose certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is signed by itself, and not listed as authorized'],
  ['SELF_SIGNED_CERT_IN_CHAIN', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknownAuthority],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unknownAuthority],
  ['CERT_SIGNATURE_FAILURE', 'has a signature that is not that of its authority'],
  ['INVALID_PURPOSE', 'is not meant for clients'],
  ['INVALID_CA', 'is signed by a certificate that is no authority'],
  ['PATH_LENGTH_EXCEEDED', 'is signed by an authority that may not have others below it'],
  ['CERT_REVOKED', 'is revoked'],
])

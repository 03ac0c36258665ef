import type { Denial } from '../../engine/ports.ts'
import type { Certificate } from '../certificate/certificate-facts.ts'
import type { RevocationIndex } from './crl-index.ts'
import type { Authorities, Authority } from './revocation-authorities.ts'
import { revokedBy, tooMany, uncovered } from './revocation-denial.ts'
import { twinsOf } from './revocation-twin.ts'

/** Says whether a list has a certificate. */
export type Listed = (certificate: { readonly sha1: string; readonly sha256: string }) => boolean

/** Certificates looked at on the way to the last authority. */
const maximumLooks = 64

/** What the search looks at. */
export interface Known {
  readonly authorities: Authorities
  readonly lists: RevocationIndex
  /** Without a current revocation list of its authority no certificate is good. */
  readonly strict: boolean
  /** Authorities that came with the certificate. */
  readonly chain: readonly Authority[]
}

/** Looks whether a certificate or one above it is revoked, by what is in memory. */
export class Search {
  readonly #known: Known
  readonly #listed: Listed | null
  readonly #path = new Set<string>()
  #looks = 0

  constructor(known: Known, listed: Listed | null) {
    this.#known = known
    this.#listed = listed
  }

  /** Why a certificate is not good, or null. */
  denial(certificate: Certificate): Denial | null {
    const denial = this.#look(certificate)
    return this.#looks > maximumLooks ? tooMany(certificate.facts) : denial
  }

  #look(certificate: Certificate): Denial | null {
    if (++this.#looks > maximumLooks) return null
    const revoked = this.#revoked(certificate)
    if (revoked !== null) return revoked
    if (this.#uncovered(certificate)) return uncovered(certificate.facts)
    this.#path.add(certificate.facts.sha256)
    const above = this.#above(certificate)
    this.#path.delete(certificate.facts.sha256)
    return above
  }

  #revoked(certificate: Certificate): Denial | null {
    const { facts, issuerName, serial } = certificate
    const listed = this.#listed
    if (listed !== null && (listed(facts) || twinsOf(certificate).some(listed)))
      return revokedBy(facts, 'by the operator')
    const list = this.#known.lists.revoking({ issuerName, serial })
    return list === null ? null : revokedBy(facts, `by the revocation list of ${list.issuer} (${list.file})`)
  }

  #above(certificate: Certificate): Denial | null {
    for (const issuer of issuersOf(certificate, this.#known)) {
      if (this.#path.has(issuer.certificate.facts.sha256)) continue
      const denial = this.#look(issuer.certificate)
      // Anybody may show a certificate with the name of the issuer: it counts when its key made the signature.
      if (denial !== null && issuer.signed(certificate)) return denial
    }
    return null
  }

  #uncovered(certificate: Certificate): boolean {
    const { strict, authorities, lists } = this.#known
    const selfIssued = certificate.issuerName === certificate.subjectName
    return strict && !selfIssued && !authorities.isConfigured(certificate) && !lists.covers(certificate)
  }
}

/** The authorities that may have signed a certificate, going by their name. */
export function issuersOf({ issuerName }: Certificate, { authorities, chain }: Known): readonly Authority[] {
  const shown = chain.filter(({ certificate }) => certificate.subjectName === issuerName)
  const named = authorities.named(issuerName)
  return shown.length === 0 ? named : [...named, ...shown]
}

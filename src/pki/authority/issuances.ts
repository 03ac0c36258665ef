import type { IssuanceEvent, IssuedEvent, ListedEvent, RevokedEvent } from './issuance-event.ts'
import type { RevocationReason } from './revoke-reasons.ts'

/** A certificate the authority knows, and what became of it. */
export interface Issuance extends IssuedEvent {
  readonly revoked: Revocation | null
  /** The serial number of the one that came after it, or null. */
  readonly replacedBy: string | null
}

export interface Revocation {
  /** Wall-clock milliseconds since 1970. */
  readonly time: number
  readonly reason: RevocationReason
}

/** All certificates of an authority, and its revocation lists, as its journal tells. */
export class Issuances {
  readonly #issued = new Map<string, IssuedEvent>()
  readonly #revoked = new Map<string, Revocation>()
  readonly #replaced = new Map<string, string>()
  readonly #listed = new Map<string, ListedEvent>()
  readonly #unlisted = new Set<string>()

  take(event: IssuanceEvent): void {
    if (event.event === 'issued') this.#takeIssued(event)
    else if (event.event === 'revoked') this.#takeRevoked(event)
    else {
      this.#listed.set(event.issuer, event)
      this.#unlisted.delete(event.issuer)
    }
  }

  get count(): number {
    return this.#issued.size
  }

  get(serial: string): Issuance | null {
    const issued = this.#issued.get(serial)
    if (issued === undefined) return null
    const revoked = this.#revoked.get(serial) ?? null
    return { ...issued, revoked, replacedBy: this.#replaced.get(serial) ?? null }
  }

  /** All of them, oldest first. */
  *all(): Generator<Issuance> {
    for (const serial of this.#issued.keys()) {
      const issuance = this.get(serial)
      if (issuance !== null) yield issuance
    }
  }

  /** By serial number, by thumbprint, or by name. */
  find(which: string, hex: string | null): Issuance[] {
    const bySerial = hex === null ? null : this.get(hex)
    if (bySerial !== null) return [bySerial]
    const found: Issuance[] = []
    for (const { serial, sha1, sha256, name, names } of this.#issued.values()) {
      const isMeant = name === which || (hex !== null && (withoutZeros(sha1) === hex || withoutZeros(sha256) === hex))
      const issuance = isMeant || names.some((each) => isNamed(each, which)) ? this.get(serial) : null
      if (issuance !== null) found.push(issuance)
    }
    return found
  }

  /** The revoked ones of an issuer. */
  *revokedOf(issuer: string): Generator<Issuance & { readonly revoked: Revocation }> {
    for (const [serial, revoked] of this.#revoked) {
      const issuance = this.get(serial)
      if (issuance?.issuer === issuer) yield { ...issuance, revoked }
    }
  }

  /** The last revocation list of an issuer, or null. */
  listOf(issuer: string): ListedEvent | null {
    return this.#listed.get(issuer) ?? null
  }

  /** A certificate of the issuer was revoked after its last revocation list was signed. */
  isUnlisted(issuer: string): boolean {
    return this.#unlisted.has(issuer)
  }

  #takeIssued(event: IssuedEvent): void {
    this.#issued.set(event.serial, event)
    if (event.replaces !== null) this.#replaced.set(event.replaces, event.serial)
  }

  #takeRevoked(event: RevokedEvent): void {
    if (this.#revoked.has(event.serial)) return
    this.#revoked.set(event.serial, event)
    const issuer = this.#issued.get(event.serial)?.issuer
    if (issuer !== undefined) this.#unlisted.add(issuer)
  }
}

function isNamed(name: string, which: string): boolean {
  return name.slice(name.indexOf(':') + 1) === which
}

function withoutZeros(hex: string): string {
  return hex.replace(/^0+(?=.)/, '')
}

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import type { Answer, CertificateFacts, Client, Credentials, Denial, TlsDetails } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { type Acceptance, remember } from './trust-accepted.ts'
import { datesFailure, notForClients, untrusted } from './trust-failure.ts'
import { ThumbprintList } from './trust-list.ts'

/**
 * Which certificates are accepted. `issued`: those that an authority of the listener issued; `issued_and_authorized`:
 * those of them that are listed as authorized; `issued_or_authorized`: those, and the listed ones whoever issued them.
 */
export type TrustMode = 'issued' | 'issued_and_authorized' | 'issued_or_authorized'

export interface TrustOptions {
  readonly clientCertificate: 'none' | 'request' | 'require'
  readonly trust: TrustMode
  /** Files with certificates in PEM, or their thumbprints. */
  readonly authorizedCertificates: readonly string[]
  readonly revokedCertificates: readonly string[]
}

/** Says whether a list has a certificate. */
export type Listed = (certificate: { readonly sha1: string; readonly sha256: string }) => boolean

/** The certificate a client showed, with those above it, as somebody sees it who can read them. */
export interface PresentedCertificate {
  readonly facts: CertificateFacts
  /** Its extended key usage, if it has any, allows clients. */
  readonly forClients: boolean
  /** It was issued by an authority that the listener trusts, now as when it was shown. */
  readonly trusted: boolean
  /**
   * Why it, or an authority above it, is revoked, or null: by the list of the operator, if there is one, by its authority,
   * or by somebody who must be asked first.
   */
  revocation(revoked: Listed | null): Answer<Denial | null>
  /** The same as far as it is known by now. */
  revoked(revoked: Listed | null): Denial | null
}

export interface CertificateInspector {
  /** What the client showed, or what is wrong with it. */
  inspect(tls: TlsDetails): PresentedCertificate | string
  watch(changed: () => void): void
  close(): Promise<void>
}

export interface TrustContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
  readonly inspector: CertificateInspector
  /** Says of a certificate that the registry of devices has its thumbprint. */
  readonly registered?: Listed
}

/** Decides for one listener which certificates of clients are good. */
export interface Trust {
  /** The certificate that was accepted, null when there is none and need not be, or why the client is not let in. */
  judge(who: Credentials): Answer<CertificateFacts | Denial | null>
  /** Why the certificate of a client that was let in is no longer good, or null. */
  review(client: Client): Denial | null
  /** `changed` is called whenever a review may come out differently. */
  watch(changed: () => void): void
  close(): Promise<void>
}

/** @throws BrokerError when a list cannot be used. */
export function openTrust(options: TrustOptions, context: TrustContext): Trust {
  return options.clientCertificate === 'none' ? anyCertificate : new ListenerTrust(options, context)
}

/** The trust of a listener that asks for no certificate. */
export const anyCertificate: Trust = { judge: () => null, review: () => null, watch: () => {}, close: async () => {} }

/** What was decided, to decide it again. */
interface Judged {
  readonly presented: PresentedCertificate
  readonly acceptance: Acceptance
}

class ListenerTrust implements Trust {
  readonly #options: TrustOptions
  readonly #context: TrustContext
  readonly #authorized: ThumbprintList
  readonly #revoked: ThumbprintList
  readonly #judged = new WeakMap<TlsDetails, Judged>()
  #changed = () => {}

  constructor(options: TrustOptions, context: TrustContext) {
    const changed = () => this.#changed()
    this.#options = options
    this.#context = context
    this.#authorized = new ThumbprintList('authorized', options.authorizedCertificates, context, changed)
    this.#revoked = new ThumbprintList('revoked', options.revokedCertificates, context, changed)
    context.inspector.watch(changed)
  }

  judge({ peer: { tls } }: Credentials): Answer<CertificateFacts | Denial | null> {
    if (tls === null || tls.certificates.length === 0)
      return this.#options.clientCertificate === 'require' ? none : null
    const presented = this.#context.inspector.inspect(tls)
    if (typeof presented === 'string') return unreadable(presented)
    const acceptance = this.#accept(tls, presented)
    if ('reason' in acceptance) return acceptance
    const decide = (denial: Denial | null) => denial ?? this.#keep(tls, { presented, acceptance })
    const revocation = presented.revocation(this.#revokedHere)
    return revocation instanceof Promise ? revocation.then(decide) : decide(revocation)
  }

  review({ peer: { tls } }: Client): Denial | null {
    const judged = tls === null ? undefined : this.#judged.get(tls)
    if (tls === null || judged === undefined) return null
    const { presented, acceptance } = judged
    if (acceptance.grounds === 'registered' && this.#context.registered?.(presented.facts) !== true)
      return unregistered(presented.facts)
    const now = this.#accept(tls, presented)
    if ('reason' in now) return now
    if (acceptance.grounds !== 'issued' && now.grounds !== acceptance.grounds) return unlisted(presented.facts)
    return presented.revoked(this.#revokedHere)
  }

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    this.#authorized.close()
    this.#revoked.close()
    await this.#context.inspector.close()
  }

  get #revokedHere(): Listed | null {
    return this.#revoked.size === 0 ? null : (certificate) => this.#revoked.has(certificate)
  }

  #keep(tls: TlsDetails, judged: Judged): CertificateFacts {
    this.#judged.set(tls, judged)
    remember(tls, judged.acceptance)
    return judged.presented.facts
  }

  /** What may be accepted, if it is not revoked: what is loses whatever else is said of it. */
  #accept(tls: TlsDetails, presented: PresentedCertificate): Acceptance | Denial {
    const { facts, forClients } = presented
    if (!forClients) return notForClients(facts)
    const acceptance = this.#grounds(tls, presented)
    if ('reason' in acceptance || acceptance.expiresAt === null) return acceptance
    return datesFailure(facts, this.#context.clock.wall()) ?? acceptance
  }

  #grounds(tls: TlsDetails, { facts, trusted }: PresentedCertificate): Acceptance | Denial {
    const { trust } = this.#options
    const { registered } = this.#context
    const issued = { facts, grounds: 'issued', expiresAt: facts.notAfter } as const
    if (trust === 'issued') return trusted ? issued : untrusted(tls, facts, this.#context.clock.wall())
    const listed = this.#authorized.has(facts)
    if (trust === 'issued_or_authorized') {
      // The list vouches for this one certificate, in place of an issuer and of its dates.
      if (listed) return { facts, grounds: 'listed', expiresAt: null }
      if (trusted) return issued
      if (registered?.(facts) === true) return { facts, grounds: 'registered', expiresAt: facts.notAfter }
      return untrusted(tls, facts, this.#context.clock.wall())
    }
    if (!trusted) return untrusted(tls, facts, this.#context.clock.wall())
    return listed || registered?.(facts) === true ? issued : unlisted(facts)
  }
}

const none: Denial = {
  reason: Reason.NotAuthorized,
  detail: 'the listener requires a client certificate, and the client sent none',
  told: 'a client certificate is required',
}

function unreadable(why: string): Denial {
  const told = 'the client certificate cannot be read'
  return { reason: Reason.NotAuthorized, detail: `${told}: ${why}`, told }
}

function unlisted(facts: CertificateFacts): Denial {
  const detail = `the certificate of ${facts.subject} is not listed as authorized (SHA-256 ${facts.sha256})`
  return { reason: Reason.NotAuthorized, detail, told: 'the certificate is not authorized here' }
}

function unregistered(facts: CertificateFacts): Denial {
  const detail = `no device of the registry has the certificate of ${facts.subject} any more (SHA-256 ${facts.sha256})`
  return { reason: Reason.NotAuthorized, detail, told: 'no device has this certificate any more' }
}

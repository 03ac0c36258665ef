import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import type { Answer, CertificateFacts, Denial, TlsDetails } from '../../engine/ports.ts'
import { type Certificate, readCertificate } from '../certificate/certificate-facts.ts'
import { type ListStatus, RevocationIndex } from './crl-index.ts'
import { type OcspOptions, OcspStatuses, type Status } from './ocsp-status.ts'
import { Authorities, Authority } from './revocation-authorities.ts'
import { revokedBy, rootless, unavailable, unknownTo } from './revocation-denial.ts'
import { issuersOf, type Known, type Listed, Search } from './revocation-search.ts'

/** How one listener finds out which certificates are revoked. */
export interface RevocationOptions {
  /** PEM files with the authorities of client certificates. */
  readonly authorityFiles: readonly string[]
  /** Certificates in PEM of further authorities, such as those of the system. */
  readonly otherAuthorities: readonly string[]
  readonly crlFiles: readonly string[]
  readonly crlPolicy: 'tolerant' | 'strict'
  readonly ocsp: OcspOptions
}

interface Context {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/** Certificates a client may show. */
const maximumChain = 16

/**
 * Reads the certificates of clients and finds out whether they are revoked.
 *
 * @throws BrokerError TLS_FILE_UNREADABLE, TLS_INVALID, CRL_INVALID
 */
export async function openInspector(options: RevocationOptions, context: Context): Promise<Inspector> {
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  const { log, files } = context
  let lists: RevocationIndex | null = null
  const authoritiesChanged = () => {
    void lists?.verify()
    changed()
  }
  const { authorityFiles, otherAuthorities } = options
  const authorities = new Authorities(authorityFiles, otherAuthorities, log, files, authoritiesChanged)
  try {
    lists = await RevocationIndex.open(options.crlFiles, { ...context, authorities, changed })
  } catch (error) {
    authorities.close()
    throw error
  }
  return new Inspector(options, {
    authorities,
    lists,
    statuses: new OcspStatuses(options.ocsp, { ...context, changed }),
    watchers,
  })
}

interface Parts {
  readonly authorities: Authorities
  readonly lists: RevocationIndex
  readonly statuses: OcspStatuses
  readonly watchers: Set<() => void>
}

/** What one listener knows of certificates. */
export class Inspector {
  readonly options: RevocationOptions
  readonly parts: Parts

  /** @internal Use {@link openInspector}. */
  constructor(options: RevocationOptions, parts: Parts) {
    this.options = options
    this.parts = parts
  }

  /** The certificate that a client showed, or what is wrong with it. */
  inspect({ certificates, authorized }: TlsDetails): Presented | string {
    const [own, ...others] = certificates
    if (own === undefined) return 'there is none'
    if (others.length >= maximumChain) return 'too many came with it'
    const certificate = readCertificate(own)
    if (typeof certificate === 'string') return certificate
    const chain: Authority[] = []
    for (const der of others) {
      const above = readCertificate(der)
      if (typeof above === 'string') return `one that came with it: ${above}`
      chain.push(new Authority(above))
    }
    return this.#presented(certificate, chain, authorized)
  }

  /** Only of chains that TLS verified others learn: who may show anything must not fill the memory of the broker. */
  #presented(certificate: Certificate, chain: readonly Authority[], authorized: boolean): Presented {
    const { authorities } = this.parts
    const learned = authorized && authorities.learn(chain)
    const shared = chain.map((authority) => authorities.shared(authority))
    return new Presented(certificate, shared, { authorized, learned }, this)
  }

  /** Something has to be looked up for each certificate. */
  get checks(): boolean {
    const { crlFiles, crlPolicy, ocsp } = this.options
    return crlFiles.length > 0 || crlPolicy === 'strict' || ocsp.mode !== 'off'
  }

  /** Other authorities take the place of those that are in no file. */
  replaceAuthorities(certificates: readonly string[]): void {
    this.parts.authorities.replaceOthers(certificates)
    void this.parts.lists.verify()
  }

  /** The revocation lists there are. */
  get lists(): ListStatus[] {
    return [...this.parts.lists.status()]
  }

  watch(changed: () => void): void {
    this.parts.watchers.add(changed)
  }

  async close(): Promise<void> {
    const { watchers, statuses, authorities, lists } = this.parts
    watchers.clear()
    statuses.close()
    authorities.close()
    await lists.close()
  }
}

interface Verified {
  /** By TLS. */
  readonly authorized: boolean
  /** There are authorities in the chain that were not known before. */
  readonly learned: boolean
}

/** The certificate of one client, with the authorities it came with. */
export class Presented {
  readonly #certificate: Certificate
  readonly #verified: Verified
  readonly #inspector: Inspector
  readonly #chain: readonly Authority[]
  /** Who signed it, once that was looked for. */
  #issuer: Authority | null | undefined

  constructor(certificate: Certificate, chain: readonly Authority[], verified: Verified, inspector: Inspector) {
    this.#certificate = certificate
    this.#chain = chain
    this.#verified = verified
    this.#inspector = inspector
  }

  get facts(): CertificateFacts {
    return this.#certificate.facts
  }

  get forClients(): boolean {
    return this.#certificate.forClients
  }

  /** TLS found it good, and the authorities by which it did are still those of the listener. */
  get trusted(): boolean {
    return this.#verified.authorized && (!this.#inspector.parts.authorities.changed || this.#isRooted())
  }

  /** Why it, or an authority above it, is revoked, or null; a responder may have to be asked. */
  revocation(listed: Listed | null): Answer<Denial | null> {
    const { lists } = this.#inspector.parts
    if (this.#verified.learned && this.#awaited(lists)) return lists.verify().then(() => this.#asked(listed))
    return this.#asked(listed)
  }

  /** The same as far as it is known by now. */
  revoked(listed: Listed | null): Denial | null {
    const denial = this.#denialIn(listed)
    const { ocsp } = this.#inspector.options
    if (denial !== null || ocsp.mode === 'off') return denial
    const issuer = this.#findIssuer()
    const status = issuer === null ? null : this.#inspector.parts.statuses.last(this.#certificate, issuer)
    // A responder that fails does not end what goes on.
    return status === null || status.kind === 'unavailable' ? null : this.#denialFor(status)
  }

  #awaited(lists: RevocationIndex): boolean {
    return this.#chain.some(({ certificate }) => lists.awaits(certificate.subjectName))
  }

  #asked(listed: Listed | null): Answer<Denial | null> {
    const denial = this.#denialIn(listed)
    const { mode } = this.#inspector.options.ocsp
    if (denial !== null || mode === 'off') return denial
    const issuer = this.#findIssuer()
    if (issuer === null) return mode === 'hard' ? unavailable(this.facts, 'its issuer is not known') : null
    const status = this.#inspector.parts.statuses.ask(this.#certificate, issuer)
    return status instanceof Promise ? status.then((known) => this.#denialFor(known)) : this.#denialFor(status)
  }

  #denialFor({ kind, detail }: Status): Denial | null {
    if (kind === 'good') return null
    if (kind === 'revoked') return revokedBy(this.facts, `by the responder ${detail}`)
    if (kind === 'unknown') return unknownTo(this.facts, detail)
    return this.#inspector.options.ocsp.mode === 'hard' ? unavailable(this.facts, detail) : null
  }

  get #known(): Known {
    const { authorities, lists } = this.#inspector.parts
    return { authorities, lists, strict: this.#inspector.options.crlPolicy === 'strict', chain: this.#chain }
  }

  #denialIn(listed: Listed | null): Denial | null {
    const denial = new Search(this.#known, listed).denial(this.#certificate)
    if (denial !== null || !this.trusted || (listed === null && !this.#inspector.checks)) return denial
    return this.#isRooted() ? null : rootless(this.facts)
  }

  /**
   * The path by which TLS found the certificate good is known here, too: what is not known cannot be looked for among what
   * is revoked.
   */
  #isRooted(): boolean {
    const { authorities } = this.#inspector.parts
    const issuer = this.#findIssuer()
    if (issuer !== null && authorities.knows(issuer.certificate)) return true
    if (authorities.isConfigured(this.#certificate)) return true
    const known = authorities.named(this.#certificate.issuerName).find((each) => each.signed(this.#certificate))
    this.#issuer = known ?? issuer
    return known !== undefined
  }

  #findIssuer(): Authority | null {
    const mayBe = issuersOf(this.#certificate, this.#known)
    this.#issuer ??= mayBe.find((issuer) => issuer.signed(this.#certificate)) ?? null
    return this.#issuer
  }
}

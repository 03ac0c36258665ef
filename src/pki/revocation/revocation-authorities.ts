import { type KeyObject, X509Certificate } from 'node:crypto'
import { readNeededFile } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { WatchedValueSync } from '../../base/watched-value-sync.ts'
import { type Certificate, readCertificate } from '../certificate/certificate-facts.ts'
import { pemBlocks } from './revocation-pem.ts'

const maximumBytes = 16 * 1_048_576
/** Authorities remembered that clients showed. */
const maximumLearned = 1_000

/** A certificate that may have signed others. */
export class Authority {
  readonly certificate: Certificate
  #key: KeyObject | null | undefined

  constructor(certificate: Certificate) {
    this.certificate = certificate
  }

  /** Null for a key of a kind that is not known here. */
  get key(): KeyObject | null {
    if (this.#key === undefined) this.#key = keyOf(this.certificate.der)
    return this.#key
  }

  /** Whether its key signed a certificate. */
  signed({ der }: Certificate): boolean {
    try {
      return this.key !== null && new X509Certificate(der).verify(this.key)
    } catch {
      return false
    }
  }
}

function keyOf(der: Buffer): KeyObject | null {
  try {
    return new X509Certificate(der).publicKey
  } catch {
    return null
  }
}

/**
 * The authorities that are configured, and those between that clients showed and that were verified: a session that is
 * resumed shows only the certificate of the client.
 */
export class Authorities {
  readonly #log: Log
  readonly #files: readonly WatchedValueSync<readonly Authority[]>[]
  /** Those that are in no file. */
  #others: readonly Authority[] = []
  readonly #learned = new Map<string, Authority>()
  #bySubject = new Map<string, Authority[]>()
  /** The SHA-256 thumbprints of those that are configured. */
  #own: ReadonlySet<string> = new Set()
  readonly #opened: DisposableStack
  #changed = false

  /**
   * @param paths PEM files, which are watched
   * @param others certificates in PEM that are in no file
   * @throws BrokerError TLS_FILE_UNREADABLE, TLS_INVALID
   */
  constructor(paths: readonly string[], others: readonly string[], log: Log, files: WatchedFiles, changed: () => void) {
    this.#log = log
    const done = (error: BrokerError | null) => this.#done(error, changed)
    using opened = new DisposableStack()
    this.#files = [...new Set(paths)].map((path) =>
      opened.use(new WatchedValueSync({ paths: [path], read: () => readAuthorities(path), done }, files)),
    )
    this.replaceOthers(others)
    this.#opened = opened.move()
  }

  /** Takes other certificates for those that are in no file. */
  replaceOthers(certificates: readonly string[]): void {
    this.#others = authoritiesIn(certificates.join('\n'))
    this.#relearn()
  }

  /** They are not those of the start any more, so what was verified by TLS was perhaps verified by others. */
  get changed(): boolean {
    return this.#changed
  }

  /** Those with a name; whether they signed something is to be seen. */
  named(subjectName: string): readonly Authority[] {
    return this.#bySubject.get(subjectName) ?? []
  }

  /** It is an authority of the operator. */
  isConfigured({ facts }: Certificate): boolean {
    return this.#own.has(facts.sha256)
  }

  /** It is an authority of the operator, or was signed by one that is known. */
  knows({ facts }: Certificate): boolean {
    return this.#own.has(facts.sha256) || this.#learned.has(facts.sha256)
  }

  /** Remembers the authorities of a chain that those known here signed. Returns whether there was a new one. */
  learn(chain: readonly Authority[]): boolean {
    let learned = false
    // Clients send them in any order: each that is known may be the one that signed another.
    for (let more = true; more; ) {
      more = chain.some((authority) => this.#learnOne(authority))
      learned ||= more
    }
    return learned
  }

  /** The one authority that stands for all that are the same certificate. */
  shared(authority: Authority): Authority {
    const { facts, subjectName } = authority.certificate
    const known = this.named(subjectName).find(({ certificate }) => certificate.facts.sha256 === facts.sha256)
    return known ?? authority
  }

  close(): void {
    this.#opened.dispose()
  }

  #learnOne(authority: Authority): boolean {
    const { certificate } = authority
    const { sha256 } = certificate.facts
    if (!certificate.isAuthority || this.knows(certificate)) return false
    if (!this.named(certificate.issuerName).some((issuer) => issuer.signed(certificate))) return false
    this.#learned.set(sha256, authority)
    this.#index()
    return true
  }

  #done(error: BrokerError | null, changed: () => void): void {
    if (error !== null)
      return this.#log.error('authorities of clients cannot be used: those before go on', { cause: error.message })
    const before = this.#own
    this.#relearn()
    if (sameMembers(before, this.#own)) return
    this.#changed = true
    changed()
  }

  /** Forgets those that nobody signed who is still known. */
  #relearn(): void {
    const learned = [...this.#learned.values()]
    this.#learned.clear()
    this.#index()
    this.learn(learned)
  }

  #index(): void {
    for (const sha256 of this.#learned.keys()) {
      if (this.#learned.size <= maximumLearned) break
      this.#learned.delete(sha256)
    }
    const bySubject = new Map<string, Authority[]>()
    const configured = [...this.#files.flatMap(({ value }) => value), ...this.#others]
    this.#own = new Set(configured.map(({ certificate }) => certificate.facts.sha256))
    for (const sha256 of this.#own) this.#learned.delete(sha256)
    for (const authority of [...configured, ...this.#learned.values()]) {
      const { subjectName } = authority.certificate
      const named = bySubject.get(subjectName)
      if (named === undefined) bySubject.set(subjectName, [authority])
      else named.push(authority)
    }
    this.#bySubject = bySubject
  }
}

function sameMembers(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && one.isSubsetOf(other)
}

function readAuthorities(path: string): readonly Authority[] {
  const authorities = authoritiesIn(readNeededFile(path, maximumBytes, 'TLS_FILE_UNREADABLE', 'TLS_INVALID'))
  if (authorities.length === 0) throw new BrokerError('TLS_INVALID', `${path} has no certificate`)
  return authorities
}

/** What cannot be read was not taken as an authority by TLS, either. */
function authoritiesIn(text: string): Authority[] {
  const authorities: Authority[] = []
  for (const der of pemBlocks(Buffer.from(text, 'latin1'), 'CERTIFICATE')) {
    const certificate = readCertificate(der)
    if (typeof certificate !== 'string') authorities.push(new Authority(certificate))
  }
  return authorities
}

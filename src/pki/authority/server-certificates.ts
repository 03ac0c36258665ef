import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { listNames } from '../certificate/alternative-names.ts'
import { pemOf } from '../certificate/export-formats.ts'
import type { KeyKind } from '../certificate/private-key.ts'
import { Authority } from './authority.ts'
import { AuthorityFile } from './authority-files.ts'
import { machineNames } from './machine-names.ts'
import { passphraseIn } from './passphrase.ts'
import type { ServerCertificate } from './server-certificate.ts'

export interface ServerCertificatesOptions {
  /** The directory of the authority, which is made when there is none. */
  readonly path: string
  /** Host names and addresses besides those of the machine. */
  readonly names: readonly string[]
  readonly key: KeyKind
  readonly serverDays: number
  /** A file with what the keys of the authority are encrypted with; without it they are not. */
  readonly passphraseFile?: string | undefined
}

export interface ServerCertificatesContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/** Milliseconds between two looks at what may have to be made anew. */
const interval = 3_600_000

/**
 * The certificate of the listeners that have none of their own. It is renewed when two thirds of its life are over, when the
 * machine gets an address it is not for, and when another authority issues. The revocation lists of the authority are kept
 * good as well.
 */
export class ServerCertificates {
  readonly #authority: Authority
  readonly #options: ServerCertificatesOptions
  readonly #log: Log
  readonly #observers = new Set<() => void>()
  readonly #stop: readonly (() => void)[]
  readonly #now: () => number
  #current: ServerCertificate
  /** Days before its end at which it was last said that the authority needs another certificate that issues. */
  #warnedAt = Number.POSITIVE_INFINITY
  #authorities: readonly string[]
  #running: Promise<void> | null = null
  #closed = false

  private constructor(
    authority: Authority,
    current: ServerCertificate,
    options: ServerCertificatesOptions,
    { log, clock, files }: ServerCertificatesContext,
  ) {
    this.#authority = authority
    this.#current = current
    this.#authorities = authoritiesOf(authority)
    this.#options = options
    this.#log = log
    const look = (): void => void this.look()
    const changes = [AuthorityFile.issuing, AuthorityFile.bundle].map((name) =>
      files.add(join(options.path, name), look),
    )
    this.#now = () => clock.wall()
    this.#stop = [clock.every(interval, look), ...changes]
  }

  /** @throws BrokerError when the authority cannot be used, or has no key to issue with. */
  static async open(
    options: ServerCertificatesOptions,
    context: ServerCertificatesContext,
  ): Promise<ServerCertificates> {
    const { path, key, passphraseFile } = options
    const passphrase = passphraseFile === undefined ? null : passphraseIn(passphraseFile)
    const authority = await Authority.openOrCreate(path, { key }, { clock: context.clock, passphrase })
    const current = await authority.serverCertificate(orderOf(options))
    await authority.refreshCrl()
    context.log.info('listeners without a certificate have one of the own authority', fieldsOf(current, path))
    const served = new ServerCertificates(authority, current, options, context)
    served.#warn()
    return served
  }

  get authority(): Authority {
    return this.#authority
  }

  /** The certificate listeners show now. */
  get current(): ServerCertificate {
    return this.#current
  }

  /** In PEM: the authorities to trust. */
  get authorities(): readonly string[] {
    return this.#authorities
  }

  /** Calls `changed` when there is another certificate, or other authorities, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#observers.add(changed)
    return () => this.#observers.delete(changed)
  }

  /** Renews what has to be. Resolves when that is done; never rejects, for what there is stays good for a while. */
  look(): Promise<void> {
    return (this.#running ??= this.#renew().finally(() => (this.#running = null)))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#stop) stop()
    await this.#running
  }

  #warn(): void {
    const { issuing } = this.#authority
    if (issuing === null) return
    const left = (issuing.notAfter - this.#now()) / day
    const step = warnings.findLast((days) => left <= days) ?? Number.POSITIVE_INFINITY
    const expires = new Date(issuing.notAfter).toISOString()
    if (step < this.#warnedAt)
      this.#log.warn('the certificate authority ends: rotate it', { ca: issuing.subject, expires })
    this.#warnedAt = step
  }

  async #renew(): Promise<void> {
    try {
      await this.#authority.refreshCrl()
      this.#warn()
      const next = await this.#authority.serverCertificate(orderOf(this.#options), this.#current)
      const authorities = authoritiesOf(this.#authority)
      const isNew = next.sha256 !== this.#current.sha256
      if (this.#closed || (!isNew && authorities.join() === this.#authorities.join())) return
      this.#current = next
      this.#authorities = authorities
      if (isNew) this.#log.info('the certificate of the listeners was renewed', fieldsOf(next, this.#options.path))
      for (const changed of this.#observers) changed()
    } catch (error) {
      const { notAfter } = this.#current
      const expires = new Date(notAfter).toISOString()
      this.#log.error('the certificate of the listeners cannot be renewed', { expires, error })
    }
  }
}

/** Days before the end of the certificate that issues at which to say so. */
const warnings = [180, 90, 30, 14, 7, 6, 5, 4, 3, 2, 1]
const day = 86_400_000

function authoritiesOf({ trusted }: Authority): string[] {
  return trusted.map(({ der }) => pemOf(der, 'CERTIFICATE'))
}

function orderOf({ names, serverDays, key }: ServerCertificatesOptions) {
  return { names: machineNames(names), days: serverDays, key }
}

function fieldsOf({ sha1, sha256, notAfter, names }: ServerCertificate, path: string) {
  const trust = join(path, AuthorityFile.bundle)
  return { trust, expires: new Date(notAfter).toISOString(), names: listNames(names), sha1, sha256 }
}

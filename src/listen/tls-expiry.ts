import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { KeyPair } from './tls-files.ts'

/** One certificate a listener shows. */
export interface ServedCertificate {
  /** The server name it is for, empty for every name that has none of its own. */
  readonly serverName: string
  /** The file it comes from, or words. */
  readonly source: string
  readonly subject: string
  /** Hexadecimal, lower case. */
  readonly sha256: string
  /** Wall-clock milliseconds since 1970; the earliest of its chain counts. */
  readonly notBefore: number
  readonly notAfter: number
}

const hour = 3_600_000
const day = 24 * hour
/** Days before the end at which the operator is told; not of one that is good for less than twice as long. */
const warnings = [30, 7, 1]

export function servedCertificate({ serverName, source, chain }: KeyPair): ServedCertificate {
  const [own] = chain
  return {
    serverName,
    source,
    subject: (own?.subject ?? '').replaceAll('\n', ','),
    sha256: (own?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
    notBefore: Math.max(...chain.map(({ validFromDate }) => validFromDate.getTime())),
    notAfter: Math.min(...chain.map(({ validToDate }) => validToDate.getTime())),
  }
}

/** Warns in the log before certificates expire: once for each certificate at 30, 7 and 1 days, and when it is too late. */
export class ExpiryWarnings {
  readonly #listener: string
  readonly #log: Log
  readonly #clock: Clock
  readonly #stop: () => void
  #certificates: readonly ServedCertificate[] = []
  /** The number of warnings due at the last look, by certificate. */
  #warned = new Map<string, number>()

  constructor(listener: string, log: Log, clock: Clock) {
    this.#listener = listener
    this.#log = log
    this.#clock = clock
    this.#stop = clock.every(hour, () => this.#look())
  }

  /** Watches these from now on, in place of those of before. */
  watch(certificates: readonly ServedCertificate[]): void {
    this.#certificates = certificates
    const kept = [...this.#warned].filter(([sha256]) => certificates.some((one) => one.sha256 === sha256))
    this.#warned = new Map(kept)
    this.#look()
    const now = this.#clock.wall()
    for (const one of certificates) {
      if (one.notBefore > now) this.#log.warn('certificate is not valid yet', this.#fields(one, 'valid', one.notBefore))
    }
  }

  close(): void {
    this.#stop()
  }

  #look(): void {
    for (const certificate of this.#certificates) {
      const left = certificate.notAfter - this.#clock.wall()
      const half = (certificate.notAfter - certificate.notBefore) / 2
      const due = [...warnings, 0].filter((days) => left <= days * day && days * day <= half).length
      const before = this.#warned.get(certificate.sha256) ?? 0
      this.#warned.set(certificate.sha256, due)
      if (due <= before) continue
      const fields = this.#fields(certificate, 'expires', certificate.notAfter)
      if (left <= 0) this.#log.error('certificate has expired', fields)
      else this.#log.warn('certificate expires soon', { ...fields, days: Math.ceil(left / day) })
    }
  }

  #fields({ serverName, source, subject }: ServedCertificate, what: string, time: number) {
    const named = serverName === '' ? {} : { serverName }
    return { listener: this.#listener, file: source, ...named, subject, [what]: new Date(time).toISOString() }
  }
}

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Certificate } from '../certificate/certificate-facts.ts'
import { DerMistake } from '../certificate/certificate-facts-der.ts'
import { askResponder } from './ocsp-ask.ts'
import { statusRequest } from './ocsp-request.ts'
import { readStatusResponse } from './ocsp-response.ts'
import type { Authority } from './revocation-authorities.ts'

export interface OcspOptions {
  readonly mode: 'off' | 'soft' | 'hard'
  /** The responder; undefined for the one that each certificate names. */
  readonly url?: string | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly nonce: boolean
}

interface Context {
  readonly log: Log
  readonly clock: Clock
  /** Told when a certificate turned out to be revoked, or when answers should be asked for again. */
  readonly changed: () => void
}

/** What is known of a certificate, and until when. */
export interface Status {
  readonly kind: 'good' | 'revoked' | 'unknown' | 'unavailable'
  readonly detail: string
  /** Wall-clock milliseconds since 1970. */
  readonly until: number
}

const maximumStatuses = 100_000
/** Questions under way at a time, and those that wait for their turn. */
const maximumAsking = 32
const maximumWaiting = 1_000
/** Milliseconds that an answer is good for: at the most, when it does not say, and when there was none. */
const longest = 86_400_000
const unsaid = 300_000
const retryAfter = 30_000
/** Milliseconds between two looks for answers that have run out. */
const interval = 60_000

/** The status of certificates as their responders say it, each asked once for as long as the answer is good. */
export class OcspStatuses {
  readonly #options: OcspOptions
  readonly #context: Context
  readonly #statuses = new Map<string, Status>()
  readonly #asking = new Map<string, Promise<Status>>()
  readonly #waiting: (() => void)[] = []
  readonly #failing = new Set<string>()
  readonly #stop: () => void
  #running = 0
  #closed = false

  constructor(options: OcspOptions, context: Context) {
    this.#options = options
    this.#context = context
    this.#stop = context.clock.every(interval, () => this.#tick())
  }

  /** What is known, or a promise of it when the responder must be asked. */
  ask(certificate: Certificate, issuer: Authority): Status | Promise<Status> {
    const key = keyOf(certificate, issuer)
    const known = this.#statuses.get(key)
    if (known !== undefined && known.until > this.#context.clock.wall()) return known
    return this.#asking.get(key) ?? this.#begin(key, certificate, issuer)
  }

  /** What was known last, or null; what has run out is asked for again meanwhile. */
  last(certificate: Certificate, issuer: Authority): Status | null {
    const key = keyOf(certificate, issuer)
    const known = this.#statuses.get(key)
    if (known === undefined) return null
    if (known.until <= this.#context.clock.wall() && !this.#asking.has(key)) {
      void this.#begin(key, certificate, issuer).then(({ kind }) => {
        if (kind !== known.kind && !this.#closed) this.#context.changed()
      })
    }
    return known
  }

  close(): void {
    this.#closed = true
    this.#stop()
    for (const go of this.#waiting.splice(0)) go()
  }

  #begin(key: string, certificate: Certificate, issuer: Authority): Promise<Status> {
    const asking = this.#look(certificate, issuer).then((status) => {
      this.#asking.delete(key)
      return this.#keep(key, status)
    })
    this.#asking.set(key, asking)
    return asking
  }

  async #look(certificate: Certificate, issuer: Authority): Promise<Status> {
    const url = this.#options.url ?? certificate.responders[0]
    if (url === undefined) return this.#unavailable('the certificate names no responder')
    if (!(await this.#turn())) return this.#unavailable('too many questions wait for responders')
    try {
      if (this.#closed) throw new Error('the broker is closing')
      const request = statusRequest(certificate, issuer.certificate, this.#options.nonce)
      const response = await askResponder(url, request.bytes, this.#options.timeout)
      const now = this.#context.clock.wall()
      const { status, nextUpdate } = await readStatusResponse(response, request, issuer, now)
      this.#works(url)
      return { kind: status, detail: url, until: Math.min(nextUpdate ?? now + unsaid, now + longest) }
    } catch (error) {
      return this.#failed(url, error)
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  /** Waits until a question may be asked; false when there are too many already. */
  async #turn(): Promise<boolean> {
    if (this.#running >= maximumAsking) {
      if (this.#waiting.length >= maximumWaiting) return false
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
    return true
  }

  #failed(url: string, error: unknown): Status {
    const why = error instanceof Error ? error.message : String(error)
    const cause = error instanceof DerMistake ? `its answer cannot be taken: ${why}` : why
    if (!this.#failing.has(url) && this.#failing.size < 100) {
      this.#failing.add(url)
      this.#context.log.warn('responder for the status of certificates fails', { url, cause })
    }
    return this.#unavailable(`${url}: ${cause}`)
  }

  #works(url: string): void {
    if (this.#failing.delete(url))
      this.#context.log.info('responder for the status of certificates works again', { url })
  }

  #unavailable(detail: string): Status {
    return { kind: 'unavailable', detail, until: this.#context.clock.wall() + retryAfter }
  }

  /** A responder that fails does not bring back a certificate it said is revoked. */
  #keep(key: string, status: Status): Status {
    const known = this.#statuses.get(key)
    const kept = status.kind === 'unavailable' && known?.kind === 'revoked' ? { ...known, until: status.until } : status
    this.#statuses.delete(key)
    this.#statuses.set(key, kept)
    for (const oldest of this.#statuses.keys()) {
      if (this.#statuses.size <= maximumStatuses) break
      this.#statuses.delete(oldest)
    }
    return kept
  }

  #tick(): void {
    const now = this.#context.clock.wall()
    for (const { until } of this.#statuses.values()) {
      if (until <= now) return this.#context.changed()
    }
  }
}

function keyOf(certificate: Certificate, issuer: Authority): string {
  return `${issuer.certificate.facts.sha256}:${certificate.facts.serial}`
}

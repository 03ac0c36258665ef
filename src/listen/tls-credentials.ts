import type { Clock } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { WatchedFiles } from '../base/watched-files.ts'
import type { TlsOptions } from './options.ts'
import type { ServerIdentity, Supplies } from './supplies.ts'
import { contextsOf, digestOf, type TlsContexts } from './tls-contexts.ts'
import { ExpiryWarnings, type ServedCertificate, servedCertificate } from './tls-expiry.ts'
import { filesOf, readMaterial, type TlsMaterial } from './tls-files.ts'

/** Milliseconds after which files that could not be used are looked at once more before anybody is told. */
const secondLook = 1_000

interface Context {
  /** What the log calls the listener. */
  readonly listener: string
  readonly log: Log
  readonly clock: Clock
}

/**
 * The certificates and authorities of one listener. When a file changes, all are read again and replace the others at
 * once, for the handshakes that begin from then on. What cannot be used changes nothing.
 */
export class TlsCredentials {
  contexts: TlsContexts
  certificates: readonly ServedCertificate[]
  readonly #options: TlsOptions
  readonly #identity: ServerIdentity | null
  readonly #context: Context
  readonly #expiry: ExpiryWarnings
  readonly #stops: (() => void)[]
  #digest: string
  #complaint = ''
  #stopWaiting: (() => void) | null = null

  /** @throws BrokerError naming the file that cannot be read or used. */
  constructor(options: TlsOptions, supplies: Supplies, context: Context) {
    this.#options = options
    this.#identity = supplies.identity ?? null
    this.#context = context
    const material = readMaterial(options, this.#identity)
    this.contexts = contextsOf(options, material)
    this.certificates = material.pairs.map(servedCertificate)
    this.#digest = digestOf(material)
    this.#expiry = new ExpiryWarnings(context.listener, context.log, context.clock)
    this.#expiry.watch(this.certificates)
    this.#stops = this.#watch(supplies.files)
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#expiry.close()
    this.#stopWaiting?.()
  }

  #watch(given: WatchedFiles | undefined): (() => void)[] {
    const files = given ?? new WatchedFiles()
    const changed = () => this.#look(false)
    const stops = filesOf(this.#options).map((file) => files.add(file, changed))
    if (this.#identity !== null) stops.push(this.#identity.watch(changed))
    return stops
  }

  /** A certificate may come before its key does, and a file in pieces: the first failure is kept quiet. */
  #look(second: boolean): void {
    this.#stopWaiting?.()
    this.#stopWaiting = null
    try {
      this.#take(readMaterial(this.#options, this.#identity))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      if (second) this.#complain(error)
      else this.#stopWaiting = this.#context.clock.every(secondLook, () => this.#look(true))
    }
  }

  #take(material: TlsMaterial): void {
    const digest = digestOf(material)
    const complained = this.#complaint !== ''
    if (digest !== this.#digest) this.contexts = contextsOf(this.#options, material)
    this.#complaint = ''
    if (digest === this.#digest && !complained) return
    this.#digest = digest
    this.certificates = material.pairs.map(servedCertificate)
    const { listener, log } = this.#context
    const counts = { certificates: this.certificates.length, authorities: material.authorities.length }
    log.info('TLS files reloaded', { listener, ...counts })
    this.#expiry.watch(this.certificates)
  }

  #complain({ message, code }: BrokerError): void {
    if (message === this.#complaint) return
    this.#complaint = message
    const { listener, log } = this.#context
    log.error('TLS files cannot be used, those of before stay', { listener, code, cause: message })
  }
}

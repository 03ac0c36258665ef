import type { SecureContext } from 'node:tls'
import { BrokerError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { WatchedFiles } from '../watched-files.ts'
import { readHeader, readSecureContext } from './http-files.ts'
import type { HttpPurpose, HttpServerOptions } from './http-options.ts'

/**
 * What tells the server who asks, and us that it is the server: read from files, and again when they change. A changed
 * file that cannot be used leaves what there was.
 */
export class HttpSecrets {
  readonly #log: Log
  readonly #forget: (() => void)[] = []
  #headers: Readonly<Record<string, string>>
  /** For `https://` URLs. */
  readonly secure: SecureContext | null

  /**
   * `secured` gets each later `secure`.
   *
   * @throws BrokerError when a file cannot be read or used.
   */
  constructor(
    options: HttpServerOptions,
    purpose: HttpPurpose,
    { files, log }: { readonly files: WatchedFiles; readonly log: Log },
    secured: (secure: SecureContext) => void,
  ) {
    this.#log = log
    this.#headers = readHeaders(options, purpose)
    this.secure = options.url.startsWith('https:') ? readSecureContext(options) : null
    for (const { file } of options.headers)
      this.#watch(files, file, () => {
        this.#headers = readHeaders(options, purpose)
      })
    for (const file of [options.ca, options.certificate, options.key])
      if (file !== undefined) this.#watch(files, file, () => secured(readSecureContext(options)))
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  close(): void {
    for (const forget of this.#forget) forget()
  }

  #watch(files: WatchedFiles, file: string, read: () => void): void {
    const changed = () => {
      try {
        read()
        this.#log.info('file reloaded', { file })
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        this.#log.error('file not reloaded, what it said before is used on', { file, cause: error.message })
      }
    }
    this.#forget.push(files.add(file, changed))
  }
}

function readHeaders({ headers }: HttpServerOptions, purpose: HttpPurpose): Readonly<Record<string, string>> {
  return Object.fromEntries(headers.map((header) => [header.name, readHeader(header, purpose)]))
}

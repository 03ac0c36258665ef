import type { SecureContext } from 'node:tls'
import type { BrokerError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { WatchedFiles } from '../watched-files.ts'
import { WatchedValueSync } from '../watched-value-sync.ts'
import { readHeader, readSecureContext } from './http-files.ts'
import type { HttpPurpose, HttpServerOptions } from './http-options.ts'

type Headers = Readonly<Record<string, string>>

interface Context {
  readonly files: WatchedFiles
  readonly log: Log
}

/**
 * What tells the server who asks, and us that it is the server: read from files, and again when they change. A changed
 * file that cannot be used leaves what there was.
 */
export class HttpSecrets {
  readonly #headers: WatchedValueSync<Headers>
  readonly #secure: WatchedValueSync<SecureContext> | null
  readonly #opened: DisposableStack

  /**
   * `secured` gets each later `secure`.
   *
   * @throws BrokerError when a file cannot be read or used.
   */
  constructor(
    options: HttpServerOptions,
    purpose: HttpPurpose,
    { files, log }: Context,
    secured: (secure: SecureContext) => void,
  ) {
    const said = (error: BrokerError | null, file: string) => {
      if (error === null) log.info('file reloaded', { file })
      else log.error('file not reloaded, what it said before is used on', { file, cause: error.message })
    }
    const headers = {
      paths: options.headers.map(({ file }) => file),
      read: () => readHeaders(options, purpose),
      done: (error: BrokerError | null, _: Headers, file: string) => said(error, file),
    }
    const secure = {
      paths: [options.ca, options.certificate, options.key].filter((file) => file !== undefined),
      read: () => readSecureContext(options),
      done: (error: BrokerError | null, value: SecureContext, file: string) => {
        if (error === null) secured(value)
        said(error, file)
      },
    }
    using opened = new DisposableStack()
    this.#headers = opened.use(new WatchedValueSync(headers, files))
    this.#secure = options.url.startsWith('https:') ? opened.use(new WatchedValueSync(secure, files)) : null
    this.#opened = opened.move()
  }

  get headers(): Headers {
    return this.#headers.value
  }

  /** For `https://` URLs. */
  get secure(): SecureContext | null {
    return this.#secure?.value ?? null
  }

  close(): void {
    this.#opened.dispose()
  }
}

function readHeaders({ headers }: HttpServerOptions, purpose: HttpPurpose): Headers {
  return Object.fromEntries(headers.map((header) => [header.name, readHeader(header, purpose)]))
}

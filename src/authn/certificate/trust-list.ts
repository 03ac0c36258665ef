import { X509Certificate } from 'node:crypto'
import { readNeededFile } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { WatchedValueSync } from '../../base/watched-value-sync.ts'

/** A quarter of a million thumbprints. */
const maximumBytes = 16 * 1_048_576
const maximumPemLines = 2_000

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/** What a file lists. */
interface Listing {
  readonly thumbprints: Set<string>
  /** The subjects of authorities among them. */
  readonly authorities: string[]
}

/** Certificates listed in files: whole, in PEM, or a SHA-1 or SHA-256 thumbprint a line. The files are watched. */
export class ThumbprintList {
  readonly #lists: readonly WatchedValueSync<ReadonlySet<string>>[]
  readonly #opened: DisposableStack
  readonly #kind: 'authorized' | 'revoked'
  readonly #log: Log

  /** @throws BrokerError CERTIFICATE_LIST_INVALID when a file cannot be used. */
  constructor(kind: 'authorized' | 'revoked', paths: readonly string[], { log, files }: Context, changed: () => void) {
    this.#kind = kind
    this.#log = log
    using opened = new DisposableStack()
    this.#lists = paths.map((path) => {
      const done = (error: BrokerError | null, { size }: ReadonlySet<string>) => {
        this.#say(error, path, size)
        if (error === null) changed()
      }
      return opened.use(new WatchedValueSync({ paths: [path], read: () => this.#read(path), done }, files))
    })
    this.#opened = opened.move()
  }

  get size(): number {
    let size = 0
    for (const { value } of this.#lists) size += value.size
    return size
  }

  has({ sha1, sha256 }: { readonly sha1: string; readonly sha256: string }): boolean {
    for (const { value } of this.#lists) if (value.has(sha256) || value.has(sha1)) return true
    return false
  }

  close(): void {
    this.#opened.dispose()
  }

  #read(file: string): ReadonlySet<string> {
    const { thumbprints, authorities } = readList(file)
    // Files with a certificate often have the authority behind it.
    if (this.#kind === 'revoked' && authorities.length > 0)
      this.#log.warn('an authority is listed as revoked, and with it all certificates below it', { file, authorities })
    return thumbprints
  }

  #say(error: BrokerError | null, file: string, certificates: number): void {
    const list = `list of ${this.#kind} certificates`
    if (error === null) this.#log.info(`${list} reloaded`, { file, certificates })
    else this.#log.error(`${list} cannot be used: the one before goes on`, { file, cause: error.message })
  }
}

/** The thumbprint of 40 or 64 hexadecimal digits in a text, whatever is between the digits, or null. */
export function thumbprintOf(text: string): string | null {
  const digits = text.replace(/[\s:]/g, '').toLowerCase()
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digits) ? digits : null
}

function readList(path: string): Listing {
  const text = readNeededFile(path, maximumBytes, 'CERTIFICATE_LIST_INVALID')
  const listing = { thumbprints: new Set<string>(), authorities: [] }
  const mistake = readLines(text.split('\n'), listing)
  if (mistake !== null) throw new BrokerError('CERTIFICATE_LIST_INVALID', `${path}:${mistake}`)
  return listing
}

/** Adds what the lines name, or returns the number of a bad line and what is wrong with it. */
function readLines(lines: readonly string[], { thumbprints, authorities }: Listing): string | null {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]?.trim() ?? ''
    if (line.startsWith('-----BEGIN')) {
      const end = endOfPem(lines, index)
      const certificate = certificateIn(lines.slice(index, end + 1).join('\n'))
      if (certificate === null) return `${index + 1}: the certificate that begins here cannot be read`
      thumbprints.add(certificate.fingerprint256.replaceAll(':', '').toLowerCase())
      if (certificate.ca) authorities.push(certificate.subject.replaceAll('\n', ', '))
      index = end
      continue
    }
    // As openssl x509 -fingerprint prints it, too; what follows a # is for people.
    const words = line.replace(/^(sha1|sha-?256) fingerprint=/i, '').replace(/#.*$/, '')
    const thumbprint = thumbprintOf(words)
    if (thumbprint !== null) thumbprints.add(thumbprint)
    else if (words !== '') return `${index + 1}: must be a SHA-1 or SHA-256 thumbprint, or a certificate in PEM`
  }
  return null
}

/** The line that ends a certificate, or the last that could be one of it. */
function endOfPem(lines: readonly string[], begin: number): number {
  const last = Math.min(begin + maximumPemLines, lines.length - 1)
  for (let index = begin; index < last; index++) if (lines[index]?.startsWith('-----END') === true) return index
  return last
}

function certificateIn(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

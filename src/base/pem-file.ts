import { X509Certificate } from 'node:crypto'
import { readNeededFile } from './bounded-file.ts'
import { BrokerError } from './errors.ts'

const maximumBytes = 4 * 1_048_576

/** The text of a file in PEM. @throws BrokerError TLS_FILE_UNREADABLE or TLS_INVALID. */
export function readPem(file: string): string {
  const text = readNeededFile(file, maximumBytes, 'TLS_FILE_UNREADABLE', 'TLS_INVALID')
  if (!text.includes('-----BEGIN ')) throw new BrokerError('TLS_INVALID', `${file} is not a PEM file`)
  return text
}

/**
 * The authorities in a file, in PEM, one certificate each: OpenSSL would pass over one that it cannot read, and then trust
 * nobody.
 *
 * @throws BrokerError TLS_FILE_UNREADABLE, or TLS_INVALID when one of them cannot be used or there is none.
 */
export function readAuthorities(file: string): string[] {
  const text = readPem(file)
  certificatesOf(text, file)
  return blocksOf(text)
}

/** The certificates in the text of a file. @throws BrokerError TLS_INVALID when one cannot be used or there is none. */
export function certificatesOf(text: string, file: string): X509Certificate[] {
  const blocks = blocksOf(text)
  if (blocks.length === 0) throw new BrokerError('TLS_INVALID', `${file} has no certificate`)
  return blocks.map((block) => attempt(() => new X509Certificate(block), `${file} has no usable certificate`))
}

function blocksOf(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
}

/** Does what OpenSSL may refuse. @throws BrokerError TLS_INVALID that begins with the complaint. */
export function attempt<T>(what: () => T, complaint: string): T {
  try {
    return what()
  } catch (cause) {
    throw new BrokerError('TLS_INVALID', complaint + reasonOf(cause), { cause })
  }
}

/** OpenSSL has a short reason for some failures, the rest have a code. */
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const reason: unknown = Reflect.get(cause, 'reason') ?? Reflect.get(cause, 'code')
  return typeof reason === 'string' ? ` (${reason})` : ''
}

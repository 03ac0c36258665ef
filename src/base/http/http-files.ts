import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { fileProblem, readBoundedFile } from '../bounded-file.ts'
import { BrokerError, type ErrorCode } from '../errors.ts'
import type { HeaderFile, HttpPurpose, HttpServerOptions } from './http-options.ts'

const maximumBytes = 1_048_576
const maximumHeaderLength = 8_192

/** The value of a header, from its file. */
export function readHeader({ name, file }: HeaderFile, { unreadable, unusable }: HttpPurpose): string {
  const value = read(file, unreadable).trim()
  if (value === '') throw new BrokerError(unusable, `${file} is empty: it must have the value of the header ${name}`)
  if (value.length > maximumHeaderLength || !/^[\x20-\x7e]+$/.test(value)) {
    throw new BrokerError(
      unusable,
      `${file} cannot be the value of the header ${name}: it must be one line of ASCII, of at most ${maximumHeaderLength} characters`,
    )
  }
  return value
}

/** What the files of an https:// URL say: whom to trust, and what to show. */
export function readSecureContext({
  ca,
  certificate,
  key,
}: Pick<HttpServerOptions, 'ca' | 'certificate' | 'key'>): SecureContext {
  const options = {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: readAuthorities(ca) }),
    ...(certificate === undefined ? {} : { cert: readPem(certificate) }),
    ...(key === undefined ? {} : { key: readPem(key) }),
  } as const
  try {
    return createSecureContext(options)
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new BrokerError('TLS_INVALID', `${certificate} and ${key} cannot be used together: ${text}`, { cause })
  }
}

/** OpenSSL would pass over an authority it cannot read, and then trust nobody. */
function readAuthorities(file: string): string {
  const text = readPem(file)
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0) throw new BrokerError('TLS_INVALID', `${file} has no certificate`)
  try {
    for (const certificate of certificates) new X509Certificate(certificate)
  } catch (cause) {
    throw new BrokerError('TLS_INVALID', `${file} has a certificate that cannot be used`, { cause })
  }
  return text
}

function readPem(file: string): string {
  const text = read(file, 'TLS_FILE_UNREADABLE')
  if (!text.includes('-----BEGIN ')) throw new BrokerError('TLS_INVALID', `${file} is not a PEM file`)
  return text
}

function read(file: string, code: ErrorCode): string {
  let text: string | null
  try {
    text = readBoundedFile(file, maximumBytes)
  } catch (cause) {
    throw new BrokerError(code, `${file}: ${fileProblem(cause)}`, { cause })
  }
  if (text === null) throw new BrokerError(code, `${file} is larger than 1 MiB`)
  return text
}

import { createSecureContext, type SecureContext } from 'node:tls'
import { readNeededFile } from '../bounded-file.ts'
import { BrokerError } from '../errors.ts'
import { readAuthorities, readPem } from '../pem-file.ts'
import type { HeaderFile, HttpPurpose, HttpServerOptions } from './http-options.ts'

const maximumHeaderBytes = 1_048_576
const maximumHeaderLength = 8_192

/** The value of a header, from its file. */
export function readHeader({ name, file }: HeaderFile, { unreadable, unusable }: HttpPurpose): string {
  const value = readNeededFile(file, maximumHeaderBytes, unreadable).trim()
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

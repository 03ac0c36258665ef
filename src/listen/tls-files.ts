import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { BrokerError } from '../base/errors.ts'
import type { CertificateFiles, TlsOptions } from './options.ts'

/** The certificates of a listener, read from their files. */
export interface Certificates {
  /** For the certificate shown to clients that name no server, or one that is not known. */
  readonly options: SecureContextOptions
  /** The certificate for a server name, or null for the default one. */
  named(serverName: string): SecureContext | null
}

/**
 * Reads and checks all certificate files.
 *
 * @throws BrokerError naming the file that cannot be read or used.
 */
export function loadCertificates(options: TlsOptions): Certificates {
  const clientCa = options.clientCa === null ? null : readAuthorities(options.clientCa)
  const shared: SecureContextOptions = {
    minVersion: options.minVersion,
    honorCipherOrder: true,
    ...(clientCa === null ? {} : { ca: clientCa }),
  }
  const standard = contextOptions(options, shared)
  const byName = new Map<string, SecureContext>()
  for (const entry of options.sni) {
    byName.set(entry.name.toLowerCase(), createSecureContext(contextOptions(entry, shared)))
  }
  return { options: standard, named: (serverName) => find(byName, serverName.toLowerCase()) }
}

/** An exact name first, then a wildcard for its first label. */
function find(byName: ReadonlyMap<string, SecureContext>, name: string): SecureContext | null {
  return byName.get(name) ?? byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`) ?? null
}

function contextOptions(files: CertificateFiles, shared: SecureContextOptions): SecureContextOptions {
  const cert = readPem(files.certificate) + (files.chain === null ? '' : `\n${readPem(files.chain)}`)
  const key = readPem(files.key)
  check(() => createSecureContext({ cert }), `${files.certificate} has no usable certificate`)
  check(() => createSecureContext({ key }), `${files.key} has no usable private key`)
  check(
    () => createSecureContext({ cert, key }),
    `${files.key} is not the key of the certificate in ${files.certificate}`,
  )
  return { ...shared, cert, key }
}

/** OpenSSL would pass over an authority it cannot read, and then trust nobody. */
function readAuthorities(path: string): string {
  const text = readPem(path)
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0) throw new BrokerError('TLS_INVALID', `${path} has no certificate`)
  for (const certificate of certificates) {
    check(() => new X509Certificate(certificate), `${path} has a certificate that cannot be used`)
  }
  return text
}

function check(attempt: () => unknown, complaint: string): void {
  try {
    attempt()
  } catch (cause) {
    throw new BrokerError('TLS_INVALID', complaint + reasonOf(cause), { cause })
  }
}

function readPem(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch (cause) {
    throw new BrokerError('TLS_FILE_UNREADABLE', `${path} cannot be read${reasonOf(cause)}`, { cause })
  }
  if (!text.includes('-----BEGIN ')) throw new BrokerError('TLS_INVALID', `${path} is not a PEM file`)
  return text
}

/** OpenSSL has a short reason for some failures, the operating system a code. */
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const reason: unknown = Reflect.get(cause, 'reason') ?? Reflect.get(cause, 'code')
  return typeof reason === 'string' ? ` (${reason})` : ''
}

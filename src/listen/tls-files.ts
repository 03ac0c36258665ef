import { createPrivateKey, X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { fileProblem, readBoundedFile } from '../base/bounded-file.ts'
import { BrokerError } from '../base/errors.ts'
import type { CertificateFiles, TlsOptions } from './options.ts'
import type { ServerIdentity } from './supplies.ts'

/** A certificate with its chain, and its key. */
export interface KeyPair {
  /** The server name it is for, in lower case, or empty for every name that has none of its own. */
  readonly serverName: string
  /** Where it comes from, in words. */
  readonly source: string
  /** In PEM. */
  readonly certificate: string
  readonly key: string
  /** The certificate first, then those sent with it. */
  readonly chain: readonly X509Certificate[]
}

/** All that the files of one listener say. */
export interface TlsMaterial {
  readonly pairs: readonly KeyPair[]
  /** In PEM, one certificate each. */
  readonly authorities: readonly string[]
}

const maximumBytes = 4 * 1_048_576
const ownSource = 'the certificate of the broker itself'

/** The files a listener needs, each once. */
export function filesOf(options: TlsOptions): readonly string[] {
  const pairs = [options, ...options.alternatives, ...options.sni]
  const files = pairs.flatMap(({ certificate, key, chain }) => [certificate, key, chain])
  return [...new Set([...files, ...options.clientCa].filter((file) => file !== null))]
}

/**
 * Reads and checks all certificates, keys and authorities of a listener. There is no certificate for clients that name no
 * server when it is in no file and nobody makes one.
 *
 * @throws BrokerError naming the file that cannot be read or used.
 */
export function readMaterial(options: TlsOptions, identity: ServerIdentity | null): TlsMaterial {
  const pairs = [...standardPairs(options, identity), ...options.alternatives.map((files) => readPair(files, ''))]
  for (const entry of options.sni) pairs.push(readPair(entry, entry.name.toLowerCase()))
  return { pairs, authorities: options.clientCertificate === 'none' ? [] : authoritiesOf(options, identity) }
}

function standardPairs(options: TlsOptions, identity: ServerIdentity | null): KeyPair[] {
  const { certificate, key, chain } = options
  if (certificate !== null && key !== null) return [readPair({ certificate, key, chain }, '')]
  if (certificate !== null || key !== null)
    throw new BrokerError('TLS_INVALID', 'a certificate needs its key, and a key its certificate')
  if (options.alternatives.length > 0)
    throw new BrokerError('TLS_INVALID', 'alternatives need a certificate that they are alternatives to')
  if (identity === null) return []
  const pair = identity.current
  return [checked({ serverName: '', source: ownSource, ...pair }, ownSource, ownSource)]
}

function readPair(files: CertificateFiles, serverName: string): KeyPair {
  const { chain, key, certificate } = files
  const text = chain === null ? readPem(certificate) : `${readPem(certificate)}\n${readPem(chain)}`
  return checked({ serverName, source: certificate, certificate: text, key: readPem(key) }, certificate, key)
}

type Unchecked = Omit<KeyPair, 'chain'>

function checked(pair: Unchecked, certificateFile: string, keyFile: string): KeyPair {
  const chain = certificatesOf(pair.certificate, certificateFile)
  const privateKey = attempt(() => createPrivateKey(pair.key), `${keyFile} has no usable private key`)
  if (chain[0]?.checkPrivateKey(privateKey) !== true)
    throw new BrokerError('TLS_INVALID', `${keyFile} is not the key of the certificate in ${certificateFile}`)
  return { ...pair, chain }
}

function authoritiesOf(options: TlsOptions, identity: ServerIdentity | null): readonly string[] {
  const configured = options.clientCa.flatMap((file) => readAuthorities(file))
  const own = configured.length === 0 && !options.systemAuthorities ? (identity?.authorities ?? []) : []
  const system = options.systemAuthorities ? getCACertificates('system') : []
  return [...new Set([...configured, ...own, ...system])]
}

/** OpenSSL would pass over an authority it cannot read, and then trust nobody. */
function readAuthorities(file: string): string[] {
  const text = readPem(file)
  certificatesOf(text, file)
  return blocksOf(text)
}

function certificatesOf(text: string, file: string): X509Certificate[] {
  const blocks = blocksOf(text)
  if (blocks.length === 0) throw new BrokerError('TLS_INVALID', `${file} has no certificate`)
  return blocks.map((block) => attempt(() => new X509Certificate(block), `${file} has no usable certificate`))
}

function blocksOf(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
}

/** Does what OpenSSL may refuse. @throws BrokerError that begins with the complaint. */
export function attempt<T>(what: () => T, complaint: string): T {
  try {
    return what()
  } catch (cause) {
    throw new BrokerError('TLS_INVALID', complaint + reasonOf(cause), { cause })
  }
}

function readPem(file: string): string {
  let text: string | null
  try {
    text = readBoundedFile(file, maximumBytes)
  } catch (cause) {
    throw new BrokerError('TLS_FILE_UNREADABLE', `${file}: ${fileProblem(cause)}`, { cause })
  }
  if (text === null) throw new BrokerError('TLS_INVALID', `${file} is larger than 4 MiB`)
  if (!text.includes('-----BEGIN ')) throw new BrokerError('TLS_INVALID', `${file} is not a PEM file`)
  return text
}

/** OpenSSL has a short reason for some failures, the rest have a code. */
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const reason: unknown = Reflect.get(cause, 'reason') ?? Reflect.get(cause, 'code')
  return typeof reason === 'string' ? ` (${reason})` : ''
}

import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { BrokerError } from '../base/errors.ts'
import { attempt, certificatesOf, readAuthorities, readPem } from '../base/pem-file.ts'
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

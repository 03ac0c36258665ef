import { constants, createHash } from 'node:crypto'
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureContextOptions } from 'node:tls'
import { BrokerError } from '../base/errors.ts'
import type { TlsOptions } from './options.ts'
import { attempt, type KeyPair, readMaterial, type TlsMaterial } from './tls-files.ts'

/** Seconds a client may take to come back without a full handshake. */
const sessionTimeout = 7_200

// The 128-bit suite first: it costs less per handshake, and no device is safer with more.
const preferred = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const usualCiphers = [...preferred, ...DEFAULT_CIPHERS.split(':').filter((name) => !name.startsWith('TLS_'))].join(':')

const secureOptions =
  constants.SSL_OP_NO_RENEGOTIATION |
  constants.SSL_OP_NO_COMPRESSION |
  // Devices without AES in hardware that prefer ChaCha20 get it.
  constants.SSL_OP_PRIORITIZE_CHACHA

/** The certificates of a listener as handshakes use them. All of one material, made anew when anything of it changes. */
export interface TlsContexts {
  /** For clients that name no server, or one that is not known. */
  readonly standard: SecureContext
  /** Some server name has a context of its own. */
  readonly hasNames: boolean
  /** The context for a server name, or null for the standard one. */
  named(serverName: string): SecureContext | null
}

/**
 * Makes contexts of checked material. Each has keys of its own for session tickets, and takes only sessions of the same
 * material: nobody resumes what was verified against authorities of before.
 *
 * @throws BrokerError for a certificate OpenSSL finds too weak, or unknown ciphers.
 */
export function contextsOf(options: TlsOptions, material: TlsMaterial): TlsContexts {
  const byName = contextsByName(options, material)
  const standard = byName.get('')
  if (standard === undefined) throw new BrokerError('TLS_INVALID', 'a TLS listener needs a certificate and its key')
  return { standard, hasNames: byName.size > 1, named: (serverName) => find(byName, serverName.toLowerCase()) }
}

/**
 * Reads and tries all files of a listener. That the broker makes a certificate where there is no file is taken for granted.
 *
 * @throws BrokerError naming the file that cannot be read or used.
 */
export function checkTls(options: TlsOptions): void {
  contextsByName(options, readMaterial(options, null))
}

function contextsByName(options: TlsOptions, material: TlsMaterial): ReadonlyMap<string, SecureContext> {
  const shared: SecureContextOptions = {
    minVersion: options.minVersion,
    honorCipherOrder: true,
    ciphers: options.ciphers ?? usualCiphers,
    secureOptions,
    sessionTimeout,
    sessionIdContext: digestOf(material).slice(0, 32),
    ca: [...material.authorities],
    allowPartialTrustChain: true,
  }
  attempt(() => createSecureContext({ ciphers: shared.ciphers, ca: [] }), `ciphers ${options.ciphers} cannot be used`)
  const groups = Map.groupBy(material.pairs, ({ serverName }) => serverName)
  return new Map([...groups].map(([name, pairs]) => [name, contextOf(shared, pairs)]))
}

/** Tells one material from another. */
export function digestOf({ pairs, authorities }: TlsMaterial): string {
  const hash = createHash('sha256')
  for (const { serverName, certificate, key } of pairs) hash.update(JSON.stringify([serverName, certificate, key]))
  return hash.update(JSON.stringify(authorities)).digest('hex')
}

function contextOf(shared: SecureContextOptions, pairs: readonly KeyPair[]): SecureContext {
  const cert = pairs.map(({ certificate }) => certificate)
  const key = pairs.map((pair) => pair.key)
  const sources = pairs.map(({ source }) => source).join(', ')
  return attempt(() => createSecureContext({ ...shared, cert, key }), `${sources} cannot be used`)
}

/** An exact name first, then a wildcard for its first label. */
function find(byName: ReadonlyMap<string, SecureContext>, name: string): SecureContext | null {
  if (name === '') return null
  return byName.get(name) ?? byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`) ?? null
}

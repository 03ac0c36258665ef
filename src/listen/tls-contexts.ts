import { constants, createHash } from 'node:crypto'
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureContextOptions } from 'node:tls'
import { BrokerError } from '../base/errors.ts'
import { attempt } from '../base/pem-file.ts'
import type { TlsOptions } from './options.ts'
import { type KeyPair, readMaterial, type TlsMaterial } from './tls-files.ts'

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
  /** The context for a server name and the signature algorithms a client has, or null for the standard one. */
  named(serverName: string, algorithms: () => readonly string[]): SecureContext | null
}

/** A context with one pair only: of those chosen by server name OpenSSL would use no more. */
interface Named {
  readonly kind: string | undefined
  readonly context: SecureContext
}

interface All {
  readonly standard: SecureContext | null
  readonly byName: ReadonlyMap<string, readonly Named[]>
}

/**
 * Makes contexts of checked material. Each has keys of its own for session tickets, and takes only sessions of the same
 * material: nobody resumes what was verified against authorities of before.
 *
 * @throws BrokerError for a certificate OpenSSL finds too weak, or unknown ciphers.
 */
export function contextsOf(options: TlsOptions, material: TlsMaterial): TlsContexts {
  const { standard, byName } = allContexts(options, material)
  if (standard === null) throw new BrokerError('TLS_INVALID', 'a TLS listener needs a certificate and its key')
  return {
    standard,
    hasNames: byName.size > 0,
    named: (serverName, algorithms) => suitable(find(byName, serverName.toLowerCase()), algorithms),
  }
}

/**
 * Reads and tries all files of a listener. That the broker makes a certificate where there is no file is taken for granted.
 *
 * @throws BrokerError naming the file that cannot be read or used.
 */
export function checkTls(options: TlsOptions): void {
  allContexts(options, readMaterial(options, null))
}

function allContexts(options: TlsOptions, material: TlsMaterial): All {
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
  const standard = material.pairs.filter(({ serverName }) => serverName === '')
  const named = material.pairs.filter(({ serverName }) => serverName !== '')
  const entries = named.map((pair) => ({
    name: pair.serverName,
    kind: pair.chain[0]?.publicKey.asymmetricKeyType,
    context: contextOf(shared, [pair]),
  }))
  return {
    standard: standard.length === 0 ? null : contextOf(shared, standard),
    byName: Map.groupBy(entries, ({ name }) => name),
  }
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
function find(byName: All['byName'], name: string): readonly Named[] {
  return byName.get(name) ?? byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`) ?? []
}

/** The first whose key the client can check a signature of. */
function suitable(contexts: readonly Named[], algorithms: () => readonly string[]): SecureContext | null {
  const [first] = contexts
  if (first === undefined) return null
  if (contexts.length === 1) return first.context
  const known = algorithms()
  return (contexts.find(({ kind }) => known.some((name) => signs(kind, name))) ?? first).context
}

function signs(kind: string | undefined, algorithm: string): boolean {
  if (kind === 'ec') return algorithm.startsWith('ECDSA')
  if (kind === 'rsa' || kind === 'rsa-pss') return algorithm.startsWith('RSA')
  return algorithm.toLowerCase().startsWith(kind ?? 'nothing')
}

import { createHash, type KeyObject } from 'node:crypto'
import type { TokenAlgorithm } from './token-options.ts'

/** A public key tokens are checked with. */
export interface Key {
  /** What its owner calls it: the `kid` of tokens; null when it has no name, so that it is tried with any. */
  readonly id: string | null
  /** What it may be used with. */
  readonly algorithms: readonly TokenAlgorithm[]
  readonly publicKey: KeyObject
  /** The same for the same key, wherever it came from. */
  readonly fingerprint: string
  /** Wall-clock milliseconds between which it may be used. */
  readonly notBefore: number
  readonly notAfter: number
}

/** Where keys come from. */
export interface KeySource {
  /** Those that may be used now, or null while there are none. The same array until they change. */
  readonly keys: readonly Key[] | null
  /** Why keys cannot be had at the moment, or null. */
  readonly trouble: string | null
  /** Looks for newer keys, if that can be of use and it is not too soon; done when it did. Never rejects. */
  refresh(): Promise<void>
  /** `changed` is called when the keys are others than before. */
  watch(changed: () => void): void
  close(): Promise<void>
}

/** Tokens that name no key are tried with all: more keys than this would make that expensive. */
export const maximumKeys = 100

const rsaBits = { least: 2_048, most: 16_384 }
const rsaAlgorithms: readonly TokenAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const curveAlgorithms: Readonly<Record<string, readonly TokenAlgorithm[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}

/** A key for the algorithms of its type, or why it cannot be used. */
export function keyOf(publicKey: KeyObject, id: string | null, notBefore = 0, notAfter = Infinity): Key | string {
  const algorithms = algorithmsOf(publicKey)
  if (typeof algorithms === 'string') return algorithms
  const fingerprint = createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
  return { id, algorithms, publicKey, fingerprint, notBefore, notAfter }
}

/** The keys of two lists are the same, under the same names and for the same time. */
export function sameKeys(some: readonly Key[] | null, others: readonly Key[] | null): boolean {
  return JSON.stringify(some?.map(textOf).sort()) === JSON.stringify(others?.map(textOf).sort())
}

function textOf({ id, fingerprint, algorithms, notBefore, notAfter }: Key): string {
  return JSON.stringify([id, fingerprint, algorithms, notBefore, notAfter])
}

function algorithmsOf({
  type,
  asymmetricKeyType,
  asymmetricKeyDetails = {},
}: KeyObject): readonly TokenAlgorithm[] | string {
  if (type !== 'public') return 'it is not a public key'
  if (asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519']
  if (asymmetricKeyType === 'ec') {
    const curve = asymmetricKeyDetails.namedCurve ?? 'unknown'
    return curveAlgorithms[curve] ?? `the curve ${curve} is not one for tokens`
  }
  if (asymmetricKeyType !== 'rsa') return `keys of the type ${asymmetricKeyType ?? 'unknown'} are not supported`
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails
  if (modulusLength < rsaBits.least)
    return `an RSA key of ${modulusLength} bits is too short: ${rsaBits.least} is the least`
  if (modulusLength > rsaBits.most)
    return `an RSA key of ${modulusLength} bits is too long: ${rsaBits.most} is the most`
  return publicExponent < 3n ? 'an RSA key with this exponent is not safe' : rsaAlgorithms
}

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { BrokerError } from '../../base/errors.ts'
import { identifier, nothing, sequence } from './der-write.ts'

/** The kinds of key that are made. */
export type KeyKind = 'ec' | 'rsa'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** A key on P-256, or an RSA key of 2048 bits. Made off the event loop. */
export async function newKeyPair(kind: KeyKind): Promise<KeyPair> {
  if (kind === 'rsa') return await promisify(generateKeyPair)('rsa', { modulusLength: 2_048, publicExponent: 65_537 })
  return await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
}

/**
 * Reads a private key: PKCS#8 or an older form, PEM or DER, encrypted or not.
 *
 * @throws BrokerError CA_PASSPHRASE when it is encrypted and the passphrase is missing or wrong; CA_UNUSABLE when it is
 * no key.
 */
export function readPrivateKey(bytes: Buffer, passphrase: Buffer | null, file: string): KeyObject {
  const isPem = bytes.includes('-----BEGIN ')
  if (isSealed(bytes) && passphrase === null)
    throw new BrokerError('CA_PASSPHRASE', `${file} is encrypted: give --passphrase-file, or PETALTAIL_CA_PASSPHRASE`)
  const secret = passphrase === null ? {} : { passphrase }
  try {
    if (isPem) return createPrivateKey({ key: bytes, format: 'pem', ...secret })
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', ...secret })
  } catch (error) {
    if (isSealed(bytes))
      throw new BrokerError('CA_PASSPHRASE', `${file} cannot be decrypted: the passphrase is wrong`, { cause: error })
    throw new BrokerError('CA_UNUSABLE', `${file} has no private key that can be read`, { cause: error })
  }
}

/** A private key file that only opens with a passphrase. */
export function isSealed(bytes: Buffer): boolean {
  if (bytes.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || bytes.includes('Proc-Type: 4,ENCRYPTED')) return true
  // EncryptedPrivateKeyInfo begins with an algorithm, PrivateKeyInfo with its version.
  if (bytes[0] !== 0x30) return false
  const start = (bytes[1] ?? 0) < 0x80 ? 2 : 2 + ((bytes[1] ?? 0) & 0x7f)
  return bytes[start] === 0x30
}

/** Whether the two are halves of one key. */
export function belongTogether(publicKey: KeyObject, privateKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey)
}

/** What is wrong with a public key that a certificate is asked for, or null. */
export function weakness(key: KeyObject): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key
  if (type === 'ed25519') return null
  if (type === 'ec') {
    const curve = details.namedCurve ?? 'unnamed'
    return curves.has(curve) ? null : `its key is on the curve ${curve}: use P-256, P-384 or P-521`
  }
  if (type !== 'rsa') return `its key is of the kind ${type ?? 'unknown'}: use EC, RSA or Ed25519`
  const { modulusLength = 0, publicExponent = 0n } = details
  if (modulusLength < 2_048) return `its RSA key has ${modulusLength} bits: use 2048 or more`
  if (modulusLength > 8_192) return `its RSA key has ${modulusLength} bits: use 8192 or less`
  const isOdd = publicExponent % 2n === 1n
  return isOdd && publicExponent >= 65_537n ? null : 'its RSA key has a weak exponent: use 65537'
}

const curves = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
])

const signatureOids = new Map([
  ['sha256', '1.2.840.10045.4.3.2'],
  ['sha384', '1.2.840.10045.4.3.3'],
  ['sha512', '1.2.840.10045.4.3.4'],
])

/** The AlgorithmIdentifier of signatures that a key makes [RFC 5758, RFC 8410]. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  const digest = digestOf(key)
  if (digest === null) return sequence(identifier('1.3.101.112'))
  if (key.asymmetricKeyType === 'rsa') return sequence(identifier('1.2.840.113549.1.1.11'), nothing())
  return sequence(identifier(signatureOids.get(digest) ?? ''))
}

/** Signs off the event loop. */
export async function signatureOf(body: Buffer, key: KeyObject): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    sign(digestOf(key), body, key, (error, signature) => (error === null ? resolve(signature) : reject(error)))
  })
}

function digestOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  if (asymmetricKeyType === 'ed25519') return null
  return curves.get(asymmetricKeyDetails?.namedCurve ?? '') ?? 'sha256'
}

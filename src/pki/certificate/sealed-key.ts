import type { KeyObject } from 'node:crypto'

/** Rounds of PBKDF2 with SHA-256 that one guess of a passphrase costs. */
const rounds = 600_000

/** How keys and certificates are encrypted under a passphrase: AES-256 [RFC 8018 6.2]. */
export function sealingOf(passphrase: Buffer) {
  return {
    password: Uint8Array.from(passphrase).buffer,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: rounds,
  }
}

/** A private key as PKCS#8 in DER, encrypted. */
export async function sealedKey(key: KeyObject, passphrase: Buffer): Promise<Buffer> {
  const { PKCS8ShroudedKeyBag, PrivateKeyInfo } = await import('pkijs')
  const parsedValue = PrivateKeyInfo.fromBER(Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' })).buffer)
  const bag = new PKCS8ShroudedKeyBag({ parsedValue })
  await bag.makeInternalValues(sealingOf(passphrase))
  return Buffer.from(bag.toSchema().toBER(false))
}

import type { KeyObject } from 'node:crypto'
import { sealedKey } from './sealed-key.ts'

/** The forms a certificate and its key can be had in. */
export const exportFormats = ['pem', 'der', 'hex', 'p12'] as const

export type ExportFormat = (typeof exportFormats)[number]

/** PEM [RFC 7468]. */
export function pemOf(der: Buffer, label: string): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

export function certificatesPem(certificates: readonly Buffer[]): string {
  return certificates.map((der) => pemOf(der, 'CERTIFICATE')).join('')
}

/** PKCS#8 in PEM; encrypted when there is a passphrase. */
export async function keyPem(key: KeyObject, passphrase: Buffer | null): Promise<string> {
  if (passphrase === null) return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  return pemOf(await sealedKey(key, passphrase), 'ENCRYPTED PRIVATE KEY')
}

/** PKCS#8 in DER; encrypted when there is a passphrase. */
export async function keyDer(key: KeyObject, passphrase: Buffer | null): Promise<Buffer> {
  return passphrase === null ? key.export({ type: 'pkcs8', format: 'der' }) : await sealedKey(key, passphrase)
}

/** Bytes of DER that the buffers of small devices take. */
const deviceLimits = { authority: 1_536, certificate: 1_024, key: 1_536 } as const

/** What small devices have no room for, in words, or null. */
export function deviceWarning(what: keyof typeof deviceLimits, der: Buffer): string | null {
  const limit = deviceLimits[what]
  if (der.length <= limit) return null
  const thing =
    what === 'authority' ? 'the certificate of the authority' : what === 'key' ? 'the key' : 'the certificate'
  return `${thing} has ${der.length} bytes of DER; small devices often have room for ${limit}`
}

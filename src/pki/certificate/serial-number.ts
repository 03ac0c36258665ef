import { randomBytes } from 'node:crypto'

/**
 * A serial number in hexadecimal: 17 bytes, 16 of them all chance, and positive without a byte for the sign
 * [RFC 5280 4.1.2.2].
 */
export function newSerial(random: (size: number) => Buffer = randomBytes): string {
  const bytes = random(17)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** A serial number or thumbprint as people write it, or null: colons, spaces and upper case do not matter. */
export function hexOf(text: string): string | null {
  const digits = text.replace(/^0x/i, '').replace(/[:\s]/g, '').toLowerCase()
  return /^[\da-f]{2,128}$/.test(digits) ? digits.replace(/^0+(?=.)/, '') : null
}

import { hash, randomBytes } from 'node:crypto'
import type { Certificate } from '../certificate/certificate-facts.ts'
import { context, encoded, Tag } from '../certificate/certificate-facts-der.ts'

/** By what a responder knows a certificate [RFC 6960 4.1.1]. */
export interface CertificateId {
  /** SHA-1, which is no matter of trust here: of the name of the issuer as it is encoded, and of its key. */
  readonly nameHash: Buffer
  readonly keyHash: Buffer
  readonly serial: Buffer
}

export interface StatusRequest {
  readonly id: CertificateId
  /** What the answer must repeat, or null. */
  readonly nonce: Buffer | null
  readonly bytes: Buffer
}

export const sha1Oid = '1.3.14.3.2.26'
export const nonceOid = '1.3.6.1.5.5.7.48.1.2'
const sha1Algorithm = Buffer.from('300906052b0e03021a0500', 'hex')
const nonceIdentifier = Buffer.from('06092b0601050507300102', 'hex')
const nonceBytes = 32

/** The question whether a certificate is revoked. */
export function statusRequest(certificate: Certificate, issuer: Certificate, withNonce: boolean): StatusRequest {
  const id = {
    nameHash: hash('sha1', Buffer.from(issuer.subjectKey, 'latin1'), 'buffer'),
    keyHash: hash('sha1', issuer.publicKey, 'buffer'),
    serial: certificate.serial,
  }
  const nonce = withNonce ? randomBytes(nonceBytes) : null
  const question = encoded(Tag.Sequence, certificateIdOf(id))
  const extensions = nonce === null ? [] : [encoded(context(2, true), encoded(Tag.Sequence, nonceExtension(nonce)))]
  const body = encoded(Tag.Sequence, encoded(Tag.Sequence, question), ...extensions)
  return { id, nonce, bytes: encoded(Tag.Sequence, body) }
}

function certificateIdOf({ nameHash, keyHash, serial }: CertificateId): Buffer {
  // A number whose first bit is set would be negative.
  const positive = serial.length === 0 || (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), serial]) : serial
  return encoded(
    Tag.Sequence,
    sha1Algorithm,
    encoded(Tag.OctetString, nameHash),
    encoded(Tag.OctetString, keyHash),
    encoded(Tag.Integer, positive),
  )
}

function nonceExtension(nonce: Buffer): Buffer {
  const value = encoded(Tag.OctetString, nonce)
  return encoded(Tag.Sequence, nonceIdentifier, encoded(Tag.OctetString, value))
}

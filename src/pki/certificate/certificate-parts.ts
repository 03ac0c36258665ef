import { createPublicKey, type KeyObject } from 'node:crypto'
import { BrokerError } from '../../base/errors.ts'
import { pemBlocks } from '../revocation/revocation-pem.ts'
import { type Certificate, readCertificate } from './certificate-facts.ts'
import { attempt, context, Der, DerMistake, Tag } from './certificate-facts-der.ts'
import { keyIdOf } from './certificate-issue.ts'

/** A certificate and the parts of it that go into others. */
export interface CertificateParts extends Certificate {
  /** Name, in its encoding. */
  readonly subject: Buffer
  /** SubjectPublicKeyInfo, in its encoding. */
  readonly publicKeyInfo: Buffer
  readonly key: KeyObject
  /** What its key is called. */
  readonly keyId: Buffer
  /** How many authorities may stand between it and a certificate at the end; null when that is not limited. */
  readonly pathLength: number | null
  /** Its key usage, if it has any, allows to sign certificates. */
  readonly signsCertificates: boolean
  /** Its subject is its issuer. */
  readonly isRoot: boolean
  /** Where it says its revocation list is. */
  readonly crlUrl: string | null
}

const Extension = {
  KeyId: '2.5.29.14',
  KeyUsage: '2.5.29.15',
  Constraints: '2.5.29.19',
  CrlPoints: '2.5.29.31',
} as const
const certificateSign = 0x04

/**
 * Reads a certificate in DER.
 *
 * @throws BrokerError CA_UNUSABLE
 */
export function readParts(der: Buffer, file: string): CertificateParts {
  const certificate = readCertificate(der)
  const parts = typeof certificate === 'string' ? certificate : attempt(() => partsOf(certificate))
  if (typeof parts === 'string') throw new BrokerError('CA_UNUSABLE', `${file} has no usable certificate: ${parts}`)
  return parts
}

/** Reads every certificate of a file, PEM or DER; `file` is only its name. */
export function readAllParts(bytes: Buffer, file: string): CertificateParts[] {
  if (bytes.length === 0) return []
  if (!bytes.includes('-----BEGIN ')) return [readParts(bytes, file)]
  return pemBlocks(bytes, 'CERTIFICATE').map((der) => readParts(der, file))
}

function partsOf(certificate: Certificate): CertificateParts {
  const body = new Der(certificate.der).inside(Tag.Sequence).inside(Tag.Sequence)
  body.optional(context(0, true))
  for (const _ of ['serial', 'algorithm', 'issuer', 'validity']) body.element()
  const subject = body.element()
  const publicKeyInfo = body.element()
  body.optional(context(1))
  body.optional(context(2))
  const extensions = extensionsOf(body.optional(context(3, true)))
  const usage = extensions.get(Extension.KeyUsage)?.value(Tag.BitString)
  return {
    ...certificate,
    subject,
    publicKeyInfo,
    key: keyOf(publicKeyInfo),
    keyId: extensions.get(Extension.KeyId)?.value(Tag.OctetString) ?? keyIdOf(certificate.publicKey),
    pathLength: pathLengthOf(extensions.get(Extension.Constraints)),
    signsCertificates: usage === undefined || ((usage[1] ?? 0) & certificateSign) !== 0,
    isRoot: certificate.subjectKey === certificate.issuerKey,
    crlUrl: crlUrlOf(extensions.get(Extension.CrlPoints)),
  }
}

function extensionsOf(wrapper: Der | null): Map<string, Der> {
  const values = new Map<string, Der>()
  const list = wrapper?.inside(Tag.Sequence)
  while (list?.more) {
    const extension = list.inside(Tag.Sequence)
    const oid = extension.oid()
    if (extension.tag === Tag.Boolean) extension.boolean()
    values.set(oid, extension.inside(Tag.OctetString))
  }
  return values
}

function keyOf(publicKeyInfo: Buffer): KeyObject {
  try {
    return createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' })
  } catch {
    throw new DerMistake('its key cannot be read')
  }
}

function pathLengthOf(constraints: Der | undefined): number | null {
  const contents = constraints?.inside(Tag.Sequence)
  if (contents?.tag === Tag.Boolean) contents.boolean()
  if (contents?.tag !== Tag.Integer) return null
  const digits = contents.value(Tag.Integer)
  return digits.length === 1 ? (digits[0] ?? 0) : 127
}

/** The first URL of the first distribution point [RFC 5280 4.2.1.13]. */
function crlUrlOf(points: Der | undefined): string | null {
  const point = points?.inside(Tag.Sequence).optional(Tag.Sequence)
  const names = point?.optional(context(0, true))?.optional(context(0, true))
  return names?.tag === context(6) ? names.value(context(6)).toString('latin1') : null
}

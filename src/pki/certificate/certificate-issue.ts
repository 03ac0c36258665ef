import { createHash, type KeyObject } from 'node:crypto'
import { type AlternativeNames, encodeNames, invalid, shown } from './alternative-names.ts'
import { context, Der, Tag } from './certificate-facts-der.ts'
import * as der from './der-write.ts'
import { signatureAlgorithm, signatureOf } from './private-key.ts'

/** The subject of a certificate. */
export interface Subject {
  readonly commonName: string
  readonly organization?: string
  readonly unit?: string
  /** Two letters. */
  readonly country?: string
}

/** What a certificate is for. */
export type Profile = 'root' | 'cross' | 'issuing' | 'server' | 'client'

export interface Template {
  readonly profile: Profile
  /** Hexadecimal. */
  readonly serial: string
  /** Name, in its encoding. */
  readonly subject: Buffer
  /** SubjectPublicKeyInfo, in its encoding. */
  readonly publicKey: Buffer
  readonly publicKeyKind: string
  readonly names: AlternativeNames
  /** Wall-clock milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** Where the revocation list is published. */
  readonly crlUrl?: string | undefined
}

/** Who signs. */
export interface Signer {
  /** Name, in its encoding. */
  readonly subject: Buffer
  /** What it calls its key. */
  readonly keyId: Buffer
  readonly privateKey: KeyObject
}

/** Makes a certificate [RFC 5280 4.1] and signs it. */
export async function signCertificate(template: Template, signer: Signer): Promise<Buffer> {
  const { serial, subject, publicKey, notBefore, notAfter } = template
  const algorithm = signatureAlgorithm(signer.privateKey)
  const body = der.sequence(
    der.explicit(0, der.integer(2)),
    der.integer(Buffer.from(serial, 'hex')),
    algorithm,
    signer.subject,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    subject,
    publicKey,
    der.explicit(3, der.sequence(...extensionsOf(template, signer))),
  )
  return der.sequence(body, algorithm, der.bits(await signatureOf(body, signer.privateKey)))
}

/** What a key is called in certificates: the SHA-1 of its bits [RFC 5280 4.2.1.2]. */
export function keyIdOf(publicKeyBits: Buffer): Buffer {
  return createHash('sha1').update(publicKeyBits).digest()
}

/**
 * The Name of a subject, from the least specific to the most.
 *
 * @throws BrokerError CA_REQUEST_INVALID for a text that cannot be in it.
 */
export function encodeSubject({ country, organization, unit, commonName }: Subject): Buffer {
  const attributes: Buffer[] = []
  if (country !== undefined) attributes.push(attribute('2.5.4.6', der.printable(countryCode(country))))
  if (organization !== undefined)
    attributes.push(attribute('2.5.4.10', der.utf8(text(organization, 'an organization'))))
  if (unit !== undefined) attributes.push(attribute('2.5.4.11', der.utf8(text(unit, 'a unit'))))
  attributes.push(attribute('2.5.4.3', der.utf8(text(commonName, 'a common name'))))
  return der.sequence(...attributes)
}

/** The longest text an attribute of a subject may have [RFC 5280 appendix A.1]. */
export const longestName = 64

function text(value: string, what: string): string {
  if ([...value].length > longestName)
    throw invalid(`${shown(value)} is too long for ${what}, which has at most ${longestName} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (value.trim() === '' || /[\u0000-\u001f\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}/u.test(value) || !value.isWellFormed())
    throw invalid(`${shown(value)} cannot be ${what}: it is empty, or has characters that cannot be seen`)
  return value
}

function countryCode(value: string): string {
  if (!/^[A-Z]{2}$/.test(value)) throw invalid(`${shown(value)} is not a country: two upper-case letters`)
  return value
}

function attribute(oid: string, value: Buffer): Buffer {
  return der.set(der.sequence(der.identifier(oid), value))
}

const Usage = { DigitalSignature: 0, KeyEncipherment: 2, CertificateSign: 5, CrlSign: 6 } as const

function extensionsOf(template: Template, signer: Signer): Buffer[] {
  const { profile, publicKey, names, crlUrl } = template
  const pathLength = pathLengths.get(profile)
  const isAuthority = pathLength !== undefined
  const alternative = encodeNames(names)
  const extensions = [
    extension('2.5.29.19', true, isAuthority ? authority(pathLength) : der.sequence()),
    extension('2.5.29.15', true, der.namedBits(...usagesOf(template))),
    extension('2.5.29.14', false, der.octets(keyIdOf(bitsOf(publicKey)))),
    extension('2.5.29.35', false, der.sequence(der.element(context(0), signer.keyId))),
  ]
  if (!isAuthority) extensions.push(extension('2.5.29.37', false, purposeOf(profile)))
  if (alternative !== null) extensions.push(extension('2.5.29.17', false, alternative))
  if (crlUrl !== undefined) extensions.push(extension('2.5.29.31', false, distributionPoint(crlUrl)))
  return extensions
}

/** How many authorities may stand below one: below a root, another root it vouches for, and one that issues. */
const pathLengths: ReadonlyMap<Profile, number> = new Map([
  ['root', 2],
  ['cross', 1],
  ['issuing', 0],
])

function authority(pathLength: number): Buffer {
  return der.sequence(der.boolean(true), der.integer(pathLength))
}

function usagesOf({ profile, publicKeyKind }: Template): readonly number[] {
  if (pathLengths.has(profile)) return [Usage.CertificateSign, Usage.CrlSign]
  // TLS 1.2 may have an RSA key decrypt.
  return publicKeyKind === 'rsa' ? [Usage.DigitalSignature, Usage.KeyEncipherment] : [Usage.DigitalSignature]
}

function purposeOf(profile: Profile): Buffer {
  return der.sequence(der.identifier(profile === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'))
}

function distributionPoint(url: string): Buffer {
  const name = der.element(context(6), Buffer.from(url, 'latin1'))
  return der.sequence(der.sequence(der.explicit(0, der.explicit(0, name))))
}

/** One extension; `isCritical` false is the default and not written. */
export function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der.boolean(true)] : []
  return der.sequence(der.identifier(oid), ...critical, der.octets(value))
}

/** The contents of the bit string that a SubjectPublicKeyInfo ends with. */
export function bitsOf(publicKey: Buffer): Buffer {
  const info = new Der(publicKey).inside(Tag.Sequence)
  info.inside(Tag.Sequence)
  return info.octets()
}

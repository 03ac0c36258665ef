import { hash } from 'node:crypto'
import type { CertificateFacts } from '../../engine/ports.ts'
import { attempt, context, Der, DerMistake, Tag } from './certificate-facts-der.ts'
import { asciiText, DistinguishedName, isUsable } from './certificate-facts-names.ts'

/** A certificate [RFC 5280], read without trusting a byte of it. */
export interface Certificate {
  readonly facts: CertificateFacts
  readonly der: Buffer
  /** The names as they are encoded. */
  readonly subjectKey: string
  readonly issuerKey: string
  /** The names as they are compared, to find the one by the other. */
  readonly subjectName: string
  readonly issuerName: string
  /** The contents of the serial number without leading zeros. */
  readonly serial: Buffer
  /** The contents of SubjectPublicKeyInfo's bit string: what others call the hash of the key is taken of it. */
  readonly publicKey: Buffer
  readonly isAuthority: boolean
  /** Its extended key usage, if it has any, allows clients. */
  readonly forClients: boolean
  /** Its key usage, if it has any, allows to sign revocation lists. */
  readonly signsLists: boolean
  /** It may sign answers of OCSP in the name of its issuer. */
  readonly signsStatus: boolean
  /** Where its status can be asked by OCSP. */
  readonly responders: readonly string[]
}

/** Larger ones are not looked at. */
const maximumBytes = 65_536
const maximumNames = 1_000
const maximumExtensions = 100

const Extension = {
  SubjectAlternativeName: '2.5.29.17',
  BasicConstraints: '2.5.29.19',
  KeyUsage: '2.5.29.15',
  ExtendedKeyUsage: '2.5.29.37',
  AuthorityInformation: '1.3.6.1.5.5.7.1.1',
} as const

const Purpose = { Any: '2.5.29.37.0', Client: '1.3.6.1.5.5.7.3.2', OcspSigning: '1.3.6.1.5.5.7.3.9' } as const
const ocsp = '1.3.6.1.5.5.7.48.1'
const signsListsBit = 0x02

/** What a certificate in DER says, or what is wrong with it. */
export function readCertificate(der: Buffer): Certificate | string {
  if (der.length > maximumBytes) return `it has more than ${maximumBytes} bytes`
  return attempt(() => certificateOf(der))
}

function certificateOf(der: Buffer): Certificate {
  const outer = new Der(der)
  const whole = outer.inside(Tag.Sequence)
  outer.finish()
  const body = whole.inside(Tag.Sequence)
  whole.inside(Tag.Sequence)
  whole.octets()
  whole.finish()
  body.optional(context(0, true))
  const serial = body.value(Tag.Integer)
  body.inside(Tag.Sequence)
  const issuer = body.element()
  const validity = body.inside(Tag.Sequence)
  const notBefore = validity.time()
  const notAfter = validity.time()
  validity.finish()
  const subject = body.element()
  const keyInfo = body.inside(Tag.Sequence)
  keyInfo.inside(Tag.Sequence)
  const publicKey = keyInfo.octets()
  body.optional(context(1))
  body.optional(context(2))
  const said = extensionsOf(body.optional(context(3, true)))
  body.finish()
  const name = nameOf(subject)
  const authority = nameOf(issuer)
  const facts = {
    subject: name.toString(),
    commonNames: name.values('CN'),
    dns: said.dns,
    uris: said.uris,
    addresses: said.addresses,
    emails: said.emails,
    issuer: authority.toString(),
    serial: serialText(serial),
    sha1: hash('sha1', der),
    sha256: hash('sha256', der),
    notBefore,
    notAfter,
  }
  const { isAuthority, keyUsage, purposes, responders } = said
  return {
    facts,
    der,
    subjectKey: subject.toString('latin1'),
    issuerKey: issuer.toString('latin1'),
    subjectName: name.toKey(),
    issuerName: authority.toKey(),
    serial: withoutZeros(serial),
    publicKey,
    isAuthority,
    forClients: purposes === null || purposes.includes(Purpose.Client) || purposes.includes(Purpose.Any),
    signsLists: keyUsage === null || ((keyUsage[1] ?? 0) & signsListsBit) !== 0,
    signsStatus: purposes?.includes(Purpose.OcspSigning) ?? false,
    responders,
  }
}

/** What the extensions say; what a certificate does not say stays as it is here. */
class Extensions {
  readonly dns: string[] = []
  readonly uris: string[] = []
  readonly addresses: string[] = []
  readonly emails: string[] = []
  isAuthority = false
  keyUsage: Buffer | null = null
  purposes: readonly string[] | null = null
  responders: readonly string[] = []

  read(oid: string, value: Der): void {
    if (oid === Extension.SubjectAlternativeName) this.#readNames(value.inside(Tag.Sequence))
    else if (oid === Extension.BasicConstraints) {
      const constraints = value.inside(Tag.Sequence)
      this.isAuthority = constraints.tag === Tag.Boolean && constraints.boolean()
    } else if (oid === Extension.KeyUsage) this.keyUsage = value.value(Tag.BitString)
    else if (oid === Extension.ExtendedKeyUsage) this.purposes = purposesOf(value.inside(Tag.Sequence))
    else if (oid === Extension.AuthorityInformation) this.responders = respondersOf(value.inside(Tag.Sequence))
    else return
    value.finish()
  }

  /** GeneralNames [RFC 5280 4.2.1.6]. A name that cannot be used is as if it were not there. */
  #readNames(names: Der): void {
    for (let count = 0; names.more; count++) {
      if (count === maximumNames) throw new DerMistake('it has too many names')
      const { tag } = names
      if (tag === context(1)) keep(this.emails, asciiText(names.value(tag)))
      else if (tag === context(2)) keep(this.dns, asciiText(names.value(tag)))
      else if (tag === context(6)) keep(this.uris, asciiText(names.value(tag)))
      else if (tag === context(7)) keep(this.addresses, addressText(names.value(tag)))
      else names.element()
    }
  }
}

function extensionsOf(wrapper: Der | null): Extensions {
  const said = new Extensions()
  if (wrapper === null) return said
  const list = wrapper.inside(Tag.Sequence)
  wrapper.finish()
  const seen = new Set<string>()
  while (list.more) {
    const extension = list.inside(Tag.Sequence)
    const oid = extension.oid()
    if (seen.has(oid) || seen.size === maximumExtensions) throw new DerMistake('it has an extension twice, or too many')
    seen.add(oid)
    if (extension.tag === Tag.Boolean) extension.boolean()
    const value = extension.inside(Tag.OctetString)
    extension.finish()
    said.read(oid, value)
  }
  return said
}

function purposesOf(list: Der): string[] {
  const purposes: string[] = []
  while (list.more) purposes.push(list.oid())
  return purposes
}

function respondersOf(list: Der): string[] {
  const responders: string[] = []
  while (list.more) {
    const access = list.inside(Tag.Sequence)
    const method = access.oid()
    if (method === ocsp && access.tag === context(6)) keep(responders, asciiText(access.value(context(6))))
  }
  return responders
}

function keep(names: string[], name: string | null): void {
  if (isUsable(name)) names.push(name)
}

function nameOf(element: Buffer): DistinguishedName {
  return new DistinguishedName(new Der(element).inside(Tag.Sequence))
}

/** The text of an address: RFC 5952 for IPv6; null for what is none. */
function addressText(bytes: Buffer): string | null {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return null
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  if (groups.slice(0, 6).join() === '0,0,0,0,0,ffff') return `::ffff:${bytes.subarray(12).join('.')}`
  const [longest] = [...groups.join(':').matchAll(/\b0(:0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length)
  if (longest === undefined) return groups.join(':')
  const text = groups.join(':')
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`
}

/** The contents of a number, from its first digit on. */
export function withoutZeros(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first)
}

function serialText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^0+(?=.)/, '')
}

import { createPublicKey, type KeyObject } from 'node:crypto'
import { pemBlocks } from '../revocation/revocation-pem.ts'
import { isSignedBy, readSigned } from '../revocation/revocation-signature.ts'
import { type AlternativeNames, checkedNames, invalid } from './alternative-names.ts'
import { context, Der, DerMistake, Tag } from './certificate-facts-der.ts'
import { asciiText, DistinguishedName } from './certificate-facts-names.ts'
import { weakness } from './private-key.ts'

/**
 * A request for a certificate [RFC 2986], of which nothing but the key is taken as it is: names have to be allowed by
 * whoever issues, and what the certificate may be used for is decided there.
 */
export interface SigningRequest {
  /** SubjectPublicKeyInfo, in its encoding. */
  readonly publicKey: Buffer
  readonly key: KeyObject
  /** The form of RFC 4514. */
  readonly subject: string
  readonly commonNames: readonly string[]
  readonly names: AlternativeNames
  /** Object identifiers of what it asks for besides, and does not get. */
  readonly ignored: readonly string[]
}

const maximumBytes = 65_536
const maximumNames = 200

/**
 * Reads a request, PEM or DER, and checks that whoever made it has the key.
 *
 * @throws BrokerError CA_REQUEST_INVALID
 */
export async function readSigningRequest(bytes: Buffer, file: string): Promise<SigningRequest> {
  if (bytes.length > maximumBytes) throw invalid(`${file} has more than ${maximumBytes} bytes: that is no request`)
  try {
    return await requestOf(derOf(bytes))
  } catch (error) {
    if (error instanceof DerMistake) throw invalid(`${file} is no request that can be signed: ${error.message}`)
    throw error
  }
}

function derOf(bytes: Buffer): Buffer {
  if (!bytes.includes('-----BEGIN ')) return bytes
  const blocks = [...pemBlocks(bytes, 'CERTIFICATE REQUEST'), ...pemBlocks(bytes, 'NEW CERTIFICATE REQUEST')]
  const [request, ...others] = blocks
  if (request === undefined) throw new DerMistake('it has no CERTIFICATE REQUEST')
  if (others.length > 0) throw new DerMistake('it has more than one request')
  return request
}

async function requestOf(der: Buffer): Promise<SigningRequest> {
  const outer = new Der(der)
  const whole = outer.inside(Tag.Sequence)
  outer.finish()
  const signed = readSigned(whole)
  whole.finish()
  const body = new Der(signed.body).inside(Tag.Sequence)
  body.value(Tag.Integer)
  const name = new DistinguishedName(body.inside(Tag.Sequence))
  const publicKey = body.element()
  const wanted = wantedOf(body.optional(context(0, true)))
  body.finish()
  const key = keyOf(publicKey)
  const weak = weakness(key)
  if (weak !== null) throw new DerMistake(weak)
  if (!(await isSignedBy(signed, key))) throw new DerMistake('it is not signed with the key it asks for')
  const subject = name.toString()
  const commonNames = name.values('CN')
  // A common name that cannot be used is not among the values.
  if (commonNames.length === 0 && /(^|[,+])CN=/.test(subject)) throw new DerMistake('its common name cannot be used')
  return { publicKey, key, subject, commonNames, ...wanted }
}

function keyOf(publicKey: Buffer): KeyObject {
  try {
    return createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
  } catch {
    throw new DerMistake('its key cannot be read')
  }
}

interface Wanted {
  readonly names: AlternativeNames
  readonly ignored: readonly string[]
}

const Wish = { Names: '2.5.29.17', Constraints: '2.5.29.19', KeyUsage: '2.5.29.15' } as const

/** What every certificate says anyway, in its own way. */
const common: ReadonlySet<string> = new Set(['2.5.29.14', '2.5.29.37'])

const extensionRequest = '1.2.840.113549.1.9.14'

function wantedOf(attributes: Der | null): Wanted {
  const ignored: string[] = []
  let names: AlternativeNames | null = null
  while (attributes?.more) {
    const attribute = attributes.inside(Tag.Sequence)
    const isExtensions = attribute.oid() === extensionRequest
    const values = attribute.inside(Tag.Set)
    attribute.finish()
    const list = isExtensions ? values.inside(Tag.Sequence) : null
    while (list?.more) {
      const { oid, value } = extensionIn(list)
      if (oid === Wish.Names && names !== null) throw new DerMistake('it has names twice')
      if (oid === Wish.Names) names = namesIn(value)
      else if (oid === Wish.Constraints) refuseAuthority(value)
      else if (oid === Wish.KeyUsage) refuseSigner(value)
      else if (!common.has(oid)) ignored.push(oid)
    }
  }
  return { names: names ?? checkedNames({}), ignored }
}

function extensionIn(list: Der): { readonly oid: string; readonly value: Der } {
  const extension = list.inside(Tag.Sequence)
  const oid = extension.oid()
  if (extension.tag === Tag.Boolean) extension.boolean()
  const value = extension.inside(Tag.OctetString)
  extension.finish()
  return { oid, value }
}

function refuseAuthority(value: Der): void {
  const constraints = value.inside(Tag.Sequence)
  if (constraints.tag === Tag.Boolean && constraints.boolean()) throw new DerMistake('it asks to be an authority')
}

const certificateSign = 0x04
const crlSign = 0x02

function refuseSigner(value: Der): void {
  const usage = value.value(Tag.BitString)[1] ?? 0
  if ((usage & (certificateSign | crlSign)) !== 0) throw new DerMistake('it asks to sign as an authority does')
}

/** Every name must be usable: one that is left out in silence would be missed later. */
function namesIn(value: Der): AlternativeNames {
  const list = value.inside(Tag.Sequence)
  const names = { dns: [] as string[], addresses: [] as string[], uris: [] as string[], emails: [] as string[] }
  for (let count = 0; list.more; count++) {
    if (count === maximumNames) throw new DerMistake('it has too many names')
    const { tag } = list
    const contents = list.value(tag)
    if (tag === context(7)) names.addresses.push(addressOf(contents))
    else if (tag === context(1)) names.emails.push(textOf(contents))
    else if (tag === context(2)) names.dns.push(textOf(contents))
    else if (tag === context(6)) names.uris.push(textOf(contents))
    else throw new DerMistake('it asks for a kind of name other than DNS, IP, URI and e-mail')
  }
  return checkedNames(names)
}

function textOf(contents: Buffer): string {
  const text = asciiText(contents)
  if (text === null) throw new DerMistake('it asks for a name that cannot be used')
  return text
}

function addressOf(contents: Buffer): string {
  if (contents.length === 4) return contents.join('.')
  if (contents.length !== 16) throw new DerMistake('it asks for an address that is none')
  return Array.from({ length: 8 }, (_, index) => contents.readUInt16BE(index * 2).toString(16)).join(':')
}

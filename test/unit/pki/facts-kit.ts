import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'

/** Certificates and what belongs to them, made byte by byte: also such as no authority would sign. */

export function seq(...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts)
  if (contents.length < 65_536) return encoded(Tag.Sequence, contents)
  const head = Buffer.alloc(6, Buffer.from([Tag.Sequence, 0x84]))
  head.writeUInt32BE(contents.length, 2)
  // The shortest way to write the length.
  const digits = head.subarray(contents.length < 0x100_0000 ? 3 : 2)
  return Buffer.concat([Buffer.from([Tag.Sequence, 0x80 | digits.length]), digits, contents])
}
export const utf8 = (text: string): Buffer => encoded(Tag.Utf8String, Buffer.from(text))
export const explicit = (number: number, ...parts: readonly Buffer[]): Buffer => encoded(0xa0 | number, ...parts)
export const implicit = (number: number, contents: Buffer): Buffer => encoded(0x80 | number, contents)
export const octets = (contents: Buffer): Buffer => encoded(Tag.OctetString, contents)
export const bits = (contents: Buffer): Buffer => encoded(Tag.BitString, Buffer.alloc(1), contents)
export function integer(contents: Buffer): Buffer {
  const first = contents.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.alloc(1) : contents.subarray(first)
  return encoded(Tag.Integer, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits)
}
const yes = encoded(Tag.Boolean, Buffer.from([0xff]))

export function oid(text: string): Buffer {
  const [root = 0, second = 0, ...arcs] = text.split('.').map(Number)
  return encoded(Tag.Oid, Buffer.from([root * 40 + second, ...arcs].flatMap(base128)))
}

function base128(arc: number): number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) | 0x80)
  return digits
}

export function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return encoded(Tag.GeneralizedTime, Buffer.from(text))
}

const attributes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
}

/** `[['O', 'Example'], ['CN', 'pump']]`, in the order of the encoding; a value may be given as an element. */
export type Name = readonly (readonly [string, string | Buffer])[] | Buffer

export function nameOf(name: Name): Buffer {
  if (Buffer.isBuffer(name)) return name
  const pairs = name.map(([type, value]) =>
    encoded(Tag.Set, seq(oid(attributes[type] ?? type), typeof value === 'string' ? utf8(value) : value)),
  )
  return seq(...pairs)
}

export interface Holder {
  readonly name: Name
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly certificate: Buffer
  readonly serial: Buffer
}

export interface Wishes {
  readonly name: Name
  /** Signed by itself without. */
  readonly issuer?: Holder
  readonly keys?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly kind?: 'ec' | 'rsa' | 'ed25519'
  readonly serial?: Buffer
  readonly notBefore?: number
  readonly notAfter?: number
  readonly authority?: boolean
  /** Identifiers of the extended key usage. */
  readonly purposes?: readonly string[]
  /** The bits of the key usage, most significant first. */
  readonly usage?: number
  /** GeneralNames as elements. */
  readonly names?: readonly Buffer[]
  readonly responder?: string
  /** Further extensions as elements. */
  readonly extensions?: readonly Buffer[]
}

export const purpose = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', ocsp: '1.3.6.1.5.5.7.3.9' }
export const dns = (text: string): Buffer => implicit(2, Buffer.from(text, 'latin1'))
export const uri = (text: string): Buffer => implicit(6, Buffer.from(text, 'latin1'))
export const email = (text: string): Buffer => implicit(1, Buffer.from(text, 'latin1'))
export const address = (hex: string): Buffer => implicit(7, Buffer.from(hex, 'hex'))

export function extension(identifier: string, value: Buffer, critical = false): Buffer {
  return seq(oid(identifier), ...(critical ? [yes] : []), octets(value))
}

function keysOf(kind: 'ec' | 'rsa' | 'ed25519') {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
}

const day = 86_400_000

/** A key and a certificate for it. */
export function holder(wishes: Wishes): Holder {
  const { privateKey, publicKey } = wishes.keys ?? keysOf(wishes.kind ?? 'ec')
  const { issuer, name } = wishes
  const signer = issuer?.privateKey ?? privateKey
  const serial = wishes.serial ?? randomBytes(16)
  const now = Date.now()
  const body = seq(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithmOf(signer),
    nameOf(issuer?.name ?? name),
    seq(time(wishes.notBefore ?? now - day), time(wishes.notAfter ?? now + day)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...extensionsOf(wishes),
  )
  return { name, privateKey, publicKey, serial, certificate: signed(body, signer) }
}

function extensionsOf({ authority, purposes, usage, names, responder, extensions = [] }: Wishes): Buffer[] {
  const all = [...extensions]
  if (authority === true) all.push(extension('2.5.29.19', seq(yes), true))
  if (purposes !== undefined) all.push(extension('2.5.29.37', seq(...purposes.map(oid))))
  if (usage !== undefined) all.push(extension('2.5.29.15', encoded(Tag.BitString, Buffer.from([0, usage])), true))
  if (names !== undefined) all.push(extension('2.5.29.17', seq(...names)))
  if (responder !== undefined)
    all.push(extension('1.3.6.1.5.5.7.1.1', seq(seq(oid('1.3.6.1.5.5.7.48.1'), uri(responder)))))
  return all.length === 0 ? [] : [explicit(3, seq(...all))]
}

function algorithmOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'rsa') return seq(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0]))
  return seq(oid(key.asymmetricKeyType === 'ec' ? '1.2.840.10045.4.3.2' : '1.3.101.112'))
}

/** Something with its signature. */
export function signed(body: Buffer, key: KeyObject, ...more: readonly Buffer[]): Buffer {
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return seq(body, algorithmOf(key), bits(sign(digest, body, key)), ...more)
}

export interface ListWishes {
  readonly serials?: readonly Buffer[]
  /** All entries, in place of serial numbers. */
  readonly entries?: Buffer
  readonly thisUpdate?: number
  readonly nextUpdate?: number | null
  readonly extensions?: readonly Buffer[]
}

/** A certificate revocation list. */
export function revocationList(issuer: Holder, wishes: ListWishes = {}): Buffer {
  const now = Date.now()
  const { serials = [], thisUpdate = now - 1_000, nextUpdate = now + day, extensions = [] } = wishes
  const entries = wishes.entries ?? Buffer.concat(serials.map((serial) => seq(integer(serial), time(now))))
  const body = seq(
    integer(Buffer.from([1])),
    algorithmOf(issuer.privateKey),
    nameOf(issuer.name),
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [entries]).map((all) => seq(all)),
    ...(extensions.length === 0 ? [] : [explicit(0, seq(...extensions))]),
  )
  return signed(body, issuer.privateKey)
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

export function certificatePem(...holders: readonly Holder[]): string {
  return holders.map(({ certificate }) => pem('CERTIFICATE', certificate)).join('')
}

export function keyPem({ privateKey }: Holder): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function thumbprint(der: Buffer, algorithm: 'sha1' | 'sha256' = 'sha256'): string {
  return createHash(algorithm).update(der).digest('hex')
}

import { setImmediate } from 'node:timers/promises'
import { withoutZeros } from '../certificate/certificate-facts.ts'
import { context, Der, DerMistake, Tag } from '../certificate/certificate-facts-der.ts'
import { DistinguishedName } from '../certificate/certificate-facts-names.ts'
import { SerialSet } from './revocation-serials.ts'
import { readSigned, type Signed } from './revocation-signature.ts'

/** A certificate revocation list [RFC 5280 5]. */
export interface RevocationList {
  readonly issuer: string
  /** The name of the issuer as it is encoded, and as it is compared. */
  readonly issuerKey: string
  readonly issuerName: string
  /** Wall-clock milliseconds since 1970. */
  readonly thisUpdate: number
  /** Null for a list that does not say when the next comes. */
  readonly nextUpdate: number | null
  /** Whose certificates it is about. */
  readonly scope: 'all' | 'users' | 'authorities'
  readonly revoked: SerialSet
}

/** A list, and what is needed to verify it: as large as the file, so to be let go of then. */
export interface SignedList {
  readonly list: RevocationList
  readonly signed: Signed
}

const Extension = { DeltaIndicator: '2.5.29.27', DistributionPoint: '2.5.29.28' } as const

/** What a list may say that need not be looked at: number, key of the authority, freshest list, names, information. */
const ignored: ReadonlySet<string> = new Set(['2.5.29.20', '2.5.29.35', '2.5.29.46', '2.5.29.18', '1.3.6.1.5.5.7.1.1'])

/** Entries read between two chances for others. */
const slice = 8_192

/**
 * Reads a list in DER, a slice at a time. The signature is not verified.
 *
 * @throws DerMistake
 */
export async function readRevocationList(der: Buffer): Promise<RevocationList> {
  return (await readSignedList(der)).list
}

/**
 * The same, with what is needed to verify it.
 *
 * @throws DerMistake
 */
export async function readSignedList(der: Buffer): Promise<SignedList> {
  const outer = new Der(der)
  const whole = outer.inside(Tag.Sequence)
  outer.finish()
  const signed = readSigned(whole)
  whole.finish()
  const body = new Der(signed.body).inside(Tag.Sequence)
  if (body.tag === Tag.Integer) body.element()
  if (!body.element().equals(signed.algorithm)) throw new DerMistake('it names two signature algorithms')
  const issuer = body.element()
  const thisUpdate = body.time()
  const nextUpdate = body.tag === Tag.UtcTime || body.tag === Tag.GeneralizedTime ? body.time() : null
  const entries = body.optional(Tag.Sequence)
  const scope = scopeOf(body.optional(context(0, true)))
  body.finish()
  const name = new DistinguishedName(new Der(issuer).inside(Tag.Sequence))
  const list = {
    issuer: name.toString(),
    issuerKey: issuer.toString('latin1'),
    issuerName: name.toKey(),
    thisUpdate,
    nextUpdate,
    scope,
    revoked: await serialsOf(entries ?? new Der(Buffer.alloc(0))),
  }
  return { list, signed }
}

async function serialsOf(entries: Der): Promise<SerialSet> {
  // An entry has a date, too, so that its length and its serial number need less room than all of it.
  const serials = new SerialSet(entries.rest().length)
  for (let count = 1; entries.more; count++) {
    const serial = entries.inside(Tag.Sequence).value(Tag.Integer)
    if (serial.length > 64) throw new DerMistake('a serial number is too long')
    serials.add(serial[0] === 0 ? withoutZeros(serial) : serial)
    if (count % slice === 0) await setImmediate()
  }
  await serials.seal()
  return serials
}

function scopeOf(wrapper: Der | null): RevocationList['scope'] {
  if (wrapper === null) return 'all'
  const list = wrapper.inside(Tag.Sequence)
  wrapper.finish()
  let scope: RevocationList['scope'] = 'all'
  while (list.more) {
    const extension = list.inside(Tag.Sequence)
    const oid = extension.oid()
    const critical = extension.tag === Tag.Boolean && extension.boolean()
    const value = extension.inside(Tag.OctetString)
    extension.finish()
    if (oid === Extension.DeltaIndicator) throw new DerMistake('it is a delta: give the complete list in its place')
    if (oid === Extension.DistributionPoint) scope = distributionScope(value.inside(Tag.Sequence))
    else if (critical && !ignored.has(oid)) throw new DerMistake(`it has a critical extension not known here (${oid})`)
  }
  return scope
}

/** IssuingDistributionPoint [RFC 5280 5.2.5]. */
function distributionScope(point: Der): RevocationList['scope'] {
  point.optional(context(0, true))
  const users = isSaid(point.optional(context(1)))
  const authorities = isSaid(point.optional(context(2)))
  point.optional(context(3))
  if (isSaid(point.optional(context(4)))) throw new DerMistake('it is for certificates of several authorities')
  if (isSaid(point.optional(context(5)))) throw new DerMistake('it is for attribute certificates only')
  point.finish()
  if (users === authorities) return 'all'
  return users ? 'users' : 'authorities'
}

function isSaid(flag: Der | null): boolean {
  return flag?.rest().some((byte) => byte !== 0) ?? false
}

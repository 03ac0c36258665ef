import { hash } from 'node:crypto'
import type { Certificate } from '../certificate/certificate-facts.ts'
import { attempt, Der, encoded, Tag } from '../certificate/certificate-facts-der.ts'

/** The number of points of P-256, P-384, P-521 and secp256k1. */
const orders: readonly bigint[] = [
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
]

/** Identifiers of ECDSA begin with 1.2.840.10045.4. */
const ecdsa = Buffer.from('2a8648ce3d04', 'hex')

/** What identifies a certificate. */
export interface Thumbprints {
  readonly sha1: string
  readonly sha256: string
}

const known = new WeakMap<Certificate, readonly Thumbprints[]>()

/**
 * The thumbprints that a certificate has when its signature is replaced by the other one that is as good: of an ECDSA
 * signature (r, s), (r, n - s) verifies, too. Whoever has a certificate can make its twin, which no list of thumbprints
 * knows.
 */
export function twinsOf(certificate: Certificate): readonly Thumbprints[] {
  let twins = known.get(certificate)
  if (twins === undefined) {
    const made = attempt(() => twinsIn(certificate.der))
    twins = typeof made === 'string' ? [] : made
    known.set(certificate, twins)
  }
  return twins
}

function twinsIn(der: Buffer): Thumbprints[] {
  const whole = new Der(der).inside(Tag.Sequence)
  const body = whole.element()
  const algorithm = whole.element()
  const oid = new Der(algorithm).inside(Tag.Sequence).value(Tag.Oid)
  if (!oid.subarray(0, ecdsa.length).equals(ecdsa)) return []
  const pair = new Der(whole.octets()).inside(Tag.Sequence)
  const r = pair.element()
  const s = BigInt(`0x0${pair.value(Tag.Integer).toString('hex')}`)
  const twins: Thumbprints[] = []
  for (const order of orders) {
    // Nobody has a number of this curve that is so much shorter than its order.
    if (s === 0n || s >= order || r.length + 8 < bytesOf(order)) continue
    const signature = encoded(Tag.Sequence, r, integer(order - s))
    const twin = encoded(Tag.Sequence, body, algorithm, encoded(Tag.BitString, Buffer.alloc(1), signature))
    twins.push({ sha1: hash('sha1', twin), sha256: hash('sha256', twin) })
  }
  return twins
}

function bytesOf(value: bigint): number {
  return Math.ceil(value.toString(16).length / 2)
}

function integer(value: bigint): Buffer {
  const digits = value.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return encoded(Tag.Integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
}

import { setImmediate } from 'node:timers/promises'
import { context } from '../certificate/certificate-facts-der.ts'
import { extension, type Signer } from '../certificate/certificate-issue.ts'
import * as der from '../certificate/der-write.ts'
import { signatureAlgorithm, signatureOf } from '../certificate/private-key.ts'
import { type RevocationReason, revocationReasons } from './revoke-reasons.ts'

export interface Revoked {
  /** Hexadecimal. */
  readonly serial: string
  /** Wall-clock milliseconds since 1970. */
  readonly time: number
  readonly reason: RevocationReason
}

export interface CrlTemplate {
  readonly number: number
  /** Wall-clock milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly revoked: Iterable<Revoked>
}

/** Entries written between two chances for others. */
const slice = 4_096

/** Makes a certificate revocation list [RFC 5280 5.1] and signs it. */
export async function signCrl(
  { number, thisUpdate, nextUpdate, revoked }: CrlTemplate,
  signer: Signer,
): Promise<Buffer> {
  const algorithm = signatureAlgorithm(signer.privateKey)
  const entries: Buffer[] = []
  for (const each of revoked) if (entries.push(entryOf(each)) % slice === 0) await setImmediate()
  const extensions = der.sequence(
    extension('2.5.29.35', false, der.sequence(der.element(context(0), signer.keyId))),
    extension('2.5.29.20', false, der.integer(number)),
  )
  const body = der.sequence(
    der.integer(1),
    algorithm,
    signer.subject,
    der.time(thisUpdate),
    der.time(nextUpdate),
    ...(entries.length === 0 ? [] : [der.sequence(Buffer.concat(entries))]),
    der.explicit(0, extensions),
  )
  return der.sequence(body, algorithm, der.bits(await signatureOf(body, signer.privateKey)))
}

function entryOf({ serial, time, reason }: Revoked): Buffer {
  const code = revocationReasons[reason]
  const said = code === 0 ? [] : [der.sequence(extension('2.5.29.21', false, der.enumerated(code)))]
  return der.sequence(der.integer(Buffer.from(serial, 'hex')), der.time(time), ...said)
}

import { compactVerify } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { quoted } from './claims-path.ts'
import type { Key, KeySource } from './keys.ts'
import type { Token } from './token-text.ts'

/** `unavailable`: nobody can say at the moment. */
export interface SignatureFault {
  readonly fault: string
  readonly unavailable: boolean
}

/** Each try costs; among keys without names more are of no use. */
const maximumTries = 16

/**
 * The key a token was signed with. If it is not among those known, the source is asked for newer ones, which it does only so
 * often.
 */
export async function signingKey(token: Token, source: KeySource, clock: Clock): Promise<Key | SignatureFault> {
  const before = source.keys
  let found = await matching(token, before, clock)
  if ('fault' in found && found.unknown) {
    await source.refresh()
    if (source.keys !== before) found = await matching(token, source.keys, clock)
  }
  if (!('fault' in found)) return found
  if (source.keys !== null && (source.trouble === null || !found.unknown))
    return { fault: found.fault, unavailable: false }
  const why = source.trouble === null ? '' : `; newer ones cannot be fetched: ${source.trouble}`
  return { fault: `${found.fault}${why}`, unavailable: true }
}

interface Mismatch {
  readonly fault: string
  /** A key that is not known yet may be the right one. */
  readonly unknown: boolean
}

async function matching(token: Token, keys: readonly Key[] | null, clock: Clock): Promise<Key | Mismatch> {
  const { algorithm, keyId } = token
  if (keys === null) return { fault: 'cannot be checked without keys', unknown: true }
  const named = keys.filter(({ id }) => keyId === null || id === null || id === keyId)
  if (named.length === 0)
    return { fault: `is signed with the key ${quoted(keyId)}, which is not among those of the issuer`, unknown: true }
  const fitting = named.filter((key) => isFor(key, algorithm))
  if (fitting.length === 0)
    return { fault: `is signed with ${algorithm}, which none of the keys is for`, unknown: keyId === null }
  const now = clock.wall()
  const valid = fitting.filter(({ notBefore, notAfter }) => notBefore <= now && now < notAfter)
  if (valid.length === 0)
    return { fault: 'is signed with a key whose certificate expired, or is not valid yet', unknown: false }
  for (const key of valid.slice(0, maximumTries)) {
    if (await verifies(token, key)) return key
  }
  return { fault: 'has a signature that is not right', unknown: valid.every(({ id }) => id === null) || keyId === null }
}

function isFor({ algorithms }: Key, algorithm: string): boolean {
  return algorithms.some((name) => name === algorithm)
}

async function verifies({ text, algorithm }: Token, { publicKey }: Key): Promise<boolean> {
  try {
    await compactVerify(text, publicKey, { algorithms: [algorithm] })
    return true
  } catch {
    // Whatever it is that jose does not like, the signature does not hold.
    return false
  }
}

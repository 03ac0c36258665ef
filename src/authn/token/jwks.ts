import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { type Key, keyOf, maximumKeys } from './keys.ts'
import { isRecord } from './token-json.ts'

/** Longer ones are not looked at, in tokens either. */
export const maximumKeyIdLength = 256

/** The keys of a JSON Web Key Set [RFC 7517], and why others in it cannot be used. */
export interface KeySet {
  readonly keys: readonly Key[]
  readonly skipped: readonly string[]
}

/**
 * Reads a JSON Web Key Set.
 *
 * @throws Error saying what is wrong with it; also when no key in it can be used.
 */
export function parseKeySet(text: string): KeySet {
  const entries = entriesOf(text)
  const keys: Key[] = []
  const skipped: string[] = []
  entries.forEach((entry: unknown, index) => {
    const key = isRecord(entry) ? keyOfEntry(entry) : 'it is not an object'
    if (typeof key === 'string') skipped.push(`key ${index + 1}: ${key}`)
    else if (key !== null) keys.push(key)
  })
  if (keys.length === 0) throw new Error(`no key in it can be used${skipped.map((why) => `; ${why}`).join('')}`)
  return { keys, skipped }
}

function entriesOf(text: string): readonly unknown[] {
  const set = parsed(text)
  if (!isRecord(set) || !Array.isArray(set.keys))
    throw new Error('it is not a JSON Web Key Set: there is no list "keys"')
  const entries: readonly unknown[] = set.keys
  if (entries.length > maximumKeys) throw new Error(`there are more than ${maximumKeys} keys in it`)
  return entries
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
}

/** Null for a key for something else, as is usual. */
function keyOfEntry(entry: Readonly<Record<string, unknown>>): Key | string | null {
  const { kty, kid = null, use, key_ops: operations, alg } = entry
  if (use !== undefined && use !== 'sig') return null
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return null
  if (kty === 'oct') return 'it is a secret key, and tokens are not checked with secrets'
  if (entry.d !== undefined) return 'it has its private part, which only the issuer should have'
  if (kid !== null && (typeof kid !== 'string' || kid.length > maximumKeyIdLength))
    return 'its kid is not a text, or too long'
  const key = publicKeyOf(entry, kid)
  if (typeof key === 'string' || alg === undefined) return key
  const algorithms = key.algorithms.filter((algorithm) => algorithm === alg)
  return algorithms.length === 0 ? 'its alg is not one for a key of its type' : { ...key, algorithms }
}

function publicKeyOf(entry: Readonly<Record<string, unknown>>, id: string | null): Key | string {
  const key: JsonWebKey = {}
  for (const name of ['kty', 'n', 'e', 'crv', 'x', 'y'] as const) {
    const value = entry[name]
    if (typeof value === 'string') key[name] = value
  }
  try {
    return keyOf(createPublicKey({ key, format: 'jwk' }), id)
  } catch {
    return 'it is not a valid key of a known type'
  }
}

import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import saslprep from '@mongodb-js/saslprep'
import { bytesOf } from '../password/hash-base64.ts'

/** The authentication methods of RFC 5802 and RFC 7677 that are known here, and the hash function of each. */
export const scramDigests = {
  'SCRAM-SHA-256': { name: 'sha256', length: 32 },
  'SCRAM-SHA-512': { name: 'sha512', length: 64 },
} as const

export type ScramMethod = keyof typeof scramDigests

export const scramMethods: readonly ScramMethod[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512']

/** What is kept of a password for SCRAM: enough to check a proof, not enough to make one. */
export interface ScramVerifier {
  readonly method: ScramMethod
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

// The client does the work, not the broker.
const leastScramIterations = 4_096
const mostScramIterations = 10_000_000
const maximumSalt = 64
export const usualScramSalt = 16
/** A tenth of a second when RFC 7677 was written, and some hundredths on a small device of today. */
export const usualScramIterations = 15_000

const derive = promisify(pbkdf2)

/** Reads `method$iterations:salt$storedKey:serverKey` [RFC 5803]; a text says what is wrong with it. */
export function parseVerifier(text: string): ScramVerifier | string {
  const [name = '', cost = '', keys = '', ...rest] = text.split('$')
  const method = scramMethods.find((known) => known === name)
  if (method === undefined) return 'is no SCRAM verifier: it must begin with SCRAM-SHA-256$ or SCRAM-SHA-512$'
  const [count = '', salt64 = '', ...restOfCost] = cost.split(':')
  const [stored64 = '', server64 = '', ...restOfKeys] = keys.split(':')
  const { length } = scramDigests[method]
  const salt = bytesOf(salt64, 1, maximumSalt)
  const storedKey = bytesOf(stored64, length, length)
  const serverKey = bytesOf(server64, length, length)
  const surplus = rest.length + restOfCost.length + restOfKeys.length > 0
  if (salt === null || storedKey === null || serverKey === null || surplus)
    return `is damaged: it must be ${method}$iterations:salt$storedKey:serverKey`
  const iterations = /^\d{1,8}$/.test(count) ? Number(count) : 0
  if (iterations < leastScramIterations || iterations > mostScramIterations)
    return `must have from ${leastScramIterations} to ${mostScramIterations} iterations`
  return { method, iterations, salt, storedKey, serverKey }
}

/** Makes the verifier of a password, as a text; null when SASLprep does not allow the password. */
export async function createVerifier(
  method: ScramMethod,
  password: string,
  iterations = usualScramIterations,
  salt = randomBytes(usualScramSalt),
): Promise<string | null> {
  const prepared = prepare(password, false)
  if (prepared === null || prepared === '') return null
  const { name, length } = scramDigests[method]
  const salted = await derive(prepared, salt, iterations, length, name)
  const clientKey = createHmac(name, salted).update('Client Key').digest()
  const storedKey = createHash(name).update(clientKey).digest('base64')
  const serverKey = createHmac(name, salted).update('Server Key').digest('base64')
  return `${method}$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** SASLprep [RFC 4013], or null for a text it does not allow. A text that is asked for may have unassigned characters. */
export function prepare(text: string, asked: boolean): string | null {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  try {
    return saslprep(text, { allowUnassigned: asked })
  } catch {
    return null
  }
}

import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { bytesOf } from './hash-base64.ts'
import type { PasswordHash } from './password-hash.ts'

/** A second or two of work: more would let one client after the other keep everybody waiting. */
const maximumIterations = 2_000_000
const usualIterations = 210_000
const digestLength = 64
const maximumSalt = 1_024
/** All that older versions of Mosquitto take. */
const saltLength = 12

const derive = promisify(pbkdf2)

/** `$7$iterations$salt$hash`: PBKDF2 with HMAC-SHA-512, salt and hash in base64. */
export function pbkdf2Hash(text: string): PasswordHash | string {
  const [, , count = '', salt64 = '', digest64 = '', ...rest] = text.split('$')
  const iterations = /^\d{1,9}$/.test(count) ? Number(count) : 0
  const salt = bytesOf(salt64, 1, maximumSalt)
  const digest = bytesOf(digest64, digestLength, digestLength)
  if (salt === null || digest === null || iterations === 0 || rest.length > 0)
    return 'is damaged: it must be $7$iterations$salt$hash, with 64 bytes of hash'
  if (iterations > maximumIterations) return `takes ${iterations} iterations, and ${maximumIterations} are the most`
  return pbkdf2Of(iterations, salt, digest)
}

function pbkdf2Of(iterations: number, salt: Buffer, digest: Buffer): PasswordHash {
  return {
    effort: `$7$${iterations}`,
    matches: async (password) =>
      timingSafeEqual(await derive(password, salt, iterations, digestLength, 'sha512'), digest),
    decoy: () => pbkdf2Of(iterations, salt, randomBytes(digestLength)),
  }
}

/** `$6$salt$hash`: SHA-512 of password and salt, in base64. */
export function sha512Hash(text: string): PasswordHash | string {
  const [, , salt64 = '', digest64 = '', ...rest] = text.split('$')
  const salt = bytesOf(salt64, 1, maximumSalt)
  const digest = bytesOf(digest64, digestLength, digestLength)
  if (salt === null || digest === null || rest.length > 0)
    return 'is damaged: it must be $6$salt$hash, with 64 bytes of hash'
  return sha512Of(salt, digest)
}

function sha512Of(salt: Buffer, digest: Buffer): PasswordHash {
  return {
    effort: '$6$',
    // A few microseconds: a thread of the pool would cost more.
    matches: async (password) => timingSafeEqual(sha512(password, salt), digest),
    decoy: () => sha512Of(salt, randomBytes(digestLength)),
  }
}

function sha512(password: Buffer, salt: Buffer): Buffer {
  return createHash('sha512').update(password).update(salt).digest()
}

export async function createPbkdf2Hash(password: Buffer, iterations = usualIterations): Promise<string> {
  const salt = randomBytes(saltLength)
  const digest = await derive(password, salt, iterations, digestLength, 'sha512')
  return `$7$${iterations}$${salt.toString('base64')}$${digest.toString('base64')}`
}

export function createSha512Hash(password: Buffer): string {
  const salt = randomBytes(saltLength)
  return `$6$${salt.toString('base64')}$${sha512(password, salt).toString('base64')}`
}

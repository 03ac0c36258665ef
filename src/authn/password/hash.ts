import { argon2Hash, createArgon2Hash } from './hash-argon2.ts'
import { bcryptHash, createBcryptHash } from './hash-bcrypt.ts'
import { createPbkdf2Hash, createSha512Hash, pbkdf2Hash, sha512Hash } from './mosquitto-hash.ts'
import type { PasswordHash } from './password-hash.ts'

export const hashKinds = ['argon2id', 'sha512-pbkdf2', 'sha512', 'bcrypt'] as const
export type HashKind = (typeof hashKinds)[number]

/** Reads a hash as password files have it; a text says what is wrong with it, without repeating it. */
export function parseHash(text: string): PasswordHash | string {
  if (text.startsWith('$argon2')) return argon2Hash(text)
  if (text.startsWith('$7$')) return pbkdf2Hash(text)
  if (text.startsWith('$6$')) return sha512Hash(text)
  if (/^\$2[abxy]?\$/.test(text)) return bcryptHash(text)
  if (isHashed(text)) return 'is a hash of a kind that is not known here: argon2id, $7$, $6$ and bcrypt are'
  return 'is not hashed'
}

/** Whether a text looks like a hash of whatever kind, and not like a password. */
export function isHashed(text: string): boolean {
  return /^(\$[a-z0-9-]{1,16}\$|SCRAM-SHA|PBKDF2\$|\{[A-Z0-9-]{2,16}\})/i.test(text)
}

/** Makes a hash with a salt of its own. `iterations` is for `sha512-pbkdf2`. */
export async function hashPassword(kind: HashKind, password: Buffer, iterations?: number): Promise<string> {
  switch (kind) {
    case 'argon2id':
      return createArgon2Hash(password)
    case 'sha512-pbkdf2':
      return createPbkdf2Hash(password, iterations)
    case 'sha512':
      return createSha512Hash(password)
    case 'bcrypt':
      return createBcryptHash(password)
  }
}

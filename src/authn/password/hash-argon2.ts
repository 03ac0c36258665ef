import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'
import { bytesOf } from './hash-base64.ts'
import type { PasswordHash } from './password-hash.ts'

/** What one comparison may cost: 256 MiB of memory, and a second or so to fill it again and again. */
const maximumMemory = 262_144
const maximumWork = 1_048_576
const maximumParallelism = 16

/** The parameters OWASP recommends where 19 MiB of memory are to be enough. */
const usual: Parameters = { memory: 19_456, passes: 2, parallelism: 1 }
const usualSalt = 16
const usualDigest = 32

interface Parameters {
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

const pattern =
  /^\$argon2id\$v=19\$m=(?<memory>\d{1,10}),t=(?<passes>\d{1,10}),p=(?<parallelism>\d{1,10})\$(?<salt>[^$]+)\$(?<digest>[^$]+)$/

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, in base64 without `=`. */
export function argon2Hash(text: string): PasswordHash | string {
  if (!text.startsWith('$argon2id$')) return 'is Argon2, but not argon2id'
  const { memory, passes, parallelism, salt = '', digest = '' } = pattern.exec(text)?.groups ?? {}
  const saltBytes = bytesOf(salt, 8, 64)
  const digestBytes = bytesOf(digest, 12, 128)
  if (saltBytes === null || digestBytes === null)
    return 'is damaged: it must be $argon2id$v=19$m=memory,t=passes,p=parallelism$salt$hash'
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  return flaw(parameters) ?? argon2Of(parameters, saltBytes, digestBytes)
}

function flaw({ memory, passes, parallelism }: Parameters): string | null {
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) return 'has parameters that Argon2 does not allow'
  if (parallelism > maximumParallelism) return `has p=${parallelism}, and p=${maximumParallelism} is the most`
  if (memory > maximumMemory) return `has m=${memory}, and m=${maximumMemory} (256 MiB) is the most`
  if (memory * passes <= maximumWork) return null
  return `has m=${memory},t=${passes}: memory times passes may be ${maximumWork} at the most`
}

function argon2Of(parameters: Parameters, salt: Buffer, digest: Buffer): PasswordHash {
  const { memory, passes, parallelism } = parameters
  return {
    effort: `$argon2id$m=${memory},t=${passes},p=${parallelism}`,
    matches: async (password) => timingSafeEqual(await derive(password, parameters, salt, digest.length), digest),
    decoy: () => argon2Of(parameters, salt, randomBytes(digest.length)),
  }
}

export async function createArgon2Hash(password: Buffer): Promise<string> {
  const salt = randomBytes(usualSalt)
  const digest = await derive(password, usual, salt, usualDigest)
  const { memory, passes, parallelism } = usual
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(digest)}`
}

function derive(
  password: Buffer,
  { memory, passes, parallelism }: Parameters,
  salt: Buffer,
  outputLen: number,
): Promise<Buffer> {
  // The package makes argon2id of version 19 when not told otherwise.
  return hashRaw(password, { memoryCost: memory, timeCost: passes, parallelism, salt, outputLen })
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

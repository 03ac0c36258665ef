import { randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/bcrypt'
import type { PasswordHash } from './password-hash.ts'

/** Each step doubles the work; this is about two seconds. */
const maximumCost = 15
const usualCost = 12
/** The algorithm does not look at more. */
export const maximumBcryptPassword = 72

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
// The last character stands for 4 bits only.
const pattern = /^\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{52}[.CGKOSWaeimquy26]$/
/** Where the last character of the salt is: it stands for 2 bits. */
const saltEnd = 28
const digestStart = saltEnd + 1

/** `$2b$cost$salthash`, as well as `$2a$` and `$2y$`. */
export function bcryptHash(text: string): PasswordHash | string {
  const cost = Number(pattern.exec(text)?.groups?.cost ?? 0)
  if (cost < 4) return 'is damaged: it must be $2b$cost$ and 53 characters, with a cost of 04 or more'
  if (cost > maximumCost) return `has a cost of ${cost}, and ${maximumCost} is the most`
  return bcryptOf(withExactSalt(text), cost)
}

function bcryptOf(text: string, cost: number): PasswordHash {
  return {
    effort: `$2$${cost}`,
    matches: (password) => verify(password, text),
    // The end stays: bits in it must be zero.
    decoy: () => bcryptOf(text.slice(0, digestStart) + randomText(24) + text.slice(digestStart + 24), cost),
  }
}

export function createBcryptHash(password: Buffer): Promise<string> {
  return hash(password, { cost: usualCost })
}

/** Some programs leave bits in the salt that nobody looks at; the package refuses them. */
function withExactSalt(text: string): string {
  const index = alphabet.indexOf(text.charAt(saltEnd))
  return text.slice(0, saltEnd) + alphabet.charAt(index - (index % 16)) + text.slice(digestStart)
}

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}

import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'

/**
 * Remembers for a while which credentials were found right, so that clients that come back cost next to nothing. What is
 * kept is a keyed digest of the name, the stored hash and the password, under a key that never leaves the process: with
 * the stored hash changed, nothing that was remembered fits any more.
 */
export class VerifiedCredentials {
  readonly #clock: Clock
  readonly #maximum: number
  readonly #ttl: number
  readonly #key = randomBytes(32)
  /** When each ends; the one not used for the longest time first. */
  readonly #ends = new Map<string, number>()
  readonly #underway = new Map<string, Promise<boolean | null>>()

  /** With a `maximum` of 0 nothing is remembered. `ttl` is in milliseconds. */
  constructor(clock: Clock, maximum: number, ttl: number) {
    this.#clock = clock
    this.#maximum = maximum
    this.#ttl = ttl
  }

  get size(): number {
    return this.#ends.size
  }

  digest(name: string, hash: string, password: Buffer): string {
    const lengths = `${Buffer.byteLength(name)},${Buffer.byteLength(hash)},`
    return createHmac('sha256', this.#key).update(lengths).update(name).update(hash).update(password).digest('base64')
  }

  /** Whether credentials with this digest were found right not long ago. */
  has(digest: string): boolean {
    const end = this.#ends.get(digest)
    if (end === undefined) return false
    this.#ends.delete(digest)
    if (end <= this.#clock.wall()) return false
    this.#ends.set(digest, end)
    return true
  }

  /** Compares once for all who ask for the same at the same time, and remembers what was right. */
  check(digest: string, compare: () => Promise<boolean | null>): Promise<boolean | null> {
    const present = this.#underway.get(digest)
    if (present !== undefined) return present
    const result = this.#compared(digest, compare)
    this.#underway.set(digest, result)
    return result
  }

  async #compared(digest: string, compare: () => Promise<boolean | null>): Promise<boolean | null> {
    try {
      const right = await compare()
      if (right === true) this.#remember(digest)
      return right
    } finally {
      this.#underway.delete(digest)
    }
  }

  #remember(digest: string): void {
    if (this.#maximum === 0) return
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size < this.#maximum) break
      this.#ends.delete(oldest)
    }
    this.#ends.set(digest, this.#clock.wall() + this.#ttl)
  }
}

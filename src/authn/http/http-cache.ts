import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Claim, Decision } from './http-contract.ts'
import type { CacheOptions } from './http-options.ts'

interface Entry {
  /** Stands for all that was sent. */
  readonly proof: string
  readonly decision: Decision
  /** By the clock that never goes back. */
  readonly until: number
}

/**
 * Decisions that are used again for the same question. There is one for each client, the last: once the server says
 * anything new about a client, what it said before is gone. Of what was sent only a hash is kept, whose key is made at the
 * start and never leaves the process.
 */
export class HttpCache {
  readonly #options: CacheOptions
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  readonly #entries = new Map<string, Entry>()

  constructor(options: CacheOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  find(claim: Claim, question: Buffer): Decision | null {
    const entry = this.#entries.size === 0 ? undefined : this.#entries.get(this.#clientOf(claim))
    if (entry === undefined || entry.proof !== this.#hash(question)) return null
    this.#clock.refresh()
    return this.#clock.now() < entry.until && !isOver(entry.decision, this.#clock.wall()) ? entry.decision : null
  }

  keep(claim: Claim, question: Buffer, decision: Decision): void {
    if (decision.kind === 'none' || (this.#options.allowed === 0 && this.#options.denied === 0)) return
    const client = this.#clientOf(claim)
    this.#entries.delete(client)
    const seconds = this.#options[decision.kind]
    if (seconds === 0) return
    this.#clock.refresh()
    this.#entries.set(client, {
      proof: this.#hash(question),
      decision,
      until: this.#clock.now() + seconds * 1_000,
    })
    if (this.#entries.size > this.#options.entries) this.#forgetOldest()
  }

  /** Stands for the client: who it says it is, and not how it proves that. */
  #clientOf({ who, method }: Claim): string {
    const [certificate] = who.peer.tls?.certificates ?? []
    return this.#hash(JSON.stringify([who.clientId, who.username, method, certificate?.toString('base64') ?? null]))
  }

  #hash(data: Buffer | string): string {
    return createHmac('sha256', this.#key).update(data).digest('base64')
  }

  #forgetOldest(): void {
    for (const client of this.#entries.keys()) {
      this.#entries.delete(client)
      return
    }
  }
}

function isOver(decision: Decision, now: number): boolean {
  return decision.kind === 'allowed' && (decision.identity.expiresAt ?? Number.POSITIVE_INFINITY) <= now
}

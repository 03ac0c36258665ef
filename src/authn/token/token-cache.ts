import { hash } from 'node:crypto'

/** Tokens remembered at a time. */
const maximumEntries = 4_096

interface Entry<Result> {
  readonly result: Result
  /** Wall-clock milliseconds. */
  readonly until: number
}

/** What came out for tokens that were seen lately, by their digests: many clients may come back at once with the same tokens. */
export class TokenCache<Result> {
  readonly #entries = new Map<string, Entry<Result>>()

  get(token: Buffer, now: number): Result | null {
    const digest = digestOf(token)
    const entry = this.#entries.get(digest)
    if (entry === undefined) return null
    this.#entries.delete(digest)
    if (entry.until <= now) return null
    // The one used last is the last to be forgotten.
    this.#entries.set(digest, entry)
    return entry.result
  }

  put(token: Buffer, result: Result, until: number): void {
    this.#entries.set(digestOf(token), { result, until })
    for (const digest of this.#entries.keys()) {
      if (this.#entries.size <= maximumEntries) return
      this.#entries.delete(digest)
    }
  }

  clear(): void {
    this.#entries.clear()
  }
}

function digestOf(token: Buffer): string {
  return hash('sha256', token, 'base64')
}

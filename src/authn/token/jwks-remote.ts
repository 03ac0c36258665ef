import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { parseKeySet } from './jwks.ts'
import { type Key, type KeySource, sameKeys } from './keys.ts'
import type { FetchedDocument } from './keys-fetch.ts'

/** How long fetched keys are used, in seconds. */
export interface KeyAges {
  readonly minimumAge: number
  readonly maximumAge: number
  readonly cooldown: number
  readonly staleFor: number
}

interface Context {
  readonly log: Log
  readonly clock: Clock
}

/** Milliseconds between two looks at what is due. */
const period = 1_000
/** Milliseconds between two attempts, at most, while keys cannot be fetched. */
const longestPause = 60_000

/**
 * Keys from a server. They are fetched again before they are too old, and sooner when a token names one that is not there;
 * while that fails, those from before are used for a time:
 *
 * ```
 * fetched ──── age the server allows, within bounds ────▷ due ──── staleFor, fetching again and again ────▷ no keys
 * ```
 *
 * @param fetch gets the text of a JSON Web Key Set.
 * @param stop ends a fetch that is under way.
 */
export class RemoteKeys implements KeySource {
  readonly #fetch: () => Promise<FetchedDocument>
  readonly #stop: () => void
  readonly #ages: KeyAges
  readonly #log: Log
  readonly #clock: Clock
  readonly #cancel: () => void
  #keys: readonly Key[] | null = null
  #trouble: string | null = 'the keys were not fetched yet'
  #pending: Promise<void> | null = null
  #changed: () => void = () => {}
  #failures = 0
  #attemptAt = -Infinity
  #dueAt = -Infinity
  #uselessAt = -Infinity
  #closed = false

  constructor(fetch: () => Promise<FetchedDocument>, stop: () => void, ages: KeyAges, { log, clock }: Context) {
    this.#fetch = fetch
    this.#stop = stop
    this.#ages = ages
    this.#log = log
    this.#clock = clock
    this.#cancel = clock.every(period, () => this.#look())
  }

  get keys(): readonly Key[] | null {
    return this.#clock.now() < this.#uselessAt ? this.#keys : null
  }

  get trouble(): string | null {
    return this.#trouble
  }

  async refresh(): Promise<void> {
    const soon = this.#clock.now() - this.#attemptAt < this.#ages.cooldown * 1_000
    await (soon ? this.#pending : this.#renew())
  }

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    this.#stop()
    await this.#pending
  }

  #look(): void {
    const now = this.#clock.now()
    if (this.#keys !== null && now >= this.#uselessAt) this.#drop()
    if (now >= this.#dueAt) void this.#renew()
  }

  /** One fetch at a time, however many ask. */
  async #renew(): Promise<void> {
    if (this.#closed) return
    this.#pending ??= this.#attempt().finally(() => (this.#pending = null))
    await this.#pending
  }

  async #attempt(): Promise<void> {
    this.#attemptAt = this.#clock.now()
    try {
      const { text, maximumAge } = await this.#fetch()
      this.#take(text, maximumAge)
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error))
    }
  }

  #take(text: string, maximumAge: number | null): void {
    const { keys, skipped } = parseKeySet(text)
    const { minimumAge, maximumAge: longest, staleFor } = this.#ages
    const age = Math.min(longest, Math.max(minimumAge, maximumAge ?? longest))
    this.#dueAt = this.#clock.now() + age * 1_000
    this.#uselessAt = this.#dueAt + staleFor * 1_000
    if (this.#failures > 0) this.#log.info('token keys can be fetched again', { attempts: this.#failures })
    this.#failures = 0
    this.#trouble = null
    if (sameKeys(keys, this.#keys)) return
    this.#keys = keys
    this.#log.info('token keys were fetched', { keys: keys.length, ...(skipped.length === 0 ? {} : { skipped }) })
    this.#changed()
  }

  #failed(why: string): void {
    if (this.#closed) return
    const news = this.#trouble !== why || this.#failures === 0
    this.#trouble = why
    this.#failures++
    this.#dueAt = this.#clock.now() + Math.min(longestPause, 1_000 * 2 ** Math.min(this.#failures, 16))
    const left = Math.round((this.#uselessAt - this.#clock.now()) / 1_000)
    if (this.#keys === null) {
      if (news) this.#log.error('token keys cannot be fetched: clients with tokens cannot connect', { why })
    } else if (news) {
      this.#log.warn('token keys cannot be fetched: those from before are used meanwhile', { why, seconds: left })
    }
  }

  #drop(): void {
    this.#keys = null
    this.#log.error('token keys are too old to be used: clients with tokens cannot connect', { why: this.#trouble })
  }
}

import { createHash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Denial, Peer } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { placeOf } from './throttle-address.ts'
import { FailureLedger } from './throttle-ledger.ts'
import type { FailureOptions } from './throttle-options.ts'

/** Attempts under names nobody has used there before, that may wait side by side at one failing address. */
const namesAbreast = 10

/** Attempts under one name at one address that may be underway before any of them has failed. */
const maximumUnderway = 1_000

/** One try of a client to prove who it is. One of the three is to be called, once, at its end. */
export interface Attempt {
  /** Milliseconds to wait before the credentials are looked at; mostly 0. */
  readonly wait: number
  /** The name was proved. */
  succeeded(): void
  /** The client was let in, but not because it proved the name: what failed under it goes on counting. */
  passed(): void
  /** The credentials were wrong. */
  failed(): void
  /** Nothing was learned about the credentials: the client left, or whoever knows could not be asked. */
  abandoned(): void
}

/**
 * Slows down those who guess, and bans nobody. Failures count by address and name, so that guessing passwords of one name
 * takes ever longer; and the different names that fail count by address, so that trying one password on many names does,
 * too, while a device that fails again and again under its one name does not hold up its neighbours.
 *
 * A name that got in at an address waits for its own failures only, whatever else happens at that address.
 */
export class Throttle {
  readonly #options: FailureOptions
  readonly #clock: Clock
  /** By address and name. */
  readonly #pairs: FailureLedger
  /** Names that failed, by address. */
  readonly #addresses: FailureLedger
  /** Addresses and names that got in, least recent first. */
  readonly #proven = new Set<string>()
  readonly #underway = new Map<string, number>()

  constructor(options: FailureOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#pairs = new FailureLedger(options)
    this.#addresses = new FailureLedger(options)
  }

  /** Names and addresses that are remembered, for failures, success or attempts that are underway. */
  get size(): number {
    return this.#pairs.size + this.#addresses.size + this.#proven.size + this.#underway.size
  }

  /** `name` is what the client says of itself: whatever tells it from others before it has proved anything. */
  begin(peer: Pick<Peer, 'address' | 'loopback'>, listener: string, name: string): Attempt | Denial {
    const { maximumDelay, loopback } = this.#options
    if (maximumDelay === 0 || (peer.loopback && !loopback)) return free
    this.#clock.refresh()
    const now = this.#clock.now()
    const place = placeOf(peer, listener)
    const pair = pairOf(place, name)
    const wait = this.#wait(place, pair, now)
    if (wait === null) return tooMany(place, name)
    return this.#attempt(place, pair, wait)
  }

  #wait(place: string, pair: string, now: number): number | null {
    const underway = this.#underway.get(pair) ?? 0
    if (underway >= maximumUnderway) return null
    const byName = this.#pairs.wait(pair, underway, 1, now)
    const byAddress = this.#proven.has(pair) ? 0 : this.#addresses.wait(place, 0, namesAbreast, now)
    if (byName === null || byAddress === null) return null
    if (byName > 0) this.#pairs.reserve(pair, now + byName)
    if (byAddress > 0) this.#addresses.reserve(place, now + byAddress)
    return Math.max(byName, byAddress)
  }

  #attempt(place: string, pair: string, wait: number): Attempt {
    this.#underway.set(pair, (this.#underway.get(pair) ?? 0) + 1)
    let ended = false
    const end = (settle: () => void) => () => {
      if (ended) return
      ended = true
      this.#leave(pair)
      settle()
    }
    return {
      wait,
      succeeded: end(() => this.#succeeded(pair)),
      passed: end(() => this.#passed(pair)),
      failed: end(() => this.#failed(place, pair)),
      abandoned: end(() => {}),
    }
  }

  #leave(pair: string): void {
    const others = (this.#underway.get(pair) ?? 1) - 1
    if (others === 0) this.#underway.delete(pair)
    else this.#underway.set(pair, others)
  }

  #failed(place: string, pair: string): void {
    const now = this.#clock.now()
    if (this.#pairs.failures(pair, now) === 0) this.#addresses.add(place, now)
    this.#pairs.add(pair, now)
  }

  #succeeded(pair: string): void {
    this.#pairs.forget(pair)
    this.#passed(pair)
  }

  #passed(pair: string): void {
    this.#proven.delete(pair)
    this.#proven.add(pair)
    if (this.#proven.size <= this.#options.entries) return
    for (const oldest of this.#proven) {
      this.#proven.delete(oldest)
      return
    }
  }
}

const nothing = () => {}
const free: Attempt = { wait: 0, succeeded: nothing, passed: nothing, failed: nothing, abandoned: nothing }

/** A long name is kept as its hash, so that names cost no more memory than there are entries. */
function pairOf(place: string, name: string): string {
  return `${place}\n${name.length <= 64 ? name : createHash('sha256').update(name).digest('base64')}`
}

function tooMany(place: string, name: string): Denial {
  const who = name === '' ? 'without a name' : `as ${name}`
  return {
    reason: Reason.ConnectionRateExceeded,
    detail: `too many attempts to authenticate ${who} from ${place} are underway, or wait after failures`,
    told: 'too many attempts, try again later',
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Authenticator, Client, Credentials, Denial, Exchange, Identity } from '../engine/ports.ts'
import { Reason } from '../packet/reason.ts'
import type { Trust } from './certificate/trust.ts'
import { mayUse } from './client-ids.ts'
import { type Candidate, GuardedExchange } from './guarded-exchange.ts'
import { anonymous } from './open.ts'
import { end, isDenial } from './outcome.ts'
import type { Attempt, Throttle } from './throttle/throttle.ts'

/** How the clients of one listener prove who they are. */
export interface Doorway {
  /** Which certificates are good; asked before anybody else. */
  readonly trust: Trust
  /** Asked in this order until one knows the client. */
  readonly authenticators: readonly Authenticator[]
}

export interface ChainOptions {
  /** By the name of the listener. */
  readonly doorways: ReadonlyMap<string, Doorway>
  /** Patterns of the client identifiers that identities without patterns of their own may use. */
  readonly clientIds: readonly string[]
  /** User names that stand for no one client, such as that of all who send a token. */
  readonly sharedNames: ReadonlySet<string>
}

type Found = Identity | Denial

const maximumNameBytes = 65_535

/**
 * Finds out who a client is: first whether its certificate is good, then from the authenticators of the listener in
 * their order. Those who fail are slowed down. Whoever it is, it may use only its own client identifiers.
 */
export class Chain implements Authenticator {
  readonly #options: ChainOptions
  readonly #throttle: Throttle
  /** Who vouched for an identity. */
  readonly #sources = new WeakMap<Identity, Authenticator>()

  constructor(options: ChainOptions, throttle: Throttle) {
    this.#options = options
    this.#throttle = throttle
  }

  authenticate(who: Credentials): Answer<Found> {
    // Who offers no proof guesses nothing.
    if (isBare(who)) return this.#identify(who)
    const attempt = this.#attempt(who)
    if ('reason' in attempt) return attempt
    if (attempt.wait > 0)
      return pause(attempt.wait, null, { ref: false }).then(() => this.#settle(attempt, this.#identify(who), who))
    return this.#settle(attempt, this.#identify(who), who)
  }

  begin(method: string, who: Credentials): Exchange | null {
    const { trust, authenticators } = this.#doorway(who)
    const candidates: Candidate[] = []
    for (const authenticator of authenticators) {
      const exchange = authenticator.begin(method, who)
      if (exchange !== null) candidates.push({ authenticator, exchange })
    }
    if (candidates.length === 0) return null
    return new GuardedExchange(candidates, {
      who,
      attempt: (claimed) => this.#attempt(who, claimed),
      admitted: () => trust.judge(who),
      accept: (identity, from) => this.#accept(identity, from, who),
    })
  }

  review(client: Client): Denial | null {
    const source = this.#sources.get(client.identity)
    return this.#options.doorways.get(client.listener)?.trust.review(client) ?? source?.review?.(client) ?? null
  }

  watch(changed: () => void): void {
    for (const part of this.#parts()) part.watch?.(changed)
  }

  async close(): Promise<void> {
    for (const part of this.#parts()) await part.close?.()
  }

  #parts(): Set<Authenticator | Trust> {
    return new Set(
      [...this.#options.doorways.values()].flatMap(({ trust, authenticators }) => [trust, ...authenticators]),
    )
  }

  #doorway(who: Credentials): Doorway {
    const doorway = this.#options.doorways.get(who.listener)
    if (doorway === undefined) throw new Error(`no authenticators for the listener ${who.listener}`)
    return doorway
  }

  #attempt(who: Credentials, claimed: string | null = null): Attempt | Denial {
    const { clientId, peer, listener } = who
    if (claimed !== null) return this.#throttle.begin(peer, listener, `user ${claimed}`)
    const { username } = who
    const shared = username === null || this.#options.sharedNames.has(username)
    const user = username === null ? '' : `user ${username}`
    return this.#throttle.begin(peer, listener, shared ? `${user} client ${clientId}`.trimStart() : user)
  }

  #settle(attempt: Attempt, answer: Answer<Found>, who: Credentials): Answer<Found> {
    if (!(answer instanceof Promise)) return settled(attempt, answer, who)
    return answer.then(
      (found) => settled(attempt, found, who),
      (error: unknown) => {
        attempt.abandoned()
        throw error
      },
    )
  }

  #identify(who: Credentials): Answer<Found> {
    const judged = this.#doorway(who).trust.judge(who)
    if (judged instanceof Promise) return judged.then((known) => (isDenial(known) ? known : this.#ask(who, 0)))
    return isDenial(judged) ? judged : this.#ask(who, 0)
  }

  /** Asks from the authenticator at `index` on. */
  #ask(who: Credentials, index: number): Answer<Found> {
    const { authenticators } = this.#doorway(who)
    for (let at = index; at < authenticators.length; at++) {
      const authenticator = authenticators[at]
      const answer = authenticator.authenticate(who)
      if (answer instanceof Promise)
        return answer.then((found) => this.#take(found, authenticator, who) ?? this.#ask(who, at + 1))
      const found = this.#take(answer, authenticator, who)
      if (found !== null) return found
    }
    return unknown(who)
  }

  #take(answer: Found | 'unknown' | 'refused', from: Authenticator, who: Credentials): Found | null {
    if (answer === 'unknown') return null
    if (answer === 'refused') return refused(who)
    return isDenial(answer) ? answer : this.#accept(answer, from, who)
  }

  #accept(identity: Identity, from: Authenticator, who: Credentials): Found {
    if (!isName(identity.name)) return unusableName(identity)
    const patterns = identity.clientIds ?? this.#options.clientIds
    // Who has proved no name has none to be bound to.
    if (identity.method !== 'anonymous' && who.assigned !== true && !mayUse(patterns, who.clientId, identity.name))
      return wrongClientId(identity, who, patterns)
    this.#sources.set(identity, from)
    return identity
  }
}

function settled(attempt: Attempt, found: Found, who: Credentials): Found {
  end(attempt, found, who)
  return found
}

/** The client offers no proof of who it is. */
function isBare({ username, password, peer: { tls } }: Credentials): boolean {
  return username === null && password === null && (tls === null || tls.certificates.length === 0)
}

/** Nobody knows the client: it may be one that need not be known. */
function unknown(who: Credentials): Found {
  const { username, password, allowAnonymous, peer } = who
  if (username === null && password === null) {
    if (allowAnonymous) return anonymous
    const proof = peer.tls !== null && peer.tls.certificates.length > 0
    const told = proof ? 'nobody is known by this certificate' : 'anonymous clients are not let in here'
    return { reason: Reason.NotAuthorized, detail: told, told }
  }
  const detail = `nobody knows ${username === null ? 'the password without a user name' : `the user ${username}`}`
  return { reason: Reason.BadUserNameOrPassword, detail }
}

function refused({ username }: Credentials): Denial {
  return {
    reason: Reason.BadUserNameOrPassword,
    detail: `the credentials of ${username ?? 'a client without user name'} are refused`,
  }
}

/** A name that MQTT could carry and the store can keep: a session belongs to it. */
function isName(name: string): boolean {
  return name.isWellFormed() && !name.includes('\0') && Buffer.byteLength(name) <= maximumNameBytes
}

function unusableName({ method }: Identity): Denial {
  return {
    reason: Reason.NotAuthorized,
    detail: `the name in the ${method} cannot be used: it has over ${maximumNameBytes} bytes, or characters that are none`,
    told: 'the name cannot be used',
  }
}

function wrongClientId({ name }: Identity, { clientId }: Credentials, patterns: readonly string[]): Denial {
  return {
    reason: Reason.ClientIdentifierNotValid,
    detail: `${name} may not use the client identifier ${clientId}: allowed are ${patterns.slice(0, 10).join(', ')}`,
    told: 'this client identifier is for others',
  }
}

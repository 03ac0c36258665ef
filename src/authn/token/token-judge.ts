import type { Clock } from '../../base/clock.ts'
import { Damper } from '../../base/damper.ts'
import type { Log } from '../../base/log.ts'
import type { Answer, Identity, Peer } from '../../engine/ports.ts'
import { ClaimIdentity } from './claims-identity.ts'
import { quoted } from './claims-path.ts'
import type { Key, KeySource } from './keys.ts'
import { bindingRefusal } from './token-binding.ts'
import { TokenCache } from './token-cache.ts'
import { TokenClaims, type TokenRefusal } from './token-claims.ts'
import type { TokenOptions } from './token-options.ts'
import { signingKey } from './token-signature.ts'
import { readToken, type Token } from './token-text.ts'

/** Why a token is not taken. */
export interface TokenRejection {
  readonly detail: string
  /** What whoever sent it may know: nothing before the signature was found good. */
  readonly told?: string
  /** Only for now: it could not be checked. */
  readonly unavailable: boolean
}

/** Who a token stands for; `unknown` when somebody else must say, as it is of an issuer that is not known here. */
export type TokenVerdict = Identity | TokenRejection | 'unknown'

/** A token that was found good. */
interface GoodToken {
  readonly identity: Identity
  /** The claim `cnf`. */
  readonly binding: unknown
}

interface Context {
  readonly log: Log
  readonly clock: Clock
}

/** Finds out whether tokens are good, and who they stand for. */
export class TokenJudge {
  readonly #options: TokenOptions
  readonly #issuers: ReadonlySet<unknown>
  readonly #keys: KeySource
  readonly #claims: TokenClaims
  readonly #identities: ClaimIdentity
  readonly #log: Log
  readonly #clock: Clock
  readonly #damper: Damper
  readonly #good = new TokenCache<GoodToken>()
  /** The fingerprints of the keys the tokens of identities were signed with. */
  readonly #signers = new WeakMap<Identity, string>()

  constructor(options: TokenOptions, keys: KeySource, { log, clock }: Context) {
    const { issuers, keys: from } = options
    this.#options = options
    this.#issuers = new Set(issuers.length === 0 ? [from.discovery] : issuers)
    this.#keys = keys
    this.#claims = new TokenClaims(options)
    this.#identities = new ClaimIdentity(options)
    this.#log = log
    this.#clock = clock
    this.#damper = new Damper(clock, 1)
  }

  judge(bytes: Buffer, peer: Peer): Answer<TokenVerdict> {
    const remembered = this.#keys.keys === null ? null : this.#good.get(bytes, this.#clock.wall())
    if (remembered !== null) return bound(remembered, peer)
    const token = readToken(bytes)
    if ('fault' in token) return untold(`the token ${token.fault}`)
    if (!this.#isOurs(token)) return 'unknown'
    const { algorithm } = token
    if (!this.#options.algorithms.some((name) => name === algorithm))
      return untold(`the token is signed with ${quoted(algorithm)}, which is not accepted`)
    return this.#check(token, peer)
  }

  /** What was found good is to be looked at anew: keys changed. */
  forget(): void {
    this.#good.clear()
  }

  /** The key an identity was proved with is not among those of the issuer any more. */
  isWithdrawn(identity: Identity): boolean {
    const signer = this.#signers.get(identity)
    // While there are no keys at all nobody knows what became of this one.
    return signer !== undefined && this.#keys.keys !== null && !has(this.#keys.keys, signer)
  }

  #isOurs({ claims }: Token): boolean {
    if (this.#options.anyIssuer || this.#issuers.has(claims.iss)) return true
    const before = this.#damper.admit()
    if (before !== null)
      this.#log.debug('a token of an issuer that is not known here', { issuer: quoted(claims.iss), before })
    return false
  }

  async #check(token: Token, peer: Peer): Promise<TokenVerdict> {
    const key = await signingKey(token, this.#keys, this.#clock)
    if ('fault' in key) return { detail: `the token ${key.fault}`, unavailable: key.unavailable }
    const refused = this.#claims.refusal(token, this.#clock.wall())
    const { exp, sub } = token.claims
    if (refused !== null) return told(sub, refused)
    const identity = this.#identities.of(token.claims, Number(exp) * 1_000)
    if (typeof identity === 'string') return told(sub, { detail: identity, told: identity })
    const good: GoodToken = { identity, binding: token.claims.cnf }
    this.#remember(token, good, key)
    return bound(good, peer)
  }

  #remember(token: Token, good: GoodToken, key: Key): void {
    this.#signers.set(good.identity, key.fingerprint)
    // Keys may have changed while the signature was checked.
    if (this.#keys.keys === null || !has(this.#keys.keys, key.fingerprint)) return
    this.#good.put(Buffer.from(token.text), good, Math.min(good.identity.expiresAt ?? 0, key.notAfter))
  }
}

function bound({ identity, binding }: GoodToken, peer: Peer): Identity | TokenRejection {
  const refused = bindingRefusal(binding, peer)
  return refused === null ? identity : told(identity.name, refused)
}

function has(keys: readonly Key[], fingerprint: string): boolean {
  return keys.some((key) => key.fingerprint === fingerprint)
}

function untold(detail: string): TokenRejection {
  return { detail, unavailable: false }
}

/** Whose signature is good may know what is wrong with the rest. */
function told(owner: unknown, refusal: TokenRefusal): TokenRejection {
  const whose = owner === undefined ? '' : ` of ${quoted(owner)}`
  return { detail: `the token${whose} ${refusal.detail}`, told: `the token ${refusal.told}`, unavailable: false }
}

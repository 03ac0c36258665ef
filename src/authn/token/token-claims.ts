import { type ClaimPath, claimAt, claimPath, quoted, textsOf } from './claims-path.ts'
import type { TokenOptions } from './token-options.ts'
import type { Token } from './token-text.ts'

/** Why a token is not good, as a sentence without its beginning: `expired at …`. */
export interface TokenRefusal {
  readonly detail: string
  /** What its owner may know, too. */
  readonly told: string
}

type ClaimRules = Pick<
  TokenOptions,
  | 'audiences'
  | 'anyAudience'
  | 'types'
  | 'requiredClaims'
  | 'scopes'
  | 'authorizedParties'
  | 'clockSkew'
  | 'maximumLifetime'
>

/** Later times are mistakes, and cannot be written down. */
const endOfTime = Date.UTC(9999, 11, 31) / 1_000

/** The rules for what a token with a good signature must say. */
export class TokenClaims {
  readonly #rules: ClaimRules
  readonly #required: readonly { readonly text: string; readonly path: ClaimPath }[]
  readonly #types: readonly string[]

  constructor(rules: ClaimRules) {
    this.#rules = rules
    this.#required = rules.requiredClaims.map((text) => ({ text, path: claimPath(text) }))
    this.#types = rules.types.map(normalType)
  }

  /** Why a token is not good at a time in wall-clock milliseconds, or null. */
  refusal(token: Token, now: number): TokenRefusal | null {
    return (
      this.#typeRefusal(token) ??
      this.#timeRefusal(token.claims, now / 1_000) ??
      this.#audienceRefusal(token.claims) ??
      this.#contentRefusal(token.claims)
    )
  }

  #typeRefusal({ type }: Token): TokenRefusal | null {
    if (this.#types.length === 0 || (type !== null && this.#types.includes(normalType(type)))) return null
    return plain(`is of the type ${type === null ? 'nothing' : quoted(type)}, not ${this.#rules.types.join(' or ')}`)
  }

  #timeRefusal(claims: Token['claims'], now: number): TokenRefusal | null {
    const { clockSkew, maximumLifetime } = this.#rules
    const { exp, nbf = 0, iat = null } = claims
    if (exp === undefined) return plain('has no end: the claim exp is missing')
    if (!isTime(exp)) return plain('has a claim exp that is not a time')
    if (!isTime(nbf)) return plain('has a claim nbf that is not a time')
    if (iat !== null && !isTime(iat)) return plain('has a claim iat that is not a time')
    // No grace at the end: the connection would end at once.
    if (exp <= now) return plain(`expired at ${timeText(exp)}`)
    if (nbf > now + clockSkew) return plain(`is not valid before ${timeText(nbf)}`)
    if (iat !== null && iat > now + clockSkew) return plain(`was made in the future, at ${timeText(iat)}`)
    if (maximumLifetime === 0 || exp - (iat ?? -Infinity) <= maximumLifetime) return null
    return plain(
      iat === null
        ? 'does not say when it was made: the claim iat is missing'
        : `is good for more than ${maximumLifetime} seconds`,
    )
  }

  #audienceRefusal({ aud }: Token['claims']): TokenRefusal | null {
    const { anyAudience, audiences } = this.#rules
    if (anyAudience) return null
    if (aud === undefined) return plain('is for no audience: the claim aud is missing')
    // Names of audiences are compared as they are: spaces are part of them.
    const names = typeof aud === 'string' ? [aud] : textsOf(aud)
    if (names === null) return plain('has a claim aud that is neither a text nor a list of texts')
    if (names.some((name) => audiences.includes(name))) return null
    return {
      detail: `is for another audience: ${quoted(aud)}, not ${audiences.join(' or ')}`,
      told: 'is for another audience',
    }
  }

  #contentRefusal(claims: Token['claims']): TokenRefusal | null {
    const { scopes, authorizedParties } = this.#rules
    const missing = this.#required.find(({ path }) => (claimAt(claims, path) ?? null) === null)
    if (missing !== undefined) return plain(`has no claim ${missing.text}`)
    const given = textsOf(claims.scope ?? claims.scp) ?? []
    const scope = scopes.find((name) => !given.includes(name))
    if (scope !== undefined) return plain(`does not have the scope ${scope}`)
    const party = claims.azp ?? claims.client_id ?? claims.appid ?? null
    if (authorizedParties.length === 0 || (typeof party === 'string' && authorizedParties.includes(party))) return null
    return { detail: `was made for the application ${quoted(party)}`, told: 'was made for another application' }
  }
}

/** `application/at+jwt` is `at+jwt` [RFC 7515 4.1.9]; case makes no difference. */
function normalType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '')
}

/** A NumericDate [RFC 7519 2]. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= endOfTime
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}

function plain(text: string): TokenRefusal {
  return { detail: text, told: text }
}

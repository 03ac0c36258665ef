import type { Clock } from '../../base/clock.ts'
import type { Identity, Peer } from '../../engine/ports.ts'
import { ClaimIdentity } from './claims-identity.ts'
import { quoted } from './claims-path.ts'
import type { KeySource } from './keys.ts'
import { bindingRefusal } from './token-binding.ts'
import { TokenClaims } from './token-claims.ts'
import type { TokenOptions } from './token-options.ts'
import { signingKey } from './token-signature.ts'
import { readToken, type Token } from './token-text.ts'

/** What a token says, whether it is good or not: for those who want to know what would come of it. */
export interface TokenReading {
  /** Who it stands for. */
  readonly identity: Identity
  /** What keeps a client with it out, or null when nothing does. */
  readonly refusal: string | null
}

/** What is wrong with a token of which nothing can be said. */
export interface UnreadableToken {
  readonly fault: string
}

interface Context {
  readonly clock: Clock
  readonly peer: Peer
  /** Null where the signature is not to be checked. */
  readonly keys: KeySource | null
}

/** Reads a token as {@link TokenJudge} does, and goes on where that stops. `unknown` for one of another issuer. */
export async function readTokenClaims(
  bytes: Buffer,
  options: TokenOptions,
  context: Context,
): Promise<TokenReading | UnreadableToken | 'unknown'> {
  const token = readToken(bytes)
  if ('fault' in token) return { fault: `the token ${token.fault}` }
  const { issuers, anyIssuer, keys } = options
  const known: readonly unknown[] = issuers.length === 0 ? [keys.discovery] : issuers
  if (!anyIssuer && !known.includes(token.claims.iss)) return 'unknown'
  const { exp } = token.claims
  const identity = new ClaimIdentity(options).of(token.claims, typeof exp === 'number' ? exp * 1_000 : 0)
  if (typeof identity === 'string') return { fault: `the token ${identity}` }
  const refusal = await refusalOf(token, options, context)
  return { identity, refusal: refusal === null ? null : `the token ${refusal}` }
}

async function refusalOf(token: Token, options: TokenOptions, { clock, peer, keys }: Context): Promise<string | null> {
  const { algorithm } = token
  if (!options.algorithms.some((name) => name === algorithm))
    return `is signed with ${quoted(algorithm)}, which is not accepted`
  const key = keys === null ? null : await signingKey(token, keys, clock)
  if (key !== null && 'fault' in key) return key.fault
  const refused = new TokenClaims(options).refusal(token, clock.wall()) ?? bindingRefusal(token.claims.cnf, peer)
  return refused === null ? null : refused.detail
}

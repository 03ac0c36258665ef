/** Where the keys are: exactly one of `discovery`, `jwksUrl`, `jwksFile` and `files`. Times are in seconds. */
export interface TokenKeyOptions {
  /** The URL of an OpenID Connect issuer. */
  readonly discovery?: string
  readonly jwksUrl?: string
  readonly jwksFile?: string
  /** PEM files with public keys or certificates. */
  readonly files: readonly string[]
  /** PEM file with the authorities of the server that has the keys, instead of those Node.js trusts. */
  readonly ca?: string
  readonly allowHttp: boolean
  /** Milliseconds. */
  readonly timeout: number
  readonly minimumAge: number
  readonly maximumAge: number
  readonly cooldown: number
  readonly staleFor: number
}

export type TokenAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** Which tokens are good, and what of them makes a client: the section `token` of an authenticator. */
export interface TokenOptions {
  readonly password: boolean
  /** `*` is any, or none. */
  readonly userName: string
  readonly methods: readonly string[]
  readonly keys: TokenKeyOptions
  readonly issuers: readonly string[]
  readonly anyIssuer: boolean
  readonly audiences: readonly string[]
  readonly anyAudience: boolean
  readonly algorithms: readonly TokenAlgorithm[]
  readonly types: readonly string[]
  readonly requiredClaims: readonly string[]
  readonly scopes: readonly string[]
  readonly authorizedParties: readonly string[]
  /** Seconds. */
  readonly clockSkew: number
  /** Seconds, 0 for no limit. */
  readonly maximumLifetime: number
  readonly name: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly attributes: readonly { readonly name: string; readonly claim?: string }[]
  /** Paths of the claims with the topic filters the client may use. */
  readonly permissions?: { readonly publish?: string; readonly subscribe?: string }
  readonly otherClaims: boolean
  readonly attributeBytes: number
  readonly recheck: boolean
}

import type { Authenticator, Credentials, Identity } from '../engine/ports.ts'

/** A client that proves nothing and does not say who it is: one for all, there may be many. */
export const anonymous: Identity = { name: '', method: 'anonymous' }

/** Takes every client at its word, where the listener lets in clients that prove nothing; others it does not know. */
export const openAuthenticator: Authenticator = {
  authenticate(who: Credentials): Identity | 'unknown' {
    if (!who.allowAnonymous) return 'unknown'
    return who.username === null ? anonymous : { name: who.username, method: 'anonymous' }
  },
  begin: () => null,
}

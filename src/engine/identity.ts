import type { ServerProperties } from '../packet/encode.ts'
import { Reason } from '../packet/reason.ts'
import type { Core } from './core.ts'
import type { Denial, Identity } from './ports.ts'
import type { Session } from './session.ts'

/** Whom the sessions of a client belong to: its name, or nobody when it did not prove that name. */
export function principalOf({ method, name }: Identity): string {
  return method === 'anonymous' ? '' : name
}

/** What a client is told of when it must have proved anew who it is: a user property of CONNACK and AUTH. */
export function endOf({ expiresAt }: Identity): ServerProperties {
  return expiresAt === undefined
    ? {}
    : { userProperties: [['authentication-expires', new Date(expiresAt).toISOString()]] }
}

/** The answer to a client whose proof has an end that has come. */
export function expired({ name, method, expiresAt = 0 }: Identity): Denial {
  const end = new Date(expiresAt).toISOString()
  const proof = method === 'certificate' || method === 'token' ? `the ${method}` : 'the authentication'
  return {
    reason: Reason.NotAuthorized,
    detail: `${proof} of ${name} expired at ${end}`,
    told: `${proof} expired at ${end}`,
  }
}

/** Why a client may not have the session that is `present` under its client identifier, or one more, or null. */
export function refusedSession(
  { settings, sessions }: Core,
  present: Session | null,
  identity: Identity,
): Denial | null {
  const principal = principalOf(identity)
  if (present !== null && settings.boundSessions && present.principal !== '' && present.principal !== principal) {
    const detail = `the session ${present.id} belongs to ${present.principal}, not to ${principal === '' ? 'anonymous clients' : principal}`
    return { reason: Reason.NotAuthorized, detail, told: 'the client identifier belongs to somebody else' }
  }
  const maximum = identity.maximumSessions ?? settings.maximumSessionsPerIdentity
  if (present !== null || principal === '' || maximum === 0 || sessions.of(principal) < maximum) return null
  const told = `${maximum} sessions are as many as this identity may have`
  return { reason: Reason.QuotaExceeded, detail: `${principal}: ${told}`, told }
}

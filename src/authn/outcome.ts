import type { Credentials, Denial, Identity } from '../engine/ports.ts'
import { Reason } from '../packet/reason.ts'
import type { Attempt } from './throttle/throttle.ts'

/** What was found out about a client is why it is not let in. */
export function isDenial(found: object | null): found is Denial {
  return found !== null && 'reason' in found
}

/**
 * Ends an attempt. Only wrong credentials count as a failure of the client; and whoever gets in by something else than the
 * user name it gave, such as a certificate, has not proved that name.
 */
export function end(attempt: Attempt, found: Identity | Denial, { username }: Pick<Credentials, 'username'>): void {
  if (!isDenial(found)) {
    if (username === null ? found.method !== 'anonymous' : username === found.name) attempt.succeeded()
    else attempt.passed()
  } else if (found.reason === Reason.BadUserNameOrPassword || found.reason === Reason.NotAuthorized) attempt.failed()
  else attempt.abandoned()
}
